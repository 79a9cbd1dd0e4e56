"""Holds: value set aside can fail only when it is set aside; it is captured, released or lapses, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from corekit import Activity, Bundle, Capture, Credit, Debit, Effect, Hold, Release


def _place(world: Any, member: str, amount: int, kind: str = "toy", **told: Any) -> Any:
    return world.does(member, "hold.placed", amount, unit="toys", payload={"account": kind, **told})


def _hold(outcome: Any) -> str:
    (effect,) = outcome.effects
    found: str = effect.id
    return found


def _capture(world: Any, member: str, hold: str, amount: int = 0, **values: Any) -> Any:
    unit = {"unit": "toys"} if amount else {}
    return world.does(member, "hold.captured", amount, payload={"hold": hold}, **unit, **values)


def _state(world: Any, member: str, kind: str = "toy") -> tuple[int, int, int]:
    """Return balance, pending and available."""
    from corekit import balances  # noqa: PLC0415

    with world.kit.read() as read:
        found = {each.kind: each for each in balances(read, [member], world.clock())[member]}
    return found[kind].balance, found[kind].pending, found[kind].available


@pytest.mark.row("A7", way="python")
@pytest.mark.parametrize("kind", ["toy", "toy.plain"])
def test_what_is_held_is_not_available_and_a_capture_spends_a_part_of_it(world: Any, kind: str) -> None:
    member = world.member()
    world.does(member, f"toy.earn{'' if kind == 'toy' else '_plain'}", 100)
    held = _place(world, member, 60, kind)
    assert held.settled
    assert _state(world, member, kind) == (100, 60, 40)
    assert world.is_proved()
    assert _capture(world, member, _hold(held), 25).settled
    assert _state(world, member, kind) == (75, 0, 75)
    assert world.is_proved()


def test_a_released_hold_leaves_all_of_it(world: Any) -> None:
    member = world.member()
    world.does(member, "toy.earn", 100)
    held = _place(world, member, 60)
    assert world.does(member, "hold.released", payload={"hold": _hold(held)}).settled
    assert _state(world, member) == (100, 0, 100)
    assert world.is_proved()


@pytest.mark.row("A7", way="bad_input")
def test_what_cannot_be_is_refused_and_the_same_again(world: Any) -> None:
    member, other = world.member(), world.member()
    world.does(member, "toy.earn", 100)
    assert _place(world, member, 101).code == "INSUFFICIENT"
    assert _place(world, member, 5, "gold").code == "ACCOUNT_UNKNOWN"
    assert _place(world, member, 0).code == "AMOUNT_ZERO"
    held = _hold(_place(world, member, 60))
    at = world.clock()
    over = _capture(world, member, held, 61, external_id="over", occurred_at=at)
    assert (over.code, over.parameters["held"]) == ("OVER_CAPTURE", "60")
    assert _capture(world, member, held, 61, external_id="over", occurred_at=at).replayed
    assert _capture(world, other, held).code == "HOLD_UNKNOWN"
    assert _capture(world, member, "0" * 32).code == "HOLD_UNKNOWN"
    assert _capture(world, member, held, 10).settled
    again = _capture(world, member, held)
    assert (again.code, again.parameters["outcome"]) == ("HOLD_RESOLVED", "captured")
    released = world.does(member, "hold.released", payload={"hold": held})
    assert (released.code, released.parameters["outcome"]) == ("HOLD_RESOLVED", "captured")
    assert world.is_proved()


def test_after_its_time_a_hold_is_refused_and_its_value_available_before_any_sweep(world: Any) -> None:
    member = world.member()
    world.does(member, "toy.earn", 100)
    held = _place(world, member, 60, seconds=30)
    world.clock.advance(seconds=29)
    assert _state(world, member) == (100, 60, 40)
    world.clock.advance(seconds=1)
    assert _state(world, member) == (100, 0, 100)
    assert _capture(world, member, _hold(held)).code == "HOLD_EXPIRED"
    assert world.does(member, "toy.spend", 90).settled, "the next activity lets it lapse first"
    assert _capture(world, member, _hold(held)).code == "HOLD_EXPIRED"
    assert world.kit.reverse(_last(world, "hold.expired")).code == "REVERSAL_OF_EXPIRY"
    assert world.is_proved()


def test_the_sweep_lets_holds_lapse(world: Any) -> None:
    member = world.member()
    world.does(member, "toy.earn", 100)
    _place(world, member, 60, seconds=30)
    assert world.kit.sweep("holds", at=world.clock() + timedelta(seconds=29)).found == 0
    assert world.kit.sweep("holds", at=world.clock() + timedelta(seconds=30)).settled == 1
    assert world.kit.sweep("holds", at=world.clock() + timedelta(seconds=31)).found == 0
    assert world.is_proved()


def test_the_sweep_of_expiry_lets_go_first_what_is_held_no_longer(world: Any) -> None:
    member = world.member()
    world.does(member, "toy.earn", 100, payload={"days": 1})
    _place(world, member, 60, seconds=60)
    world.clock.advance(days=2)
    assert world.kit.sweep("expiry").state == "done"
    assert world.balances(member) == {"toy": 0}
    assert world.is_proved()
    assert world.kit.sweep("holds").found == 0


def test_a_hold_that_a_scheduler_lets_lapse_late_lapses_then(world: Any) -> None:
    member = world.member()
    world.does(member, "toy.earn", 100)
    _place(world, member, 60, seconds=30)
    world.kit.jobs.tick()
    world.clock.advance(hours=5)
    assert [run.settled for run in world.kit.jobs.tick() if run.job == "holds"] == [1]
    lapsed = world.kit.why(_last(world, "hold.expired")).activity
    assert (lapsed.occurred_at, lapsed.recorded_at) == (world.clock(), world.clock())
    assert world.is_proved()


def test_a_held_lot_does_not_lapse_while_held(world: Any) -> None:
    member = world.member()
    world.does(member, "toy.earn", 100, payload={"days": 1})
    held = _place(world, member, 60)
    world.clock.advance(days=2)
    assert _state(world, member) == (100, 60, 0)
    world.sweep(0)
    assert world.balances(member) == {"toy": 60}
    assert _capture(world, member, _hold(held), 50).settled
    assert _state(world, member)[2] == 0, "what was not captured lapsed long ago"
    world.sweep(0)
    assert world.balances(member) == {"toy": 0}
    assert world.is_proved()


@pytest.mark.row("A7", way="reversal")
def test_a_reversed_hold_is_released_and_a_reversed_capture_given_back(world: Any) -> None:
    member = world.member()
    world.does(member, "toy.earn", 100)
    held = _place(world, member, 60)
    assert world.kit.reverse(held.activity_id).settled
    assert _state(world, member) == (100, 0, 100)
    held = _place(world, member, 60)
    captured = _capture(world, member, _hold(held), 50)
    back = world.kit.reverse(held.activity_id)
    assert (back.settled, back.effects) == (True, ()), "a resolved hold has nothing to undo"
    assert world.kit.reverse(captured.activity_id, amount=20).settled
    assert _state(world, member) == (70, 0, 70)
    assert world.kit.reverse(captured.activity_id).settled
    assert _state(world, member) == (100, 0, 100)
    assert world.is_proved()


def test_a_hold_whose_lot_is_taken_back_is_backed_by_others_or_stands_in_the_way(world: Any) -> None:
    member = world.member()
    first = world.does(member, "toy.earn", 50, payload={"days": 3})
    second = world.does(member, "toy.earn", 50)
    held = _place(world, member, 40)
    assert world.kit.reverse(first.activity_id).settled
    assert _state(world, member) == (50, 40, 10)
    refused = world.kit.reverse(second.activity_id)
    assert (refused.code, refused.parameters["missing"]) == ("VALUE_HELD", "40")
    assert world.is_proved()
    assert _capture(world, member, _hold(held)).settled
    assert world.kit.reverse(second.activity_id).settled
    assert world.balances(member) == {"toy": 0, "toy.debt": -40}
    assert world.is_proved()


@pytest.mark.parametrize("kind", ["toy", "toy.plain"])
@pytest.mark.parametrize("ends", ["released", "captured", "over", "taken back"])
def test_what_a_hold_lets_go_pays_what_is_owed_first(world: Any, kind: str, ends: str) -> None:
    suffix = kind.removeprefix("toy").replace(".", "_")
    member = world.member()
    earned = world.does(member, f"toy.earn{suffix}", 50)
    world.does(member, f"toy.spend{suffix}", 50)
    world.does(member, f"toy.earn{suffix}", 40)
    held = _place(world, member, 40, kind, seconds=60)
    world.kit.reverse(earned.activity_id)
    assert world.balances(member) == {kind: 40, f"{kind}.debt": -50}
    if ends == "released":
        world.does(member, "hold.released", payload={"hold": _hold(held)})
    elif ends == "captured":
        _capture(world, member, _hold(held), 10)
    elif ends == "taken back":
        world.kit.reverse(held.activity_id)
    else:
        world.clock.advance(seconds=60)
        world.kit.sweep("holds")
    assert world.balances(member) == {kind: 0, f"{kind}.debt": -20 if ends == "captured" else -10}
    assert world.is_proved()


def test_of_holds_that_are_over_the_first_to_end_pays_what_is_owed(world: Any) -> None:
    left: list[Any] = []
    for sweeps in (True, False):
        member = world.member()
        earned = world.does(member, "toy.earn", 10)
        world.does(member, "toy.spend", 10)
        world.does(member, "toy.earn", 10, payload={"days": 9})
        _place(world, member, 10, seconds=120)
        world.does(member, "toy.earn", 10, payload={"days": 4})
        _place(world, member, 10, seconds=60)
        world.kit.reverse(earned.activity_id)
        for _ in range(2):
            world.clock.advance(seconds=90)
            if sweeps:
                world.kit.sweep("holds")
        world.kit.lapse([member], world.clock())
        world.clock.advance(days=5)
        left.append(_state(world, member)[2])
    assert left == [10, 10], "the hold on the lot of nine days ended last"
    assert world.is_proved()


def test_in_one_chunk_a_hold_is_placed_and_captured_by_plugins(world: Any, toy: Any) -> None:
    member = world.member()
    world.does(member, "toy.earn", 100)
    toy.rogue.append(_yields(Hold, account="toy", amount=30, seconds=60))
    hold = _hold(world.does(member, "toy.yield", 1))
    toy.rogue[:] = [_yields(Capture, hold=hold, amount=10, otherwise="refuse")]
    coming = [world.activity(member, "toy.yield", amount) for amount in (1, 2)]
    answers = list(world.kit.record_many(coming))
    assert [answer.code for answer in answers] == [None, "HOLD_RESOLVED"]
    toy.rogue[:] = [_yields(Release, hold=hold)]
    assert [each.code for each in world.does(member, "toy.yield", 3).effects] == ["HOLD_RESOLVED"], "a fact drops it"
    assert world.balances(member) == {"toy": 90}
    assert world.is_proved()


def _yields(kind: type[Effect], **values: Any) -> Callable[[Activity], Effect]:
    """Make what lets ``toy.yield`` yield an effect."""

    def make(activity: Activity) -> Effect:
        return kind(activity, rule="test@1", **values)

    return make


# ------------------------------------------------------------------------------------------------------- bundles


def _bundle(*make: Callable[[Activity], Effect], otherwise: Any = None) -> Callable[[Activity], Effect]:
    def bundle(activity: Activity) -> Bundle:
        return Bundle(activity, rule="test@1", effects=_made(make, activity), otherwise=otherwise)

    return bundle


def _made(make: tuple[Callable[[Activity], Effect], ...], activity: Activity) -> tuple[Effect, ...]:
    return tuple(one(activity) for one in make)


def _give(amount: int, **values: Any) -> Callable[[Activity], Effect]:
    return _yields(Credit, account="toy", amount=amount, **values)


def _take(amount: int) -> Callable[[Activity], Effect]:
    return _yields(Debit, account="toy.plain", amount=amount)


def test_a_bundle_stands_together(world: Any, toy: Any) -> None:
    member = world.member()
    world.does(member, "toy.earn_plain", 10)
    toy.rogue.append(_bundle(_give(5), _take(10)))
    assert [each.state for each in world.does(member, "toy.yield", 1).effects] == ["applied", "applied"]
    assert world.balances(member) == {"toy": 5, "toy.plain": 0}
    assert world.is_proved()


def test_a_bundle_falls_together_and_leaves_the_others(world: Any, toy: Any) -> None:
    member = world.member()
    toy.rogue += [_give(1), _bundle(_give(5), _take(10), _give(7)), _give(2)]
    effects = world.does(member, "toy.yield", 1).effects
    assert [(each.amount, each.state, each.code) for each in effects] == [
        (1, "applied", None),
        (5, "dropped", "INSUFFICIENT"),
        (10, "dropped", "INSUFFICIENT"),
        (7, "dropped", "INSUFFICIENT"),
        (2, "applied", None),
    ]
    assert world.balances(member) == {"toy": 3}
    assert world.is_proved()


def test_a_bundle_can_refuse_the_whole_activity(world: Any, toy: Any) -> None:
    member = world.member()
    toy.rogue += [_give(1), _bundle(_give(5), _take(10), otherwise="refuse")]
    assert world.does(member, "toy.yield", 1).code == "INSUFFICIENT"
    assert world.balances(member) == {}


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_bundle(_bundle(_give(1))), "bundle in a bundle"),
        (_bundle(_give(1, otherwise="drop")), "otherwise inside a bundle"),
        (_bundle(_give(0)), "amount of 0"),
        (_yields(Hold, account="toy", amount=1, seconds=0), "0 seconds"),
        (_yields(Capture, hold="mine"), "as a hold"),
        (_yields(Release, hold=None), "None as a hold"),
    ],
    ids=["nested", "otherwise", "nothing", "seconds", "capture", "release"],
)
def test_what_a_plugin_may_not_yield_fails_its_activity(world: Any, toy: Any, make: Any, says: str) -> None:
    toy.rogue.append(make)
    failed = world.does(world.member(), "toy.yield", 1)
    assert (failed.outcome, failed.code) == ("failed", "EFFECT_INVALID")
    assert says in failed.message


def _last(world: Any, kind: str) -> str:
    from sqlalchemy import select  # noqa: PLC0415

    from corekit.activities.tables import activity  # noqa: PLC0415

    with world.kit.read() as read:
        chosen = select(activity.c.id).where(activity.c.type == kind).order_by(activity.c.recorded_at.desc())
        found: str = read.scalar(chosen)
    return found


TWO = """
[program]
name = "Corner shop"
[points.currencies.points]
[points.currencies.growth]
scale = 2
[[points.rules]]
id = "base"
rate = 1
"""


@pytest.mark.row("A7", way="bad_input")
def test_a_part_is_captured_in_the_unit_in_which_it_is_held(make_kit: Any) -> None:
    kit = make_kit(["points"], program=TWO)
    member = kit.record(Activity(type="member.registered")).member
    kit.record(Activity(type="purchase", member=member, amount=100_00))
    payload = {"account": "points"}
    held = kit.record(Activity(type="hold.placed", member=member, amount=60, unit="points", payload=payload))

    def capture(unit: str) -> Any:
        told = {"hold": _hold(held)}
        return kit.record(Activity(type="hold.captured", member=member, amount=6, unit=unit, payload=told))

    wrong = capture("points.growth")
    assert (wrong.code, wrong.parameters["expected"]) == ("UNIT_WRONG", "points")
    assert capture("points").settled
    assert kit.verify().clean
