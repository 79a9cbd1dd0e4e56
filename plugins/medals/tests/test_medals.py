"""Medals as members win them: by what they do, by hand, and no more where it came back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from corekit import Activity
from corekit.testing import MakeKit, SettableClock


@pytest.mark.row("G1", way="python")
@pytest.mark.row("G2", way="python")
def test_medals_are_awarded_when_their_criteria_are_met(shop: Any, clock: SettableClock) -> None:
    ann, bob = shop.joins(), shop.joins()
    shop.buys(ann, 9_99)
    assert shop.held(ann) == set()
    clock.advance(days=1)
    second = shop.buys(ann, 100_00, category="BREAD")
    assert shop.held(ann) == {("regular", 1), ("spender", 1), ("first", 1)}
    one = next(each for each in shop.awards(ann) if each.medal == "regular")
    assert (one.activity_id, one.rule, one.reason, one.since) == (second, "regular@1", "met", clock.now)
    assert [each.type for each in shop.kit.why(second).follow_ons] == ["medals.won"] * 3
    shop.buys(bob, 50_00)  # the only piece of the edition is gone
    shop.buys(bob, 50_00)
    assert shop.held(bob) == {("regular", 1)}


def test_a_chunk_awards_what_single_activities_award(shop: Any, clock: SettableClock) -> None:
    ann = shop.joins()
    told = [
        Activity(type="purchase", member=ann, amount=10_00, occurred_at=clock.now - timedelta(days=9 - day))
        for day in range(5)
    ]
    assert all(each.settled for each in shop.kit.record_many(told, chunk=100))
    since = {(each.medal, each.level): each.since for each in shop.awards(ann)}
    assert since == {
        ("first", 1): told[0].occurred_at,
        ("regular", 1): told[1].occurred_at,
        ("regular", 2): told[3].occurred_at,
    }


@pytest.mark.row("G2", way="reversal")
@pytest.mark.row("G5", way="reversal")
def test_a_return_takes_what_no_longer_holds_where_the_medal_says_so(shop: Any) -> None:
    ann = shop.joins()
    first, second = shop.buys(ann, 100_00, category="BREAD"), shop.buys(ann, 20_00)
    assert shop.held(ann) == {("regular", 1), ("spender", 1), ("first", 1)}
    assert shop.kit.reverse(first, amount=1).settled  # a part of it: both still count
    assert ("regular", 1) in shop.held(ann)
    answer = shop.kit.reverse(second)
    assert answer.settled
    assert shop.held(ann) == {("spender", 1), ("first", 1)}
    ended = next(each for each in shop.awards(ann) if each.medal == "regular")
    assert ended.end_reason == "returned"
    shop.buys(ann, 1_00)
    assert ("regular", 1) in shop.held(ann)


@pytest.mark.row("G5", way="python")
@pytest.mark.row("G5", way="bad_input")
@pytest.mark.row("G3", way="bad_input")
def test_staff_gives_and_takes_medals(shop: Any) -> None:
    ann = shop.joins()

    def does(type_: str, **payload: Any) -> Any:
        return shop.does(type_, ann, **payload)

    given = does("medals.awarded", medal="regular", level=2, reason="for the help")
    assert given.settled
    assert does("medals.awarded", medal="regular", level=2, reason="again").code == "MEDALS_HELD"
    assert does("medals.awarded", medal="regulr", reason="a slip").code == "MEDALS_UNKNOWN"
    assert does("medals.awarded", medal="regular", level=3, reason="none").code == "MEDALS_LEVEL_UNKNOWN"
    arranged = does("medals.arranged", pinned=["regular"])
    assert arranged.settled
    assert [(each.place, bool(each.pinned)) for each in shop.awards(ann)] == [(1, True)]
    assert does("medals.arranged", pinned=["spender"]).code == "MEDALS_NOT_HELD"
    assert does("medals.arranged", pinned=["regular"], others=["regular"]).code == "MEDALS_SHOWN_TWICE"
    shop.buys(ann, 5_00)
    shop.buys(ann, 5_00)
    assert shop.held(ann) == {("regular", 1), ("regular", 2)}
    assert does("medals.revoked", medal="regular", reason="no").settled
    shop.buys(ann, 5_00)  # what was taken by hand comes back by hand alone
    assert shop.held(ann) == {("regular", 2)}
    assert does("medals.revoked", medal="regular", reason="no").code == "MEDALS_NOT_HELD"
    assert shop.kit.reverse(given.activity_id or "").settled
    assert shop.held(ann) == set()


TIERED = """
[program]
name = "Corner shop"

[[ladders]]
code = "status"
name = "Status"

[[ladders.tiers]]
code = "ordinary"
name = "Ordinary"

[[ladders.tiers]]
code = "silver"
name = "Silver"
criteria = [{metric = "spend", window = "rolling 12 months", at_least = "10"}]

[[ladders.tiers]]
code = "gold"
name = "Gold"
criteria = [{metric = "spend", window = "rolling 12 months", at_least = "20"}]

[[medals.definitions]]
id = "silver"
texts.en = {name = "Silver"}
when = {kind = "tier", tier = "silver"}
"""


def test_what_only_follows_from_an_activity_touches_a_medal_as_well(make_kit: MakeKit, shop: Any) -> None:
    tiered = type(shop)(make_kit(["medals"], program=TIERED))
    ann = tiered.joins()
    tiered.buys(ann, 10_00)
    assert tiered.held(ann) == {("silver", 1)}
    tiered.buys(ann, 10_00)
    assert len(tiered.awards(ann)) == 1


def test_an_award_of_an_edition_that_goes_on_counts_again(shop: Any) -> None:
    ann, bob = shop.joins(), shop.joins()
    edition = {"medal": "first", "level": 1, "reason": "by hand"}
    assert shop.does("medals.awarded", ann, **edition).settled
    taken = shop.does("medals.revoked", ann, **edition)
    assert shop.kit.reverse(taken.activity_id).settled
    assert shop.held(ann) == {("first", 1)}
    assert shop.does("medals.awarded", bob, **edition).code == "MEDALS_EDITION_OUT"


def test_an_award_of_an_edition_that_does_not_go_on_does_not_count_again(shop: Any) -> None:
    ann, bob = shop.joins(), shop.joins()
    edition = {"medal": "first", "level": 1, "reason": "by hand"}
    assert shop.does("medals.awarded", ann, **edition).settled
    taken = shop.does("medals.revoked", ann, **edition)
    assert shop.does("medals.awarded", ann, **edition).settled
    assert shop.kit.reverse(taken.activity_id).settled  # it holds another by now
    assert shop.does("medals.revoked", ann, **edition).settled
    assert shop.does("medals.awarded", bob, **edition).settled
