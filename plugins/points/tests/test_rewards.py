"""Rewards: what members take for points, hand over at the till, cancel, or leave too long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from corekit import Activity, Invalid, Kit, Outcome, balances
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit_points.rewards import codes, redeeming, stock
from corekit_points.rewards.redeeming import Redemption
from corekit_points.rewards.restocking import restock

SECRET = "a secret of the tests, long enough"
PROGRAM = """
[program]
name = "Corner shop"

[[ladders]]
code = "status"
name = "Status"
tiers = [
  {code = "base", name = "Base"},
  {code = "silver", name = "Silver", criteria = [{metric = "spend", at_least = 500}]},
]

[[points.rules]]
id = "base"
rate = 1

[[points.rewards]]
id = "mug"
points = 100
stocked = true
collect_days = 7
texts = {en = {name = "Mug"}, zh = {name = "马克杯"}}

[[points.rewards]]
id = "parking"
kind = "service"
points = 20
limits = {day = 1, month = 2}
texts = {en = {name = "An hour of parking"}}

[[points.rewards]]
id = "lounge"
kind = "service"
points = 10
min_tier = "silver"
valid_from = 2026-03-01
valid_to = 2026-03-31
texts = {en = {name = "The lounge"}}

[[points.rewards]]
id = "set"
points = 50
money = "9.90"
texts = {en = {name = "Tea set"}}

