"""Several threads at once: no update is lost, nothing deadlocks, every answer is right."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

import pytest

from corekit import Activity, Outcome

THREADS = 8


def _at_once(do: Callable[[Any], Outcome], things: Iterable[Any]) -> list[Outcome]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(do, things))


@pytest.fixture
def live(make_world: Any, toy: Any) -> Any:
    """A world on the database's own clock, which never stands still."""
    return make_world(modules={"toy": toy}, clock=lambda: datetime.now(UTC))


def test_many_at_once_for_one_member_lose_no_update(live: Any) -> None:
    member = live.member()
    earns = [Activity(type="toy.earn", member=member, amount=number) for number in range(1, 81)]
    answers = _at_once(live.kit.record, earns)
    assert sorted(answer.seq or 0 for answer in answers) == list(range(2, 82)), "each got a number of its own"
    assert live.balances(member) == {"toy": sum(range(1, 81))}
    assert live.is_proved()


def test_what_is_there_once_is_spent_once(live: Any) -> None:
    member = live.member()
    live.kit.record(Activity(type="toy.earn", member=member, amount=100))
    answers = _at_once(live.kit.record, [Activity(type="toy.spend", member=member, amount=30) for _ in range(16)])
    assert sorted(answer.outcome for answer in answers) == ["refused"] * 13 + ["settled"] * 3
    assert {answer.code for answer in answers if not answer.settled} == {"INSUFFICIENT"}
    assert live.balances(member) == {"toy": 10}
    assert live.is_proved()


def test_the_same_activity_sent_many_times_at_once_settles_once(live: Any) -> None:
    member = live.member()
    keys = [f"k{number}" for number in range(5)]
    sent = [Activity(type="toy.earn", member=member, amount=7, external_id=key) for key in keys for _ in range(8)]
    Random(5).shuffle(sent)
    at = datetime.now(UTC)
    answers = _at_once(live.kit.record, [_at(activity, at) for activity in sent])
    assert all(answer.settled for answer in answers)
    assert sum(not answer.replayed for answer in answers) == len(keys)
    assert len({answer.activity_id for answer in answers}) == len(keys)
    assert live.balances(member) == {"toy": 35}


def test_the_same_registration_sent_many_times_at_once_makes_one_member(live: Any) -> None:
    join = Activity(type="member.registered", external_id="join", payload={"external_id": "A-1"})
    answers = _at_once(live.kit.record, [join] * 16)
    assert len({answer.member for answer in answers}) == 1
    assert live.rows()["core_member"] == 1


def test_two_who_want_one_external_id_at_once_are_one_member_and_one_refusal(live: Any) -> None:
    joins = [Activity(type="member.registered", payload={"external_id": "A-1"}) for _ in range(8)]
    answers = _at_once(live.kit.record, joins)
    assert sorted(answer.outcome for answer in answers) == ["refused"] * 7 + ["settled"]
    assert {answer.code for answer in answers if not answer.settled} == {"MEMBER_EXISTS"}


def test_chunks_over_the_same_members_at_once_deadlock_nowhere(live: Any) -> None:
    members = [live.member() for _ in range(12)]
    random = Random(7)

    def chunk(_: int) -> list[Activity]:
        chosen = random.sample(members, k=len(members))
        return [Activity(type="toy.earn", member=member, amount=1) for member in chosen for _ in range(2)]

    chunks = [chunk(number) for number in range(24)]

    def record(activities: list[Activity]) -> list[Outcome]:
        return list(live.kit.record_many(activities))

    with ThreadPoolExecutor(THREADS) as pool:
        answers = [answer for part in pool.map(record, chunks) for answer in part]
    assert all(answer.settled for answer in answers)
    assert {live.balances(member)["toy"] for member in members} == {48}
    assert live.is_proved()


def test_mixed_at_once_every_answer_is_right(live: Any) -> None:
    live.stock(1_000)
    members = [live.member() for _ in range(4)]
    random = Random(11)
    kinds = [("toy.earn", 50), ("toy.spend", 40), ("toy.tip", 30), ("toy.take", 0), ("toy.chain", 2), ("purchase", 900)]
    things = [
        Activity(type=kind, member=member, amount=amount)
        for member in members
        for kind, amount in random.choices(kinds, k=30)
    ]
    random.shuffle(things)
    answers = _at_once(live.kit.record, things)
    assert {answer.outcome for answer in answers} <= {"settled", "refused"}
    assert {answer.code for answer in answers if not answer.settled} <= {"INSUFFICIENT"}
    assert live.is_proved()


def test_reversals_at_once_take_each_activity_back_once(live: Any) -> None:
    member = live.member()
    earned = [live.kit.record(Activity(type="toy.earn", member=member, amount=5)) for _ in range(8)]
    answers = _at_once(live.kit.reverse, [each.activity_id for each in earned for _ in range(3)])
    assert sorted(answer.code or "" for answer in answers) == [""] * 8 + ["ALREADY_REVERSED"] * 16
    assert live.balances(member) == {"toy": 0}
    assert live.is_proved()


def test_the_database_tells_the_time_where_no_clock_is_given(make_kit: Any, toy: Any, dialect: str) -> None:
    from corekit import Kit  # noqa: PLC0415

    made = make_kit(modules={"toy": toy})
    kit = Kit(made.settings, modules={"toy": toy})
    try:
        member = kit.record(Activity(type="member.registered")).member
        answers = _at_once(kit.record, [Activity(type="toy.earn", member=member, amount=1) for _ in range(24)])
        assert all(answer.settled for answer in answers)
        assert kit.verify().clean
        assert abs(kit.now() - datetime.now(UTC)) < timedelta(minutes=5)
    finally:
        kit.close()


def test_a_clock_that_moves_between_plan_and_lock_keeps_time_rising(make_world: Any, toy: Any) -> None:
    ticks = count()
    start = datetime(2026, 1, 15, 12, tzinfo=UTC)
    world = make_world(modules={"toy": toy}, clock=lambda: start + timedelta(seconds=next(ticks)))
    member = world.member()
    now = start + timedelta(seconds=next(ticks))
    mixed = [
        Activity(type="toy.earn", member=member, amount=1, source=source, occurred_at=now + timedelta(seconds=step))
        for step, source in enumerate(["api", "history", "api", "history", "history"])
    ]
    assert all(answer.settled for answer in world.kit.record_many(mixed))
    assert world.is_proved()


def _at(activity: Activity, moment: datetime) -> Activity:
    from attrs import evolve  # noqa: PLC0415

    return evolve(activity, occurred_at=moment)
