"""Medals as members win them: by what they do, by hand, and no more where it came back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from corekit import Activity, Kit, Line
from corekit.testing import MakeKit, SettableClock
from corekit_medals.reading import Awarded, awards_of

HEAD = '[program]\nname = "Corner shop"\n'
PROGRAM = (
    HEAD
    + """
[[activities]]
name = "check_in"
fields = [{name = "store"}]

[[medals.definitions]]
id = "regular"
texts.en = {name = "Regular"}
on_reversal = "revoke"

[[medals.definitions.levels]]
texts.en = {name = "Bronze"}
when = {kind = "count", activity = "purchase", least = 2}

[[medals.definitions.levels]]
texts.en = {name = "Silver"}
when = {kind = "count", activity = "purchase", least = 4}

[[medals.definitions]]
id = "spender"
texts.en = {name = "Spender"}
when = {kind = "sum", activity = "purchase", least = "100", lines = {categories = ["BREAD"]}}

[[medals.definitions]]
id = "first"
texts.en = {name = "First"}
edition = 1
when = {kind = "first", activity = "purchase", minimum = "10"}
"""
)


@pytest.fixture
def kit(make_kit: MakeKit) -> Kit:
    return make_kit(["medals"], program=PROGRAM)


def joins(kit: Kit) -> str:
    return kit.record(Activity(type="member.registered")).member


def buys(kit: Kit, member: str, amount: int, *, category: str = "MILK") -> str:
    line = Line(1, amount, sku="a", category=category)
    answer = kit.record(Activity(type="purchase", member=member, amount=amount, lines=(line,)))
    assert answer.settled, answer
    return answer.activity_id or ""


def held(kit: Kit, member: str) -> set[tuple[str, int]]:
    return {(each.medal, each.level) for each in all_of(kit, member) if each.ended_at is None}


def all_of(kit: Kit, member: str) -> list[Awarded]:
    with kit.read() as read:
        return awards_of(read, [member], ended=True).get(member, [])


def test_medals_are_awarded_when_their_criteria_are_met(kit: Kit, clock: SettableClock) -> None:
    ann, bob = joins(kit), joins(kit)
    buys(kit, ann, 9_99)
    assert held(kit, ann) == set()
    clock.advance(days=1)
    second = buys(kit, ann, 100_00, category="BREAD")
    assert held(kit, ann) == {("regular", 1), ("spender", 1), ("first", 1)}
    one = next(each for each in all_of(kit, ann) if each.medal == "regular")
    assert (one.activity_id, one.rule, one.reason, one.since) == (second, "regular@1", "met", clock.now)
    assert [each.type for each in kit.why(second).follow_ons] == ["medals.won"] * 3
    buys(kit, bob, 50_00)  # the only piece of the edition is gone
    buys(kit, bob, 50_00)
    assert held(kit, bob) == {("regular", 1)}


def test_a_chunk_awards_what_single_activities_award(kit: Kit, clock: SettableClock) -> None:
    ann = joins(kit)
    told = [
        Activity(type="purchase", member=ann, amount=10_00, occurred_at=clock.now - timedelta(days=9 - day))
        for day in range(5)
    ]
    assert all(each.settled for each in kit.record_many(told, chunk=100))
    since = {(each.medal, each.level): each.since for each in all_of(kit, ann)}
    assert since == {
        ("first", 1): told[0].occurred_at,
        ("regular", 1): told[1].occurred_at,
        ("regular", 2): told[3].occurred_at,
    }


def test_a_return_takes_what_no_longer_holds_where_the_medal_says_so(kit: Kit) -> None:
    ann = joins(kit)
    first, second = buys(kit, ann, 100_00, category="BREAD"), buys(kit, ann, 20_00)
    assert held(kit, ann) == {("regular", 1), ("spender", 1), ("first", 1)}
    assert kit.reverse(first, amount=1).settled  # a part of it: both still count
    assert ("regular", 1) in held(kit, ann)
    answer = kit.reverse(second)
    assert answer.settled
    assert held(kit, ann) == {("spender", 1), ("first", 1)}
    ended = next(each for each in all_of(kit, ann) if each.medal == "regular")
    assert ended.end_reason == "returned"
    buys(kit, ann, 1_00)
    assert ("regular", 1) in held(kit, ann)


def test_staff_gives_and_takes_medals(kit: Kit) -> None:
    ann = joins(kit)

    def does(type_: str, **payload: Any) -> Any:
        return kit.record(Activity(type=type_, member=ann, payload=payload))

    given = does("medals.awarded", medal="regular", level=2, reason="for the help")
    assert given.settled
    assert does("medals.awarded", medal="regular", level=2, reason="again").code == "MEDALS_HELD"
    assert does("medals.awarded", medal="regulr", reason="a slip").code == "MEDALS_UNKNOWN"
    assert does("medals.awarded", medal="regular", level=3, reason="none").code == "MEDALS_LEVEL_UNKNOWN"
    assert does("medals.arranged", pinned=["regular"]).settled
    assert [(each.place, each.pinned) for each in all_of(kit, ann)] == [(1, True)]
    assert does("medals.arranged", pinned=["spender"]).code == "MEDALS_NOT_HELD"
    assert does("medals.arranged", pinned=["regular"], others=["regular"]).code == "MEDALS_SHOWN_TWICE"
    buys(kit, ann, 5_00)
    buys(kit, ann, 5_00)
    assert held(kit, ann) == {("regular", 1), ("regular", 2)}
    assert does("medals.revoked", medal="regular", reason="no").settled
    buys(kit, ann, 5_00)  # what was taken by hand comes back by hand alone
    assert held(kit, ann) == {("regular", 2)}
    assert does("medals.revoked", medal="regular", reason="no").code == "MEDALS_NOT_HELD"
    assert kit.reverse(given.activity_id or "").settled
    assert held(kit, ann) == set()
