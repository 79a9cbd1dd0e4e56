"""An order comes back in parts: however it is cut, it ends where returning it at once would.

At one moment balances, tiers and lots are the same. Where spends or expiry lie in between, and the same spends were
accepted, what is left of the books is: balance - debt + breakage.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from attrs import frozen
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from corekit import Activity, Kit, Line
from corekit.activities.tables import metric
from corekit.ledger.tables import account, lot
from corekit.testing.clock import START, SettableClock
from corekit.testing.plugin import MakeKit
from corekit.tiers.read import standing

EXAMPLES = settings(
    max_examples=20,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)

# Shares by line and none, a cap, rounding, a rule for a part of the lines, a multiplier of the tier, two currencies.
PROGRAM = """
[program]
name = "Corner shop"

[points.currencies.points]
expiry = {months = 1, end_of = "day"}

[points.currencies.growth]
scale = 2

[[points.rules]]
id = "base"
rate = 1
caps = {order = 40}

[[points.rules]]
id = "fresh"
rate = {points = 2, per = "3.00"}
include = {categories = ["fruit"]}

[[points.rules]]
id = "steps"
rate = {points = 5, per = "10.00", whole_steps = true}
minimum = "15.00"
tiers = "none"

[[points.rules]]
id = "grow"
currency = "growth"
rate = "0.33"

[[ladders]]
code = "status"
name = "Status"
validity = {months = 12, until = "year"}

[[ladders.tiers]]
code = "base"
name = "Base"

[[ladders.tiers]]
code = "silver"
name = "Silver"
criteria = [{metric = "spend", window = "year", at_least = 20}]
benefits = {points_multiplier = "1.5"}

