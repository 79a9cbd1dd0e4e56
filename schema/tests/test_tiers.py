"""Tiers by GraphQL: where members stand, what tiers bring, and what people do about them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from corekit import Activity, Kit
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit_schema import global_id

PROGRAM = """
[program]
name = "Corner shop"

[[ladders]]
code = "status"
name = "Status"
evaluate = "on_request"
validity = {months = 12, until = "year"}
downgrade = "one_step"

[[ladders.tiers]]
code = "base"
name = "Base"

[[ladders.tiers]]
code = "silver"
name = "Silver"
criteria = [{metric = "spend", at_least = 100}]
benefits = {wash = {kind = "service", quota = 2, per = "month"}, lounge = true}
"""

DO = """mutation ($input: %sInput!) { %s(input: $input) {
    outcome code userErrors { code path parameters } activity { id }
    member { tier { code reason expiresAt lockedUntil } } } }"""


@pytest.fixture
def kit(make_kit: MakeKit, clock: SettableClock) -> Kit:
    clock.set("2024-03-01T12:00:00+00:00")
    return make_kit(program=PROGRAM)


@pytest.fixture
def ann(kit: Kit) -> str:
    member = kit.record(Activity(type="member.registered")).member
    assert kit.record(Activity(type="purchase", member=member, amount=100_00)).settled
    return member


def does(door: Any, what: str, member: str, **values: Any) -> dict[str, Any]:
    name = what[0].upper() + what[1:]
    given = {"memberId": global_id("Member", member), "ladder": "status", **values}
    answer: dict[str, Any] = door.data(DO % (name, what), input=given)[what]
    return answer


@pytest.mark.row("T4", way="graphql")
def test_somebody_sets_and_locks_a_tier(kit: Kit, ann: str, door: Callable[[Kit], Any]) -> None:
    until = "2024-06-01T00:00:00+00:00"
    answer = does(door(kit), "setTier", ann, tier="silver", reason="a friend", lockedUntil=until)
    assert answer["outcome"] == "SETTLED"
    tier = answer["member"]["tier"]
    assert (tier["code"], tier["reason"]) == ("silver", "manual")
    assert datetime.fromisoformat(tier["lockedUntil"]) == datetime(2024, 6, 1, tzinfo=UTC)
    assert datetime.fromisoformat(tier["expiresAt"]) == datetime(2026, 1, 1, tzinfo=UTC)
    refused = does(door(kit), "requestTier", ann)
    assert (refused["outcome"], refused["code"]) == ("REFUSED", "TIER_LOCKED")
    refused = does(door(kit), "setTier", ann, tier="platinum", reason="why not")
    assert [each["code"] for each in refused["userErrors"]] == ["TIER_UNKNOWN"]


@pytest.mark.row("T3", way="graphql")
def test_a_member_asks_for_its_tier(kit: Kit, ann: str, door: Callable[[Kit], Any]) -> None:
    answer = does(door(kit), "requestTier", ann)
    assert answer["member"]["tier"]["reason"] == "requested"
    again = does(door(kit), "requestTier", ann)
    assert (again["outcome"], again["code"]) == ("REFUSED", "TIER_NOT_QUALIFIED")


@pytest.mark.row("T5", way="graphql")
def test_a_benefit_is_claimed_until_it_is_used_up(
    kit: Kit, ann: str, door: Callable[[Kit], Any], clock: SettableClock
) -> None:
    open_door = door(kit)
    does(open_door, "requestTier", ann)
    clock.advance(seconds=1)
    assert does(open_door, "claimBenefit", ann, benefit="wash", quantity=2)["outcome"] == "SETTLED"
    refused = does(open_door, "claimBenefit", ann, benefit="wash")
    assert refused["userErrors"][0]["parameters"]["left"] == 0
    query = """query ($id: ID!) { member(id: $id) {
        tierBenefits { ladder tier name content claimable quota window used left } } }"""
    wash, lounge = open_door.data(query, id=global_id("Member", ann))["member"]["tierBenefits"]
    assert (wash["name"], wash["quota"], wash["window"], wash["used"], wash["left"]) == ("wash", 2, "month", 2, 0)
    assert lounge == {
        "ladder": "status", "tier": "silver", "name": "lounge", "content": True, "claimable": False, "quota": None,
        "window": None, "used": 0, "left": None,
    }  # fmt: skip


@pytest.mark.row("T6", way="graphql")
def test_a_preview_says_what_the_sweep_will_do(
    kit: Kit, ann: str, door: Callable[[Kit], Any], clock: SettableClock
) -> None:
    open_door = door(kit)
    does(open_door, "setTier", ann, tier="silver", reason="a friend")
    query = """query ($at: DateTime, $ids: [ID!], $ladder: String) {
        tierPreview(at: $at, memberIds: $ids, ladder: $ladder) {
            member { id } ladder type fromTier toTier reason expiresAt measured missing } }"""
    assert open_door.data(query)["tierPreview"] == []
    found = open_door.data(query, at="2026-01-01T00:00:00+00:00", ids=[global_id("Member", ann)])["tierPreview"]
    assert [(each["fromTier"], each["toTier"], each["reason"]) for each in found] == [("silver", "silver", "renewed")]
    assert found[0]["measured"] == {"spend lifetime": 100_00}
    wrong = open_door.ask(query, ladder="fame")
    assert wrong["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    clock.set("2026-01-01T00:00:00+00:00")
    kit.sweep("tiers")
    history = (
        "query ($id: ID!) { member(id: $id) { tierHistory { code reason expiresAt } progress { close percent } } }"
    )
    told = open_door.data(history, id=global_id("Member", ann))["member"]
    assert [each["reason"] for each in told["tierHistory"]] == ["manual", "renewed"]
    assert told["tierHistory"][-1]["expiresAt"] == found[0]["expiresAt"]
    assert told["progress"] == [{"close": False, "percent": 100}]


@pytest.mark.row("T6", way="graphql")
def test_a_tier_as_of_a_moment_by_what_was_recorded_or_had_occurred(
    make_kit: MakeKit, clock: SettableClock, door: Callable[[Kit], Any]
) -> None:
    clock.set("2024-03-01T12:00:00+00:00")
    kit = make_kit(program=PROGRAM.replace('evaluate = "on_request"', ""))
    member = kit.record(Activity(type="member.registered", occurred_at=datetime(2024, 1, 1, tzinfo=UTC))).member
    late = datetime(2024, 2, 1, tzinfo=UTC)
    kit.record(Activity(type="purchase", member=member, amount=100_00, occurred_at=late))
    query = """query ($id: ID!, $at: DateTime) { member(id: $id) {
        recorded: tier(at: $at) { code } occurred: tier(at: $at, by: OCCURRED) { code } } }"""
    told = door(kit).data(query, id=global_id("Member", member), at="2024-02-02T00:00:00+00:00")["member"]
    assert told == {"recorded": None, "occurred": {"code": "silver"}}
