"""The card in a kit: what purchases, redemptions, returns and time do to it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from acme_stamps.tables import day, drink
from corekit import Activity, Invalid, Kit, Line, Outcome, SettingsError, balances
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit


class Shop:
    """Does what happens in a coffee shop. Amounts are in cents."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def join(self) -> str:
        return self.kit.record(Activity(type="member.registered")).member

    def buy(self, member: str, amount: int = 4_00, **given: Any) -> Outcome:
        outcome = self.kit.record(Activity(type="purchase", member=member, amount=amount, **given))
        assert outcome.settled, outcome
        return outcome

    def fill(self, member: str, cards: int = 1) -> None:
        for _ in range(9 * cards):
            self.buy(member)

    def redeem(self, member: str, drink: str = "flat white") -> Outcome:
        return self.kit.record(Activity(type="stamps.redeemed", member=member, payload={"drink": drink}))

    def has(self, member: str, kind: str = "stamps") -> int:
        """Return what a member may spend, less what it owes."""
        with self.kit.read() as read:
            found = {each.kind: each for each in balances(read, [member], self.kit.now())[member]}
        return found[kind].available - found[kind].debt if kind in found else 0


@pytest.fixture
def shop(kit: Kit) -> Shop:
    return Shop(kit)


@pytest.fixture
def member(shop: Shop) -> str:
    return shop.join()


def poured(kit: Kit) -> dict[str, int]:
    with kit.read() as read:
        return {row.day: row.poured for row in read.all(select(day))}


def drinks(kit: Kit, *members: str) -> list[int]:
    with kit.read() as read:
        counted = select(drink.c.member_id, func.count().label("drinks")).group_by(drink.c.member_id)
        found = {row.member_id: row.drinks for row in read.all(counted)}
    return [found.get(member, 0) for member in members]


# Stamps


def test_each_purchase_stamps_the_card_and_says_why_where_it_does_not(shop: Shop, member: str) -> None:
    assert [(each.rule, each.amount) for each in shop.buy(member).effects] == [("stamp@1", 1)]
    small = shop.buy(member, 2_49)
    assert [(each.code, each.parameters) for each in small.skipped] == [("STAMPS_BELOW_MINIMUM", {"minimum": "250"})]
    assert shop.has(member) == 1


def test_the_top_tier_gets_two_from_the_purchase_after_the_one_that_led_there(
    shop: Shop, member: str, clock: SettableClock
) -> None:
    shop.buy(member, 100_00)
    assert shop.has(member) == 1
    clock.advance(minutes=1)
    shop.buy(member)
    assert shop.has(member) == 3


def test_stamps_lapse_one_by_one(shop: Shop, member: str, clock: SettableClock) -> None:
    clock.set("2026-01-15T12:00")
    shop.buy(member)
    clock.set("2026-02-15T12:00")
    shop.buy(member)
    clock.set("2026-07-15T23:59")
    assert shop.has(member) == 2
    clock.set("2026-07-16T00:00")
    assert shop.has(member) == 1


def test_a_purchase_that_comes_back_takes_its_stamps_along_part_by_part(
    shop: Shop, member: str, clock: SettableClock
) -> None:
    shop.buy(member, 100_00)
    clock.advance(minutes=1)
    bought = shop.buy(member, lines=(Line(1, 2_00), Line(2, 2_00)))
    assert shop.has(member) == 3
    shop.kit.reverse(bought.activity_id or "", lines={2: 2_00})
    assert shop.has(member) == 2
    shop.kit.reverse(bought.activity_id or "")
    assert shop.has(member) == 1


def test_a_stamp_that_was_spent_before_its_purchase_came_back_is_owed(shop: Shop, member: str) -> None:
    bought = shop.buy(member)
    for _ in range(8):
        shop.buy(member)
    assert shop.redeem(member).settled
    shop.kit.reverse(bought.activity_id or "")
    assert shop.has(member) == -1
    shop.buy(member)
    assert shop.has(member) == 0


def test_only_the_sources_that_are_named_count(make_kit: MakeKit) -> None:
    shop = Shop(make_kit(["points", "stamps"], sections={"stamps": {"sources": ["till"]}}))
    member = shop.join()
    shop.buy(member, source="web")
    assert shop.has(member) == 0
    shop.buy(member, source="till")
    assert shop.has(member) == 1


# Free drinks


def test_a_full_card_buys_a_free_drink_and_points_come_with_it(shop: Shop, member: str) -> None:
    shop.fill(member)
    told = shop.kit.simulate(Activity(type="stamps.redeemed", member=member, payload={"drink": "mocha"}))
    redeemed = shop.redeem(member)
    assert [(each.kind, each.amount) for each in told.effects] == [("Debit", 9), ("stamps.drink", 1)]
    assert [(each.kind, each.amount) for each in redeemed.effects] == [("Debit", 9), ("stamps.drink", 1)]
    assert [each.type for each in redeemed.follow_ons] == ["stamps.poured"]
    assert (shop.has(member), shop.has(member, "points")) == (0, 5)
    assert poured(shop.kit) == {"2026-01-15": 1}