[[ladders.tiers]]
code = "gold"
name = "Gold"
criteria = [{metric = "spend", window = "year", at_least = 60}]
benefits = {points_multiplier = 2}
"""

ORDER = st.lists(
    st.one_of(st.just(0), st.integers(1, 30_00), st.sampled_from([1, 99, 100, 3_33, 10_00])), min_size=1, max_size=12
)
BEFORE = st.lists(st.integers(0, 40_00), max_size=2)
SEED = st.integers(0, 2**32)


@frozen
class Shop:
    """A kit, and a member whose life can be lived twice."""

    kit: Kit
    clock: SettableClock
    member: str

    def does(self, kind: str, amount: int = 0, **values: Any) -> Any:
        given: dict[str, Any] = {"occurred_at": self.clock(), **values}
        return self.kit.record(Activity(type=kind, member=self.member, amount=amount, **given))

    def buys(self, amounts: list[int]) -> str:
        lines = tuple(Line(no, amount, category="fruit" if no % 2 else "fuel") for no, amount in enumerate(amounts, 1))
        bought = self.does("purchase", sum(amounts), lines=lines)
        assert bought.settled
        return str(bought.activity_id)

    def pays(self, amount: int) -> bool:
        return bool(self.does("points.adjustment", -amount, unit="points", payload={"reason": "redeemed"}).settled)

    def returns(self, order: str, **part: Any) -> None:
        taken = self.kit.reverse(order, occurred_at=self.clock(), **part)
        assert taken.settled or taken.code in {"OVER_RETURN", "ALREADY_REVERSED"}, taken

    def returns_a_part(self, order: str, amounts: list[int], random: Random) -> None:
        """Of a line or by amount; more than is left is refused, and that is as good as no part."""
        if random.random() < 0.5:
            self.returns(order, amount=random.randint(1, max(1, sum(amounts))))
            return
        no = random.randint(1, len(amounts))
        whole = amounts[no - 1] or 1
        self.returns(order, lines={no: random.choice([whole, random.randint(1, whole)])})

    def end(self) -> dict[str, Any]:
        """Return what is left: of accounts, of each lot, of measures, and where the member stands until when."""
        net = select(account.c.kind, account.c.credits_posted - account.c.debits_posted)
        lots = select(account.c.kind, lot.c.issued, _OPEN, lot.c.expired, lot.c.expires_at)
        with self.kit.read() as read:
            mine = account.c.member_id == self.member
            stays = standing(read, [self.member])[self.member]
            return {
                "accounts": {row[0]: row[1] for row in read.all(net.where(mine)) if row[1]},
                "lots": sorted(map(repr, read.all(lots.join(account, account.c.id == lot.c.account_id).where(mine)))),
                "metrics": sorted(
                    (row.metric, row.value) for row in read.all(select(metric).where(metric.c.member_id == self.member))
                ),
                "tiers": [(stay.tier, stay.expires_at) for stay in stays] or [("base", None)],
            }

    def left(self) -> dict[str, int]:
        """Return balance - debt + breakage of each currency."""
        net = select(account.c.kind, account.c.credits_posted - account.c.debits_posted)
        lapsed = select(account.c.kind, lot.c.expired).join(account, account.c.id == lot.c.account_id)
        found: dict[str, int] = {}
        with self.kit.read() as read:
            for chosen in (net, lapsed):
                for kind, amount in map(tuple, read.all(chosen.where(account.c.member_id == self.member))):
                    currency = kind.removesuffix(".debt")
                    found[currency] = found.get(currency, 0) + amount
        return {currency: amount for currency, amount in found.items() if amount}


_OPEN = lot.c.issued - lot.c.consumed - lot.c.held - lot.c.expired

Lives = Callable[[], Shop]


@pytest.fixture
def lives(make_kit: MakeKit, clock: SettableClock) -> Lives:
    """Begin a life on the same day."""
    kit = make_kit(["points"], program=PROGRAM)

    def begin() -> Shop:
        clock.set(START)
        return Shop(kit, clock, kit.record(Activity(type="member.registered")).member)

    return begin


@pytest.mark.row("A4", way="reversal")
def test_at_one_moment_any_parts_in_any_order_end_where_the_whole_does(lives: Lives) -> None:
    @EXAMPLES
    @given(before=BEFORE, order=ORDER, after=BEFORE, paid=st.integers(0, 80), days=st.integers(0, 40), seed=SEED)
    def property_(before: list[int], order: list[int], after: list[int], paid: int, days: int, seed: int) -> None:
        ends: list[Any] = []
        for cut in (True, False):
            shop, random = lives(), Random(seed)
            shop.buys(before)
            shop.clock.advance(days=2)
            bought = shop.buys(order)
            shop.clock.advance(days=1)
            shop.buys(after)
            shop.pays(paid or 1)
            shop.clock.advance(days=days)
            while cut and random.random() < 0.85:
                shop.returns_a_part(bought, order, random)
            shop.returns(bought)
            ends.append(shop.end())
        assert ends[0] == ends[1]

    property_()
    report = lives().kit.verify()
    assert report.clean, report.violations


@pytest.mark.row("A4", way="reversal")
def test_with_spends_and_expiry_in_between_the_same_is_left(lives: Lives) -> None:
    compared = 0

    @EXAMPLES
    @given(before=BEFORE, order=ORDER, seed=SEED)
    def property_(before: list[int], order: list[int], seed: int) -> None:
        plan = Random(seed)
        between = [(plan.choice(["pay", "pay", "wait", "gift"]), plan.randint(1, 25)) for _ in range(8)]
        whole_at = plan.randrange(len(between))
        accepted: list[list[bool]] = []
        left: list[dict[str, int]] = []
        for cut in (True, False):
            shop, random = lives(), Random(seed)
            shop.buys([*before, 20_00])
            bought = shop.buys(order)
            accepted.append([])
            for step, (what, number) in enumerate(between):
                shop.clock.advance(hours=1)
                if cut:
                    shop.returns_a_part(bought, order, random)
                elif step == whole_at:
                    shop.returns(bought)
                shop.clock.advance(hours=1)
                if what == "pay":
                    accepted[-1].append(shop.pays(number))
                elif what == "gift":  # not a purchase, which would earn by the tier that the return takes
                    shop.does("points.adjustment", number, unit="points", payload={"reason": "a gift"})
                else:
                    shop.clock.advance(days=number)
            shop.returns(bought)
            shop.clock.advance(days=100)
            shop.kit.lapse([shop.member], shop.clock())
            left.append(shop.left())
        assume(accepted[0] == accepted[1])
        assert left[0] == left[1]
        nonlocal compared
        compared += any(accepted[0])

    property_()
    assert compared > 3, "spends lay in between"
    report = lives().kit.verify()
    assert report.clean, report.violations
