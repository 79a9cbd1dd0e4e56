"""What other systems are known to get wrong: each of these defects is named by its test, which shows it is not here."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve, frozen
from sqlalchemy import func, select

from corekit import Activity, Balance, Kit, Line, Outcome, balances
from corekit.activities.tables import activity as activities
from corekit.db.lineage import core
from corekit.program import apply
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit.tiers.read import standing

EXPIRING = """
[program]
name = "Corner shop"

[points.currencies.points]
expiry = {months = 1}
transfers = true

[[points.rules]]
id = "base"
rate = 1
"""
LADDER = """
[program]
name = "Corner shop"

[[ladders]]
code = "status"
name = "Status"
validity = {months = 1}
downgrade = "one_step"

[[ladders.tiers]]
code = "base"
name = "Base"

[[ladders.tiers]]
code = "silver"
name = "Silver"
criteria = [{metric = "spend", window = "rolling 30 days", at_least = 100}]
"""


@frozen
class Shop:
    """A kit with points, and words for what its members do."""

    kit: Kit
    clock: SettableClock

    def joins(self) -> str:
        return self.kit.record(Activity(type="member.registered")).member

    def does(self, member: str, kind: str, amount: int = 0, **values: Any) -> Outcome:
        self.clock.advance(seconds=1)
        given: dict[str, Any] = {"occurred_at": self.clock(), **values}
        return self.kit.record(Activity(type=kind, member=member, amount=amount, **given))

    def buys(self, member: str, *amounts: int, **values: Any) -> Outcome:
        lines = tuple(Line(no, amount) for no, amount in enumerate(amounts, 1))
        bought = self.does(member, "purchase", sum(amounts), lines=lines, **values)
        assert bought.settled
        return bought

    def pays(self, member: str, points: int) -> Outcome:
        return self.does(member, "points.adjustment", -points, unit="points", payload={"reason": "redeemed"})

    def has(self, member: str) -> Balance:
        with self.kit.read() as read:
            return next(each for each in balances(read, [member], self.clock())[member] if each.kind == "points")

    def rows(self) -> dict[str, int]:
        with self.kit.read() as read:
            tables = core().metadata.sorted_tables
            return {table.name: read.scalar(select(func.count()).select_from(table)) for table in tables}

    def is_proved(self) -> bool:
        report = self.kit.verify()
        assert report.clean, report.violations
        return True


@pytest.fixture
def open_shop(make_kit: MakeKit, clock: SettableClock) -> Callable[..., Shop]:
    def open_(program: str = EXPIRING, **options: Any) -> Shop:
        return Shop(make_kit(["points"], program=program, **options), clock)

    return open_


def test_twenty_parallel_gifts_from_one_balance_give_away_no_more_than_there_is(open_shop: Callable[..., Shop]) -> None:
    """Each gift reads the balance, finds it enough, and writes: a balance of 100 gives away 600."""
    shop = open_shop(clock=lambda: datetime.now(UTC))
    giver, others = shop.joins(), [shop.joins() for _ in range(20)]
    shop.kit.record(Activity(type="purchase", member=giver, amount=100_00))
    gift: dict[str, Any] = {"amount": 30, "unit": "points", "payload": {"reason": "birthday"}}
    gifts = [Activity(type="points.transferred", member=giver, members=(other,), **gift) for other in others]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(shop.kit.record, gifts))
    assert sorted(answer.code or answer.outcome for answer in answers) == ["INSUFFICIENT"] * 17 + ["settled"] * 3
    with shop.kit.read() as read:
        found = balances(read, [giver, *others], datetime.now(UTC))
    assert [each.balance for each in found[giver]] == [10]
    assert sum(each.balance for other in others for each in found[other]) == 90
    assert shop.is_proved()


def test_a_refund_does_not_launder_expiry(open_shop: Callable[..., Shop]) -> None:
    """Points that are about to lapse are spent, the spend is refunded, and they come back with a new life."""
    shop = open_shop()
    member = shop.joins()
    shop.buys(member, 100_00)
    lapse = shop.has(member).next_at
    assert lapse is not None
    shop.clock.set(lapse - timedelta(hours=1))
    paid = shop.pays(member, 80)
    assert shop.kit.reverse(paid.activity_id or "").settled
    found = shop.has(member)
    assert (found.available, found.next_at, found.next_amount) == (100, lapse, 100)
    shop.clock.set(lapse)
    assert shop.has(member).available == 0
    assert shop.pays(member, 1).code == "INSUFFICIENT"
    assert shop.is_proved()


def test_a_refund_after_the_points_lapsed_gives_no_new_life(open_shop: Callable[..., Shop]) -> None:
    """The same, by waiting until they would have lapsed: only a grace that the program names lets them live on."""
    for grace, left in ((0, 0), (2, 80)):
        shop = open_shop(EXPIRING.replace("transfers", f"grace = {grace}\ntransfers"))
        member = shop.joins()
        shop.buys(member, 100_00)
        paid = shop.pays(member, 80)
        shop.clock.advance(days=40)
        assert shop.kit.reverse(paid.activity_id or "").settled
        assert shop.has(member).available == left
        shop.clock.advance(days=2, seconds=1)
        assert shop.has(member).available == 0
        assert shop.is_proved()


def test_what_a_redemption_counts_is_what_it_takes(open_shop: Callable[..., Shop]) -> None:
    """The check sums all points, lapsed, pending and held ones too; the taking finds others, or goes below zero."""
    later = '\n[[points.rules]]\nid = "later"\nrate = 2\npending_days = 14\n'
    shop = open_shop(EXPIRING + later)
    member = shop.joins()
    shop.buys(member, 10_00)  # 10 and 20: due when it is over
    shop.clock.advance(days=32)
    shop.buys(member, 40_00)  # 40, and 80 that are pending
    held = shop.does(member, "hold.placed", 15, unit="points", payload={"account": "points"})
    found = shop.has(member)
    assert (found.available, found.pending, found.awaited, found.balance) == (25, 15, 80, 120)
    refused = shop.pays(member, 26)
    assert (refused.code, refused.parameters["available"]) == ("INSUFFICIENT", "25")
    assert shop.pays(member, 25).settled
    found = shop.has(member)
    assert (found.available, found.pending, found.awaited, found.balance) == (0, 15, 80, 95)
    told = {"hold": held.effects[0].id}
    assert shop.does(member, "hold.captured", 15, unit="points", payload=told).settled, "what was set aside is there"
    assert shop.has(member).balance == 80
    assert shop.is_proved()


def test_a_read_demotes_nobody(open_shop: Callable[..., Shop]) -> None:
    """Whoever looks at a member whose tier has run out takes it away: support, a report, a search."""
    from corekit.tiers.read import progress  # noqa: PLC0415

    shop = open_shop(LADDER)
    member = shop.joins()
    shop.buys(member, 100_00)
    gained = shop.clock()
    shop.clock.advance(days=90)
    before = shop.rows()
    for _ in range(2):
        with shop.kit.read() as read:
            stands = standing(read, [member])[member]
            stood = standing(read, [member], gained + timedelta(seconds=1))[member]
            progress(shop.kit.program, read, [member], shop.clock(), shop.kit.zone)
            balances(read, [member], shop.clock())
        assert [each.tier for each in (*stands, *stood)] == ["silver", "silver"]
    shop.kit.export(member)
    assert shop.rows() == before
    assert shop.kit.sweep("tiers").settled > 0, "the sweep does it, by an activity that can be explained"
    with shop.kit.read() as read:
        assert standing(read, [member])[member][0].tier == "base"
        assert standing(read, [member], shop.clock() - timedelta(days=1))[member][0].tier == "silver"
    assert shop.is_proved()


def test_the_same_document_earns_once(open_shop: Callable[..., Shop]) -> None:
    """A till sends an order twice, or two doors do, or at once: it earns twice. Or another order under its number."""
    shop = open_shop()
    member = shop.joins()
    order = Activity(
        type="purchase", member=member, amount=50_00, source="till", external_id="order-7", occurred_at=shop.clock()
    )
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(shop.kit.record, [order] * 8))
    answers += list(shop.kit.record_many([order, order]))
    assert shop.kit.enqueue([order])[0].replayed
    assert shop.kit.work() == 0
    assert {answer.activity_id for answer in answers} == {answers[0].activity_id}
    assert [answer.replayed for answer in answers].count(False) == 1
    (other,) = shop.kit.record_many([evolve(order, amount=60_00)])
    assert (other.outcome, other.problems[0].code) == ("invalid", "KEY_REUSED")
    assert shop.has(member).balance == 50
    assert shop.is_proved()


@pytest.mark.parametrize("spent", [0, 30, 60])
def test_a_refund_never_charges(open_shop: Callable[..., Shop], spent: int) -> None:
    """A return takes back points that the order never gave, or more of them than it gave, or twice."""
    shop = open_shop()
    member = shop.joins()
    free = shop.buys(member, 0, 0)
    small = shop.buys(member, 99)  # less than a point
    order = shop.buys(member, 33_33, 0, 26_67)
    kept = shop.buys(member, 10_00)
    assert shop.has(member).balance == 60 + 10
    for nothing in (free, small):
        assert shop.kit.reverse(nothing.activity_id or "").settled
        assert shop.has(member).balance == 60 + 10
    if spent:
        assert shop.pays(member, spent).settled
    for lines in ({1: 11_11}, {3: 26_67}, {1: 22_22}):
        assert shop.kit.reverse(order.activity_id or "", lines=lines).settled
    again = shop.kit.reverse(order.activity_id or "")
    assert again.code == "ALREADY_REVERSED"
    found = shop.has(member)
    assert (found.balance - found.debt, found.available) == (10 - spent, max(0, 10 - spent))
    assert shop.kit.reverse(kept.activity_id or "").settled
    found = shop.has(member)
    assert (found.balance, found.debt) == (0, spent), "what was spent, and nothing else"
    assert shop.is_proved()


def test_of_two_rules_not_the_one_edited_last_wins(
    open_shop: Callable[..., Shop], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Two rules overlap, and which one holds follows from who saved last, or from the order in a file."""
    first = '[[points.rules]]\nid = "a"\nrate = 1\ngroup = "g"\npriority = {}\n'
    second = '[[points.rules]]\nid = "b"\nrate = 3\ngroup = "g"\npriority = {}\n'
    same = '[[points.rules]]\nid = "c"\nrate = 3\ngroup = "g"\npriority = {}\n'
    for high, low, rule in ((2, 1, "a@1"), (1, 1, "b@1"), (1, 2, "b@1")):
        texts = [first.format(high), second.format(low), same.format(low)]
        won: set[str] = set()
        for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2)):
            shop = open_shop('[program]\nname = "Corner shop"\n')
            for upto in (1, 2, 3):  # saved one after the other
                program = tmp_path_factory.mktemp("program") / "program.toml"
                program.write_text('[program]\nname = "Corner shop"\n' + "".join(texts[at] for at in order[:upto]))
                shop.clock.advance(seconds=1)
                apply(shop.kit, program)
            bought = shop.buys(shop.joins(), 10_00)
            won |= {effect.rule for effect in bought.effects}
        assert won == {rule}


def test_no_activity_is_there_twice(open_shop: Callable[..., Shop]) -> None:
    """A retry after a time-out whose commit had gone through settles a second time."""
    shop = open_shop()
    member = shop.joins()
    order = Activity(type="purchase", member=member, amount=50_00, source="till", external_id="order-8")
    first, again = shop.kit.record(order), shop.kit.record(order)
    assert (again.replayed, again.activity_id) == (True, first.activity_id)
    with shop.kit.read() as read:
        number = read.scalar(select(func.count()).where(activities.c.external_id == "order-8"))
    assert number == 1
