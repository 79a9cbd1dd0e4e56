"""Tiers as settlement moves them: up with what qualifies, down with what is taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from corekit.tiers.read import history, standing

PROGRAM = """
[program]
name = "Corner shop"

[[ladders]]
code = "main"
name = "Main"
tiers = [
  {code = "base", name = "Base"},
  {code = "silver", name = "Silver", criteria = [{metric = "spend", window = "lifetime", at_least = "100.00"}]},
  {code = "gold", name = "Gold", criteria = [{metric = "spend", window = "lifetime", at_least = "300.00"}]},
]

[[ladders]]
code = "visitors"
name = "Visitors"
on_reversal = "keep"
tiers = [
  {code = "guest", name = "Guest"},
  {code = "regular", name = "Regular", criteria = [{metric = "visits", window = "year", at_least = 2}]},
]
"""


@pytest.fixture
def shop(make_world: Callable[..., Any], toy: Any) -> Any:
    return make_world(modules={"toy": toy}, program=PROGRAM)


def _tiers(world: Any, member: str) -> dict[str, str]:
    with world.kit.read() as read:
        return {each.ladder: each.tier for each in standing(read, [member])[member]}


@pytest.mark.row("T1", way="python")
@pytest.mark.row("T2", way="python")
def test_a_purchase_lifts_the_member_on_every_ladder_by_a_follow_on(shop: Any) -> None:
    member = shop.member()
    assert not shop.does(member, "purchase", 9_999).follow_ons
    lifting = shop.does(member, "purchase", 25_001)
    assert [(each.type, each.outcome) for each in lifting.follow_ons] == [("tier.changed", "settled")] * 2
    assert _tiers(shop, member) == {"main": "gold", "visitors": "regular"}
    told = shop.kit.why(lifting.follow_ons[0].activity_id).activity.payload
    assert told["measured"]["spend lifetime"] == 35_000
    assert (told["from_tier"], told["to_tier"]) == ("base", "gold")
    assert shop.is_proved()


def test_a_purchase_that_lifts_still_occurred_in_the_tier_before_it(shop: Any) -> None:
    member = shop.member()
    shop.does(member, "purchase", 10_000)
    lifted = shop.clock()
    shop.clock.advance(days=1)
    with shop.kit.read() as read:
        before = standing(read, [member], lifted - timedelta(microseconds=1))[member]
        after = standing(read, [member], shop.clock())[member]
    assert (before, [each.tier for each in after]) == ([], ["silver"])


@pytest.mark.row("T2", way="reversal")
@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_whatever_the_order_in_which_purchases_are_taken_back_no_tier_stays_without_its_cause(
    shop: Any, order: tuple[int, ...]
) -> None:
    member = shop.member()
    bought = [shop.does(member, "purchase", amount).activity_id for amount in (10_000, 15_000, 20_000)]
    assert _tiers(shop, member)["main"] == "gold"
    for number in order:
        assert shop.kit.reverse(bought[number]).settled
    assert _tiers(shop, member)["main"] == "base"
    assert _tiers(shop, member)["visitors"] == "regular", "this ladder keeps what was gained"
    assert shop.is_proved()


@pytest.mark.row("T2", way="reversal")
def test_a_tier_stays_while_the_rest_still_qualifies(shop: Any) -> None:
    member = shop.member()
    first = shop.does(member, "purchase", 10_000)
    shop.does(member, "purchase", 19_000)
    shop.kit.reverse(first.activity_id)
    assert _tiers(shop, member)["main"] == "silver"
    assert shop.is_proved()


def test_in_bulk_the_member_climbs_the_same_stairs(shop: Any) -> None:
    single, bulk = shop.member(), shop.member()
    for amount in (10_000, 15_000, 20_000):
        shop.does(single, "purchase", amount)
    list(shop.kit.record_many(shop.activity(bulk, "purchase", amount) for amount in (10_000, 15_000, 20_000)))
    with shop.kit.read() as read:
        stays = history(read, [single, bulk])
    assert [(each.ladder, each.tier) for each in stays[single]] == [(each.ladder, each.tier) for each in stays[bulk]]
    assert [each.valid_to for each in stays[bulk]][-1] is None
    assert shop.is_proved()


def test_a_ladder_by_a_plugins_metric_or_by_a_count_lifts_too(make_world: Callable[..., Any], toy: Any) -> None:
    count = '[[ladders]]\ncode = "fans"\nname = "Fans"\ntiers = [{code = "none", name = "None"}, {code = "fan", '
    count += 'name = "Fan", criteria = [{metric = "count:toy.earn", window = "rolling 30 days", at_least = 2}]}]\n'
    world = make_world(modules={"toy": toy}, program=f'[program]\nname = "Corner shop"\n{count}')
    member = world.member()
    world.does(member, "toy.earn", 1)
    world.clock.advance(days=40)
    assert not world.does(member, "toy.earn", 1).follow_ons, "the first is out of the window"
    assert world.does(member, "toy.earn", 1).follow_ons
    assert _tiers(world, member) == {"fans": "fan"}
    assert world.is_proved()


@pytest.mark.row("T2", way="bad_input")
def test_nobody_outside_sets_a_tier(shop: Any) -> None:
    member = shop.member()
    payload: dict[str, Any] = {
        "ladder": "main",
        "from_tier": "base",
        "to_tier": "gold",
        "reason": "please",
        "measured": {},
    }
    (answer,) = shop.kit.record_many([shop.activity(member, "tier.changed", payload=payload)])
    assert (answer.outcome, answer.code) == ("invalid", "TYPE_INTERNAL")