[[points.rewards]]
id = "growth"
kind = "digital"
points = 30
gives = {activity = "points.adjustment", amount = 5, unit = "points", payload = {reason = "a reward"}}
texts = {en = {name = "Growth"}}
"""


class Shop:
    """A kit with rewards, and a member who has points."""

    def __init__(self, kit: Kit, clock: SettableClock) -> None:
        self.kit = kit
        self.clock = clock
        self.member = self.join()

    def join(self, points: int = 1_000) -> str:
        member = self.kit.record(Activity(type="member.registered")).member
        given: dict[str, Any] = {"amount": points, "unit": "points", "payload": {"reason": "to begin with"}}
        assert self.kit.record(Activity(type="points.adjustment", member=member, **given)).settled
        return member

    def does(self, type_: str, member: str = "", amount: int = 0, **payload: Any) -> Outcome:
        reverses = payload.pop("reverses", None)
        told: dict[str, Any] = {"payload": payload, "reverses": reverses, "amount": amount}
        return self.kit.record(Activity(type=type_, member=member or self.member, **told))

    def redeem(self, reward: str, member: str = "", **given: Any) -> Outcome:
        return self.does("points.redeemed", member, reward=reward, **given)

    def points(self) -> int:
        with self.kit.read() as read:
            found = {each.kind: each for each in balances(read, [self.member], self.kit.now())[self.member]}
        return found["points"].available

    def left(self, reward: str = "mug") -> int:
        with self.kit.read() as read:
            return stock.left(read, [reward])[reward]

    def redemption(self, outcome: Outcome) -> Redemption:
        with self.kit.read() as read:
            (found,) = redeeming.named(read, [outcome.activity_id or ""])
        return found

    def restock(self, amount: int, reward: str = "mug", key: str = "") -> int:
        return restock(self.kit, "staff:mira", reward, amount, "delivered", key or f"{reward} {amount}").left


def code(outcome: Outcome) -> str:
    return codes.shown(codes.code_of(SECRET, outcome.activity_id or ""))


@pytest.fixture
def shop(make_kit: MakeKit, clock: SettableClock) -> Callable[..., Shop]:
    clock.set("2026-03-10T12:00:00+00:00")

    def open_(program: str = PROGRAM, **settings: Any) -> Shop:
        told: dict[str, Any] = {"sections": {"points": {"code_secret": SECRET}}, **settings}
        return Shop(make_kit(["points"], program=program, **told), clock)

    return open_


def said(outcome: Outcome) -> tuple[str | None, dict[str, Any]]:
    return outcome.code, dict(outcome.parameters)


@pytest.mark.row("P8", way="python")
def test_a_reward_is_reserved_for_points_and_handed_over_for_its_code_once(shop: Callable[..., Shop]) -> None:
    house = shop()
    assert house.restock(3) == 3
    taken = house.redeem("mug", store="main")
    assert (taken.outcome, house.points(), house.left()) == ("settled", 900, 2)
    found = house.redemption(taken)
    assert (found.state, found.member_id, found.store) == ("reserved", house.member, "main")
    assert found.code == codes.digest(codes.read(code(taken)))
    handed = house.does("points.redemption_fulfilled", code=code(taken).lower(), store="till 3")
    assert handed.settled
    assert (house.redemption(taken).state, house.redemption(taken).store) == ("fulfilled", "till 3")
    again = house.does("points.redemption_fulfilled", code=code(taken))
    at = house.redemption(taken).resolved_at
    assert at is not None
    assert said(again) == ("POINTS_REDEMPTION_FULFILLED", {"at": at.isoformat(), "store": "till 3"})
    assert house.kit.verify().clean


@pytest.mark.row("P8", way="reversal")
def test_what_is_cancelled_or_not_fetched_in_time_gives_points_and_piece_back(shop: Callable[..., Shop]) -> None:
    house = shop()
    house.restock(1)
    first = house.redeem("mug")
    assert house.redeem("mug").code == "POINTS_REWARD_SOLD_OUT"
    cancelled = house.does("points.redemption_cancelled", reverses=first.activity_id, reason="another colour")
    assert (cancelled.outcome, house.points(), house.left()) == ("settled", 1_000, 1)
    assert house.redemption(first).state == "cancelled"
    assert house.does("points.redemption_fulfilled", code=code(first)).code == "POINTS_REDEMPTION_CANCELLED"
    assert house.does("points.redemption_cancelled", reverses=first.activity_id).code == "POINTS_REDEMPTION_CANCELLED"
    second = house.redeem("mug")
    assert second.settled
    house.clock.advance(days=7)
    assert house.redemption(second).state == "reserved"
    house.clock.advance(days=1)
    late = house.does("points.redemption_fulfilled", code=code(second))
    assert said(late) == ("POINTS_REDEMPTION_EXPIRED", {"at": "2026-03-18T00:00:00+00:00"})
    assert (house.points(), house.left()) == (900, 0)
    assert house.kit.jobs.run("points.unfetched").waiting == 1
    house.kit.work()
    assert (house.points(), house.left(), house.redemption(second).state) == (1_000, 1, "expired")
    late = house.does("points.redemption_fulfilled", code=code(second))
    assert said(late) == ("POINTS_REDEMPTION_EXPIRED", {"at": "2026-03-18T00:00:00+00:00"})
    assert house.kit.jobs.run("points.unfetched").found == 0
    assert house.kit.verify().clean


@pytest.mark.row("P8", way="bad_input")
def test_why_a_reward_cannot_be_had_is_said_by_code(shop: Callable[..., Shop]) -> None:
    house = shop()
    poor = house.join(15)
    assert said(house.redeem("mugg")) == ("POINTS_REWARD_UNKNOWN", {"reward": "mugg"})
    assert said(house.redeem("mug")) == ("POINTS_REWARD_SOLD_OUT", {})
    short = {"needed": "20", "missing": "5", "account": "points"}
    assert said(house.redeem("parking", poor)) == ("POINTS_REWARD_MISSING", short)
    assert said(house.redeem("lounge")) == ("POINTS_REWARD_TIER", {"needed": "silver", "tier": "base"})
    assert said(house.redeem("set")) == ("POINTS_REWARD_PRICE", {"expected": "990", "asked": "0"})
    assert house.redeem("set", amount=990).settled
    assert house.redeem("parking").settled
    assert said(house.redeem("parking")) == ("POINTS_REWARD_LIMIT", {"limit": "day", "most": 1})
    house.clock.advance(days=1)
    second = house.redeem("parking")
    assert second.settled
    house.clock.advance(days=1)
    assert said(house.redeem("parking")) == ("POINTS_REWARD_LIMIT", {"limit": "month", "most": 2})
    house.does("points.redemption_cancelled", reverses=second.activity_id)
    assert house.redeem("parking").settled
    assert house.does("points.redemption_fulfilled", code="AAAAA-BBBBB").code == "POINTS_CODE_UNKNOWN"
    strange = "0" * 32
    assert house.does("points.redemption_fulfilled", redemption=strange).code == "POINTS_REDEMPTION_UNKNOWN"
    assert house.does("points.redemption_cancelled", reverses=strange).code == "POINTS_REDEMPTION_UNKNOWN"
    assert house.does("points.redemption_fulfilled", poor, code=code(second)).code == "POINTS_CODE_UNKNOWN"
    house.clock.advance(days=30)
    assert said(house.redeem("lounge")) == ("POINTS_REWARD_OVER", {"last": "2026-03-31"})
    with pytest.raises(Invalid, match="Say the code or the redemption"):
        house.does("points.redemption_fulfilled")


def test_a_reward_that_gives_something_is_handed_over_at_once_and_taken_back_with_it(
    shop: Callable[..., Shop],
) -> None:
    house = shop()
    taken = house.redeem("growth")
    assert (taken.outcome, house.points()) == ("settled", 975)
    assert [each.type for each in taken.follow_ons] == ["points.adjustment"]
    assert (house.redemption(taken).state, house.redemption(taken).code) == ("fulfilled", None)
    assert house.kit.reverse(taken.activity_id or "").settled
    assert (house.points(), house.redemption(taken).state) == (1_000, "cancelled")


@pytest.mark.row("P8", way="python")
def test_rewards_stand_among_all_that_a_member_can_have(shop: Callable[..., Shop]) -> None:
    house = shop()
    found = {each.code: each for each in house.kit.offers(house.member).offers}
    assert list(found) == ["mug", "parking", "lounge", "set", "growth"]
    assert {code: each.reason.code for code, each in found.items() if each.reason is not None} == {
        "mug": "POINTS_REWARD_SOLD_OUT",
        "lounge": "POINTS_REWARD_TIER",
    }
    assert (found["mug"].kind, found["mug"].title) == ("points.reward", {"en": "Mug", "zh": "马克杯"})
    assert found["set"].price == {"points": 50, "USD": 990}


def test_a_redemption_and_what_becomes_of_it_settle_in_one_chunk(shop: Callable[..., Shop]) -> None:
    house = shop()
    house.restock(2)
    begun = [Activity(type="points.redeemed", member=house.member, payload={"reward": "mug"}) for _ in range(3)]
    rest = [
        Activity(type="points.redemption_fulfilled", member=house.member, payload={"redemption": begun[0].id}),
        Activity(type="points.redemption_cancelled", member=house.member, reverses=begun[1].id),
        Activity(type="points.redeemed", member=house.member, payload={"reward": "mug"}),
    ]
    answers = list(house.kit.record_many([*begun, *rest]))
    assert [each.code for each in answers] == [None, None, "POINTS_REWARD_SOLD_OUT", None, None, None]
    assert (house.points(), house.left()) == (800, 0)


def test_without_a_secret_a_reward_is_handed_over_by_its_id(shop: Callable[..., Shop]) -> None:
    house = shop(sections={})
    taken = house.redeem("parking")
    assert house.redemption(taken).code is None
    assert house.does("points.redemption_fulfilled", redemption=taken.activity_id).settled


def test_pieces_are_added_and_taken_away_once_for_a_key(shop: Callable[..., Shop]) -> None:
    house = shop()
    assert [house.restock(50, key="a"), house.restock(50, key="a"), house.restock(7, key="b")] == [50, 50, 57]
    assert house.restock(-55, key="c") == 2
    with pytest.raises(Invalid, match="There are 2 left, so 3"):
        house.restock(-3, key="d")
    with pytest.raises(Invalid, match="There is no end to reward parking"):
        house.restock(1, "parking")
    with pytest.raises(Invalid, match="There is no reward mugs"):
        house.restock(1, "mugs")
    assert house.left() == 2


def test_what_was_redeemed_moves_with_a_merge_and_back(shop: Callable[..., Shop]) -> None:
    house = shop()
    other = house.join()
    taken = house.redeem("parking", other)
    merged = house.kit.merge(house.member, other)
    assert house.redemption(taken).member_id == house.member
    house.kit.reverse(merged.activity_id or "")
    assert house.redemption(taken).member_id == other


def test_what_a_member_redeemed_who_is_a_part_of_another_is_cancelled_and_left_too_long(
    shop: Callable[..., Shop],
) -> None:
    house = shop()
    other = house.join()
    house.restock(2)
    cancelled, left = house.redeem("mug", other), house.redeem("mug", other)
    house.kit.merge(house.member, other)
    had = house.points()
    answer = house.does("points.redemption_cancelled", house.member, reverses=cancelled.activity_id, reason="sorry")
    assert (answer.outcome, house.redemption(cancelled).state) == ("settled", "cancelled")
    assert (house.left(), house.points()) == (1, had + 100)
    house.clock.advance(days=30)
    house.kit.jobs.run("points.unfetched")
    assert (house.redemption(left).state, house.left(), house.points()) == ("expired", 2, had + 200)
    somebody = house.join()
    theirs = house.redeem("mug", house.member)
    answer = house.does("points.redemption_cancelled", somebody, reverses=theirs.activity_id, reason="mine")
    assert (answer.outcome, house.redemption(theirs).state) == ("refused", "reserved")


def test_a_code_is_read_as_people_write_it() -> None:
    made = codes.code_of(SECRET, "0" * 32)
    assert (len(made), made) == (20, codes.code_of(SECRET, "0" * 32))
    assert codes.read(f" {codes.shown(made).lower()} ") == made
    assert codes.read("oil-0") == "0110"
    assert len({codes.code_of(SECRET, f"{n:032x}") for n in range(1_000)}) == 1_000
    assert codes.as_svg(made).startswith("<svg")
