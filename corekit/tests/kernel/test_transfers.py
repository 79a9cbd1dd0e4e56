"""A member's value moves by another's activity: in one unit, with its expiry, and back again."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from corekit import Activity, Batch, Credit, Declares, Effect, Follow, Refusal, Transfer
from corekit.activities.apply import MOST_DEPTH
from corekit.testing.modules import plugin_module


@pytest.fixture
def give(world: Any, toy: Any) -> Callable[..., Any]:
    """Let a member give another one something."""

    def gives(activity: Activity) -> Effect:
        to = activity.members[0]
        return Transfer(activity, rule="give@1", account="toy", amount=activity.amount, to=to, otherwise="refuse")

    toy.rogue.append(gives)

    def do(member: str, other: str, amount: int, **values: Any) -> Any:
        return world.does(member, "toy.yield", amount, members=(other,), **values)

    return do


def test_value_arrives_with_the_expiry_it_had(world: Any, give: Callable[..., Any]) -> None:
    ann, bob = world.member(), world.member()
    world.does(ann, "toy.earn", 50, payload={"days": 2})
    world.does(ann, "toy.earn", 50)
    given = give(ann, bob, 70)
    assert given.settled
    assert [each.type for each in given.follow_ons] == ["transfer.received"]
    assert given.follow_ons[0].member == bob
    assert (world.balances(ann), world.balances(bob)) == ({"toy": 30}, {"toy": 70})
    assert world.is_proved()
    world.clock.advance(days=3)
    world.sweep(0)
    assert (world.balances(ann), world.balances(bob)) == ({"toy": 30}, {"toy": 20})
    assert world.is_proved()


def test_what_cannot_be_given_is_refused_and_nothing_moves(world: Any, give: Callable[..., Any]) -> None:
    ann, bob, frozen = world.member(), world.member(), world.member()
    world.does(ann, "toy.earn", 50)
    world.does(frozen, "member.frozen")
    assert give(ann, bob, 51).code == "INSUFFICIENT"
    assert give(ann, frozen, 5).code == "TRANSFER_NOT_POSSIBLE"
    assert give(ann, "0" * 32, 5).code == "TRANSFER_NOT_POSSIBLE"
    assert world.balances(ann) == {"toy": 50}
    assert world.is_proved()


def test_a_plugin_moves_value_of_those_only_whom_the_activity_names(world: Any, toy: Any) -> None:
    ann, bob = world.member(), world.member()

    def stranger(activity: Activity) -> Effect:
        return Transfer(activity, rule="give@1", account="toy", amount=1, to=bob)

    def follows(activity: Activity) -> Effect:
        return Follow(activity, rule="give@1", type="toy.earn", name="x", amount=1, member=bob)

    for make in (stranger, follows):
        toy.rogue[:] = [make]
        failed = world.does(ann, "toy.yield", 1)
        assert (failed.outcome, failed.code) == ("failed", "EFFECT_INVALID")
        assert "members" in failed.message


def test_a_follow_on_of_another_member_is_settled_with_it(world: Any, toy: Any) -> None:
    ann, bob = world.member(), world.member()

    def follows(activity: Activity) -> Effect:
        to = activity.members[0]
        return Follow(activity, rule="both@1", type="toy.earn", name="both", amount=7, member=to)

    def credits_(activity: Activity) -> Effect:
        return Credit(activity, rule="both@1", account="toy", amount=3)

    toy.rogue[:] = [follows, credits_]
    both = world.does(ann, "toy.yield", 1, members=(bob,))
    assert (world.balances(ann), world.balances(bob)) == ({"toy": 3}, {"toy": 7})
    assert world.kit.reverse(both.activity_id).settled
    assert (world.balances(ann), world.balances(bob)) == ({"toy": 0}, {"toy": 0})
    assert world.is_proved()


def test_a_transfer_is_taken_back_from_both_and_what_was_spent_is_owed(world: Any, give: Callable[..., Any]) -> None:
    ann, bob = world.member(), world.member()
    world.does(ann, "toy.earn", 50, payload={"days": 9})
    given = give(ann, bob, 40)
    world.does(bob, "toy.spend", 30)
    alone = world.kit.reverse(given.follow_ons[0].activity_id)
    assert (alone.code, alone.parameters["transfer"]) == ("REVERSAL_OF_RECEIPT", given.activity_id)
    assert world.kit.reverse(given.activity_id, amount=1).settled, "a transfer comes back as a whole"
    assert world.balances(ann) == {"toy": 10}
    assert world.kit.reverse(given.activity_id).settled
    assert world.balances(ann) == {"toy": 50}
    assert world.balances(bob) == {"toy": 0, "toy.debt": -30}
    assert world.is_proved()


@pytest.mark.parametrize("chunk", [1, 50])
def test_a_transfer_is_taken_back_from_both_or_from_neither(world: Any, give: Callable[..., Any], chunk: int) -> None:
    ann, bob = world.member(), world.member()
    world.does(ann, "toy.earn", 50)
    given = give(ann, bob, 50)
    held = world.does(bob, "hold.placed", 50, unit="toys", payload={"account": "toy"})
    back = [world.activity(ann, "reversal", reverses=given.activity_id), world.activity(ann, "toy.earn", 1)]
    refused, earned = world.kit.record_many(back, chunk=chunk)
    assert (refused.code, refused.parameters["missing"], earned.settled) == ("VALUE_HELD", "50", True)
    assert (world.balances(ann), world.balances(bob)) == ({"toy": 1}, {"toy": 50})
    assert world.does(bob, "hold.released", payload={"hold": held.effects[0].id}).settled
    assert world.kit.reverse(given.activity_id).settled
    assert (world.balances(ann), world.balances(bob)) == ({"toy": 51}, {"toy": 0})
    assert world.is_proved()


def test_what_cannot_arrive_is_not_given(world: Any, toy: Any) -> None:
    ann, bob = world.member(), world.member()
    world.does(ann, "toy.earn", 50)

    def deeper(activity: Activity) -> Effect:
        if activity.depth < MOST_DEPTH:
            return Follow(activity, rule="deep@1", type="toy.yield", name="deeper", amount=1)
        return Transfer(activity, rule="give@1", account="toy", amount=5, to=activity.members[0])

    toy.rogue[:] = [deeper]
    answer = world.does(ann, "toy.yield", 1, members=(bob,))
    while answer.follow_ons:
        (answer,) = answer.follow_ons
    assert (answer.type, answer.code) == ("toy.yield", "FOLLOW_TOO_DEEP")
    assert (world.balances(ann), world.balances(bob)) == ({"toy": 50}, {})
    assert world.is_proved()


@pytest.mark.parametrize("how", ["raises", "refuses"])
def test_where_a_plugin_fails_at_what_arrives_nothing_was_given(make_world: Any, toy: Any, how: str) -> None:
    def react(batch: Batch) -> Any:
        for _ in batch.of("transfer.received"):
            raise (RuntimeError("secret") if how == "raises" else Refusal("TOY_SOLD_OUT"))
        return ()

    def gives(activity: Activity) -> Effect:
        return Transfer(activity, rule="give@1", account="toy", amount=activity.amount, to=activity.members[0])

    toy.rogue.append(gives)
    world = make_world(modules={"toy": toy, "rude": plugin_module(Declares(), "rude", corekit_react=react)})
    ann, bob = world.member(), world.member()
    world.does(ann, "toy.earn", 50)
    given = world.does(ann, "toy.yield", 10, members=(bob,))
    expected = ("failed", "PLUGIN_FAILED") if how == "raises" else ("refused", "TOY_SOLD_OUT")
    assert (given.outcome, given.code) == expected
    assert (world.balances(ann), world.balances(bob)) == ({"toy": 50}, {})
    assert world.kit.work() == 0, "nothing waits"
    assert world.is_proved()


def test_simulating_tells_of_both_and_changes_neither(world: Any, give: Callable[..., Any]) -> None:
    ann, bob = world.member(), world.member()
    world.does(ann, "toy.earn", 50)
    assert give(ann, bob, 1).settled
    told = world.kit.simulate(world.activity(ann, "toy.yield", 5, members=(bob,)))
    assert [each.member for each in told.follow_ons] == [bob]
    assert (world.balances(ann), world.balances(bob)) == ({"toy": 49}, {"toy": 1})


def test_twenty_gifts_at_once_from_one_balance(make_world: Any, toy: Any) -> None:
    live = make_world(modules={"toy": toy}, clock=lambda: datetime.now(UTC))
    ann, others = live.member(), [live.member() for _ in range(20)]
    live.kit.record(Activity(type="toy.earn", member=ann, amount=100))

    def gives(activity: Activity) -> Effect:
        to = activity.members[0]
        return Transfer(activity, rule="give@1", account="toy", amount=30, to=to, otherwise="refuse")

    toy.rogue.append(gives)
    gifts = [Activity(type="toy.yield", member=ann, members=(other,)) for other in others]
    gifts += [Activity(type="toy.earn", member=other, amount=1) for other in others]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(live.kit.record, gifts))
    assert sum(answer.settled for answer in answers) == 23
    assert live.balances(ann) == {"toy": 10}
    assert sum(live.balances(other)["toy"] for other in others) == 110
    assert live.is_proved()


@pytest.mark.usefixtures("give")
def test_in_bulk_gifts_between_members_of_one_chunk_end_as_one_by_one(world: Any) -> None:
    ends: list[Any] = []
    for chunk in (1, 50):
        members = [world.member() for _ in range(4)]
        coming = [world.activity(member, "toy.earn", 100) for member in members]
        for number in range(24):
            world.clock.advance(seconds=1)
            giver, taker = members[number % 4], members[(number * 3 + 1) % 4]
            if giver != taker:
                coming.append(world.activity(giver, "toy.yield", 10 + number, members=(taker,)))
        answers = list(world.kit.record_many(coming, chunk=chunk))
        assert {answer.outcome for answer in answers} <= {"settled", "refused"}
        ends.append(sum(world.balances(member)["toy"] for member in members))
    assert ends == [400, 400]
    assert world.is_proved()