def test_a_card_that_is_not_full_buys_nothing(shop: Shop, member: str) -> None:
    shop.buy(member)
    refused = shop.redeem(member)
    assert (refused.outcome, refused.code, refused.parameters) == ("refused", "STAMPS_NOT_FULL", {"missing": 8})
    assert shop.has(member) == 1


def test_a_member_gets_one_a_day(shop: Shop, member: str, clock: SettableClock) -> None:
    shop.fill(member, cards=2)
    assert shop.redeem(member).settled
    assert shop.redeem(member).code == "STAMPS_HAD_ENOUGH"
    clock.advance(days=1)
    assert shop.redeem(member).settled


def test_the_drinks_of_a_day_are_shared(make_kit: MakeKit, program: str, clock: SettableClock) -> None:
    shop = Shop(make_kit(["points", "stamps"], program=program.replace("drinks_a_day = 20", "drinks_a_day = 2")))
    members = [shop.join() for _ in range(3)]
    for member in members:
        shop.fill(member)
    asked = [Activity(type="stamps.redeemed", member=member, payload={"drink": "mocha"}) for member in members]
    answers = list(shop.kit.record_many(asked))
    assert [answer.code for answer in answers] == [None, None, "STAMPS_SOLD_OUT"]
    assert [shop.has(member) for member in members] == [0, 0, 9]
    assert shop.redeem(members[2]).code == "STAMPS_SOLD_OUT"
    clock.advance(days=1)
    assert shop.redeem(members[2]).settled
    assert poured(shop.kit) == {"2026-01-15": 2, "2026-01-16": 1}


def test_a_drink_that_is_taken_back_leaves_no_trace(shop: Shop, member: str) -> None:
    shop.fill(member)
    redeemed = shop.redeem(member)
    shop.kit.reverse(redeemed.activity_id or "")
    assert (shop.has(member), shop.has(member, "points"), poured(shop.kit)) == (9, 0, {})
    assert shop.redeem(member).settled
    assert shop.kit.verify().clean


# Members


def test_drinks_go_where_their_members_go_and_come_back(shop: Shop) -> None:
    ada, bob, eve = (shop.join() for _ in range(3))
    for member in (ada, bob):
        shop.fill(member)
        assert shop.redeem(member).settled
    first, second = shop.kit.merge(bob, ada), shop.kit.merge(eve, bob)
    assert drinks(shop.kit, ada, bob, eve) == [0, 0, 2]
    shop.fill(eve)
    assert shop.redeem(eve).code == "STAMPS_HAD_ENOUGH"
    shop.kit.reverse(second.activity_id or "")
    assert drinks(shop.kit, ada, bob, eve) == [0, 2, 0]
    shop.kit.reverse(first.activity_id or "")
    assert drinks(shop.kit, ada, bob, eve) == [1, 1, 0]
    assert shop.kit.verify().clean


def test_a_member_is_told_what_is_known_and_can_be_forgotten(shop: Shop, member: str) -> None:
    assert "stamps" not in shop.kit.export(member)["plugins"]
    shop.fill(member)
    redeemed = shop.redeem(member, "mocha")
    assert shop.kit.export(member)["plugins"]["stamps"] == {"drinks": [{"day": "2026-01-15", "drink": "mocha"}]}
    shop.kit.erase(member)
    assert drinks(shop.kit, member) == [0]
    assert poured(shop.kit) == {"2026-01-15": 1}
    shop.kit.reverse(redeemed.activity_id or "")
    assert poured(shop.kit) == {}


# Bad input


@pytest.mark.parametrize(
    ("section", "path"),
    [
        ("size = 0", "stamps.size"),
        ("minimun = 1", "stamps.minimun"),
        ('minimum = "2.505"', "stamps.minimum"),
        ('minimum = "-1"', "stamps.minimum"),
    ],
)
def test_a_program_that_makes_no_sense_is_refused_with_the_path(make_kit: MakeKit, section: str, path: str) -> None:
    with pytest.raises(SettingsError, match=path.replace(".", r"\.")):
        make_kit(["points", "stamps"], program=f'[program]\nname = "Coffee shop"\n[stamps]\n{section}\n')


@pytest.mark.parametrize("stamps", ["0", "11", "true", '"two"'])
def test_a_tier_brings_a_number_of_stamps(make_kit: MakeKit, program: str, stamps: str) -> None:
    said = r"stamps: The benefit stamps_per_purchase of status/regular is .*; write 1 to 10"
    with pytest.raises(SettingsError, match=said):
        make_kit(
            ["points", "stamps"], program=program.replace("stamps_per_purchase = 2", f"stamps_per_purchase = {stamps}")
        )


def test_a_drink_has_a_name(shop: Shop, member: str) -> None:
    with pytest.raises(Invalid, match=r"payload\.drink: .*\[LENGTH\]"):
        shop.redeem(member, "")
