"""Recording: one activity, many, the same again, and what a simulation leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import select

from corekit import Activity, Batch, Credit, Declares, Facts, Invalid, Line, Outcome
from corekit.activities.tables import line
from corekit.testing.modules import plugin_module


@pytest.mark.row("A2", way="python")
def test_an_activity_is_settled_at_the_members_next_number(world: Any) -> None:
    member = world.member()
    first, second = world.does(member, "toy.earn", 70), world.does(member, "toy.spend", 30)
    assert [first.outcome, first.seq, second.outcome, second.seq] == ["settled", 2, "settled", 3]
    assert [(effect.kind, effect.rule, effect.amount) for effect in second.effects] == [("Debit", "spend@1", 30)]
    assert world.balances(member) == {"toy": 40}
    assert world.is_proved()


@pytest.mark.row("A6", way="python")
def test_the_same_key_and_body_get_the_same_answer_and_change_nothing(world: Any) -> None:
    member = world.member()
    activity = world.activity(member, "toy.earn", 70, external_id="k1")
    first = world.kit.record(activity)
    stored = world.rows()
    again = world.kit.record(evolve(activity, id=first.activity_id[::-1]))
    assert (again.outcome, again.replayed) == ("settled", True)
    assert (again.activity_id, again.seq) == (first.activity_id, first.seq)
    assert world.rows() == stored


@pytest.mark.row("A6", way="bad_input")
def test_the_same_key_with_another_body_is_invalid_and_the_first_answer_stays(world: Any) -> None:
    member = world.member()
    activity = world.activity(member, "toy.earn", 70, external_id="k1")
    first = world.kit.record(activity)
    with pytest.raises(Invalid) as refused:
        world.kit.record(evolve(activity, amount=71))
    assert [(problem.code, problem.path) for problem in refused.value.problems] == [("KEY_REUSED", ("external_id",))]
    assert world.kit.record(activity).activity_id == first.activity_id
    assert world.balances(member) == {"toy": 70}


@pytest.mark.row("A6", way="python")
def test_a_refusal_is_stored_and_replayed_though_it_would_now_succeed(world: Any) -> None:
    member = world.member()
    activity = world.activity(member, "toy.spend", 30, external_id="k1")
    first = world.kit.record(activity)
    assert (first.outcome, first.code) == ("refused", "INSUFFICIENT")
    assert first.parameters == {"account": "toy", "available": "0", "held": "0", "needed": "30"}
    world.does(member, "toy.earn", 100)
    again = world.kit.record(activity)
    assert (again.outcome, again.code, again.parameters) == (first.outcome, first.code, first.parameters)
    assert again.message == first.message == "Of toy 0 is available and 0 is held, but 30 is needed."
    assert again.replayed
    assert world.balances(member) == {"toy": 100}


def test_a_refusal_leaves_nothing_but_its_request(world: Any) -> None:
    member = world.member()
    stored = world.rows()
    world.does(member, "toy.spend", 30)
    assert world.rows() == {**stored, "core_request": stored["core_request"] + 1}


def test_what_a_fact_cannot_take_is_dropped_with_its_reason(world: Any) -> None:
    member = world.member()
    outcome = world.does(member, "toy.tip", 30)
    assert outcome.settled
    assert [(effect.state, effect.code) for effect in outcome.effects] == [("dropped", "INSUFFICIENT")]
    assert world.is_proved()


@pytest.mark.row("A5", way="python")
@pytest.mark.parametrize(
    ("kind", "amount"), [("toy.earn", 70), ("toy.spend", 999), ("toy.chain", 3), ("toy.take", 0), ("purchase", 12300)]
)
def test_a_simulation_answers_like_the_record_and_stores_nothing(world: Any, kind: str, amount: int) -> None:
    member = world.member()
    world.stock(1)
    activity = world.activity(member, kind, amount)
    stored = world.rows()
    simulated = world.kit.simulate(activity)
    assert world.rows() == stored
    assert world.shelf() == (1, 0)
    recorded = world.kit.record(activity)
    assert _essence(simulated) == _essence(recorded)


@pytest.mark.row("A5", way="bad_input")
def test_a_simulation_of_what_is_invalid_says_so(world: Any) -> None:
    stored = world.rows()
    with pytest.raises(Invalid) as refused:
        world.kit.simulate(Activity(type="purchas", member=world.member()))
    assert refused.value.code == "TYPE_UNKNOWN"
    assert world.rows() == {name: number + (name in _REGISTERED) for name, number in stored.items()}


def test_two_of_one_key_in_one_chunk_are_one_activity(world: Any) -> None:
    member = world.member()
    activity = world.activity(member, "toy.earn", 70, external_id="k1")
    other = evolve(activity, id=world.activity(member, "toy.earn").id, amount=71)
    same, twin, clash = world.kit.record_many([activity, activity, other])
    assert [same.outcome, twin.outcome, clash.outcome] == ["settled", "settled", "invalid"]
    assert [same.replayed, twin.replayed] == [False, True]
    assert clash.code == "KEY_REUSED"
    assert world.balances(member) == {"toy": 70}


def test_one_that_is_not_understood_stops_no_other(world: Any) -> None:
    member = world.member()
    good = [world.activity(member, "toy.earn", 1) for _ in range(2)]
    bad = world.activity(member, "toy.earn", -1)
    answers = list(world.kit.record_many([good[0], bad, good[1]]))
    assert [answer.outcome for answer in answers] == ["settled", "invalid", "settled"]
    assert [problem.code for problem in answers[1].problems] == ["AMOUNT_RANGE"]


def test_nothing_happens_before_the_answers_are_asked_for(world: Any) -> None:
    member = world.member()
    answers = world.kit.record_many([world.activity(member, "toy.earn", 1)])
    assert world.balances(member) == {}
    assert next(answers).settled


def test_progress_is_told_after_each_chunk(world: Any) -> None:
    member = world.member()
    told: list[int] = []
    list(
        world.kit.record_many((world.activity(member, "toy.earn", 1) for _ in range(5)), chunk=2, progress=told.append)
    )
    assert told == [2, 4, 5]


def test_a_members_activities_settle_in_the_order_in_which_they_occurred(world: Any) -> None:
    member = world.member()
    early, late = world.clock() - timedelta(days=2), world.clock() - timedelta(days=1)
    spend = world.activity(member, "toy.spend", 10, occurred_at=late)
    earn = world.activity(member, "toy.earn", 10, occurred_at=early)
    assert [answer.outcome for answer in world.kit.record_many([spend, earn])] == ["settled", "settled"]
    assert world.balances(member) == {"toy": 0}


def test_history_settles_as_history_and_time_still_rises(world: Any) -> None:
    then = world.clock() - timedelta(days=900)
    registered = Activity(type="member.registered", source="history", occurred_at=then)
    member = world.kit.record(registered).member
    same = [world.activity(member, "toy.earn", 1, source="history", occurred_at=then) for _ in range(3)]
    answers = list(world.kit.record_many(same))
    at = [world.kit.why(answer.activity_id).activity.recorded_at for answer in answers]
    assert sorted(moment - then for moment in at) == [timedelta(microseconds=number) for number in (1, 2, 3)]
    assert world.is_proved()


def test_history_and_present_mix_in_one_chunk_and_time_still_rises(world: Any) -> None:
    member = world.member()
    now = world.clock()
    mixed = [
        world.activity(member, "toy.earn", 1, source="history" if number % 2 else "api", occurred_at=now + step)
        for number, step in enumerate([timedelta(0), timedelta(minutes=4), timedelta(seconds=1), timedelta(minutes=3)])
    ]
    assert all(answer.settled for answer in world.kit.record_many(mixed))
    assert world.is_proved()


def test_without_plugins_the_core_records_and_proves_itself(make_world: Callable[..., Any]) -> None:
    world = make_world()
    member = world.member(name="Ada")
    bought = world.does(member, "purchase", 1234)
    assert world.kit.simulate(world.activity(member, "purchase", 1)).settled
    assert world.kit.reverse(bought.activity_id).settled
    assert world.is_proved()


_REGISTERED = {"core_member", "core_profile", "core_request", "core_activity", "core_effect", "core_outbox"}


def _essence(outcome: Outcome) -> Any:
    """What an answer says, without the ids made for it."""
    effects = [(e.kind, e.rule, e.account, e.amount, e.state, e.code) for e in outcome.effects]
    return (
        (outcome.outcome, outcome.type, outcome.seq, outcome.code, outcome.parameters, effects),
        [_essence(each) for each in outcome.follow_ons],
    )


def test_a_chunk_has_one_activity_at_least(world: Any) -> None:
    with pytest.raises(ValueError, match="one activity at least"):
        list(world.kit.record_many([world.activity(world.member(), "toy.earn", 1)], chunk=0))


@pytest.mark.parametrize("lines", [3, 4, 5, 6, 20, 21])
def test_of_any_number_of_lines_each_is_stored_as_it_was_given(world: Any, lines: int) -> None:
    member = world.member()
    given = [
        Line(no, 100 + no, sku=f"s{no}" if no % 2 else None, quantity=no, flags=("gift",) if no == 2 else ())
        for no in range(1, lines + 1)
    ]
    bought = world.does(member, "purchase", sum(each.amount for each in given), lines=tuple(given))
    with world.kit.read() as read:
        rows = read.all(select(line).where(line.c.activity_id == bought.activity_id).order_by(line.c.no))
    assert [(row.no, row.amount, row.sku, row.quantity, row.flags) for row in rows] == [
        (each.no, each.amount, each.sku, each.quantity, [*each.flags] or None) for each in given
    ]


def test_a_plugin_prepares_for_what_it_says(make_world: Any, toy: Any) -> None:
    asked: list[list[str]] = []

    def prepare(batch: Batch) -> dict[str, str]:
        asked.append([activity.type for activity in batch])
        return {activity.member: "known" for activity in batch}

    def react(batch: Batch, facts: Facts) -> Any:
        for activity in batch.of("toy.tip"):
            assert facts.prepared(activity) == "known"
            yield Credit(activity, rule="seer@1", account="toy", amount=7)

    declares = Declares(requires=["toy"], reacts=["toy.earn", "toy.tip"], prepares=["toy.tip"])
    seer = plugin_module(declares, "seer", corekit_prepare=prepare, corekit_react=react)
    world = make_world(modules={"toy": toy, "seer": seer})
    member = world.member()
    assert world.does(member, "toy.earn", 5).settled
    assert asked == []
    coming = [world.activity(each, kind, 5) for each in (member, world.member()) for kind in ("toy.earn", "toy.tip")]
    assert all(outcome.settled for outcome in world.kit.record_many(coming))
    assert asked == [["toy.tip", "toy.tip"]]
