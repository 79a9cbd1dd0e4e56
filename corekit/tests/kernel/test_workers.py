"""Any number of workers and any chunking end as settling one by one in the order in which things occurred."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from corekit import Activity, Unavailable
from corekit.activities.intake import Intake
from corekit.activities.lanes import LANES, lane_of
from corekit.activities.tables import activity as settled
from corekit.ids import new_id

KINDS = ("toy.earn", "toy.spend", "toy.tip", "toy.chain", "purchase", "toy.take")
MEMBERS, NUMBER = 6, 40
postgresql_only = pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)


def coming(world: Any, seed: int, number: int) -> list[Activity]:
    """Make up activities of all members, some at the same instant, for two worlds alike but for their members."""
    random = Random(seed)
    start = world.clock() - timedelta(days=30)
    made: list[Activity] = []
    for index in range(number):
        occurred = start + timedelta(minutes=random.randrange(number))
        kind, amount = random.choice(KINDS), random.choice((1, 2, 50, 300))
        if kind == "toy.take":
            amount = 0
        if kind == "toy.chain":
            amount = random.randrange(1, 4)
        made.append(
            Activity(
                type=kind,
                member=str(random.randrange(MEMBERS)),
                amount=amount,
                source="history",
                external_id=f"é{index}" if index % 3 else f"Z{index}",
                occurred_at=occurred,
            )
        )
    return made


def sent(made: list[Activity], members: list[str]) -> list[Activity]:
    return [evolve(each, member=members[int(each.member)], id=new_id()) for each in made]


def ends(world: Any, members: list[str]) -> Any:
    """Return what became of each member: its activities in their order, and its balances."""
    with world.kit.read() as read:
        rows = read.all(
            select(settled.c.member_id, settled.c.type, settled.c.external_id, settled.c.parent_id)
            .where(settled.c.source == "history")
            .order_by(settled.c.seq)
        )
    told = {member: [(row.type, row.external_id) for row in rows if row.member_id == member] for member in members}
    return [([key for key in told[member] if len(key[1]) < 9], world.balances(member)) for member in members]


@given(
    seed=st.integers(0, 10_000),
    workers=st.integers(1, 4),
    chunk=st.sampled_from([1, 7, 50, 500]),
    parts=st.integers(1, 3),
)
@settings(
    max_examples=2,
    phases=[Phase.generate],  # an example takes seconds, and says by itself what is wrong
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_number_of_workers_and_any_chunk_end_as_one_by_one(
    make_world: Callable[..., Any], toy: Any, seed: int, workers: int, chunk: int, parts: int
) -> None:
    one, many = make_world(modules={"toy": toy}), make_world(modules={"toy": toy})
    made = coming(one, seed, NUMBER)
    there, here = ([world.member() for _ in range(MEMBERS)] for world in (one, many))
    for world in (one, many):
        world.stock(1_000)  # scarce stock goes to whoever comes first, and that is not a matter of a member's order
    for each in sorted(sent(made, there), key=lambda each: (each.occurred_at, each.external_id)):
        one.kit.record(each)
    enqueued = sent(made, here)
    # Whoever sends in parts sends what occurred earlier first: a late one is late by any way.
    enqueued.sort(key=lambda each: (each.occurred_at, each.external_id))
    with ThreadPoolExecutor(workers) as pool:
        for part in range(parts):
            many.kit.enqueue(enqueued[: NUMBER * (part + 1) // parts])
            for working in [pool.submit(many.kit.work, chunk=chunk) for _ in range(workers)]:
                working.result()
    assert ends(many, here) == ends(one, there)
    assert many.rows()["core_intake"] == 0
    assert many.is_proved()


@postgresql_only
def test_no_member_is_in_two_hands(world: Any) -> None:
    """What one worker has, no other one is given before it is done, whoever asks for however much."""
    members = [world.member() for _ in range(40)]
    world.kit.enqueue(world.activity(member, "toy.earn", 1) for member in members for _ in range(3))
    intake = Intake(world.kit.database, world.kit._settlement)
    with intake.claimed(20) as first, intake.claimed(500) as second, intake.claimed(500) as third:
        hands = [{row[0] for row in rows} for rows in (first, second, third)]
        assert hands[0]
        assert hands[1]
        assert not hands[0] & hands[1]
        assert not (hands[0] | hands[1]) & hands[2]
    with intake.claimed(10_000) as again:
        assert {row[0] for row in first} <= {row[0] for row in again}


@postgresql_only
def test_claiming_whatever_waits_would_be_found_out(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from corekit.ledger import postgresql  # noqa: PLC0415

    claim = postgresql._CLAIM.partition(" FOR NO KEY")[0]
    monkeypatch.setattr(postgresql, "_CLAIM", claim)
    with pytest.raises(AssertionError):
        test_no_member_is_in_two_hands(world)


CLAIM = """
import sys, threading
from corekit import Kit, Settings
with Kit(Settings.of(database=sys.argv[1]))._intake.claimed(500) as rows:
    print(len(rows), flush=True)
    threading.Event().wait()
"""


@postgresql_only
def test_a_worker_that_dies_frees_what_it_held(make_kit: Any, start: Callable[..., Any]) -> None:
    kit = make_kit()
    member = kit.record(Activity(type="member.registered")).member
    kit.enqueue([Activity(type="purchase", member=member, amount=5)])
    worker = start(sys.executable, "-c", CLAIM, kit.settings.database, stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    assert worker.stdout.readline() == "1\n"
    assert kit.work() == 0, "another one has it"
    worker.kill()
    while not kit.work():  # until the server has noticed
        pass
    with kit.read() as read:
        assert read.scalar(select(settled.c.state).where(settled.c.type == "purchase")) == "settled"


def test_lanes_are_what_members_are_spread_over() -> None:
    lanes = [lane_of(new_id()) for _ in range(5_000)]
    assert set(lanes) == set(range(LANES))


def test_two_who_enqueue_the_same_keys_at_the_same_time_store_each_once(world: Any) -> None:
    member = world.member()
    made = [world.activity(member, "toy.earn", 1, external_id=f"k{number}") for number in range(300)]

    def send(_: int) -> int:
        return sum(not answer.replayed for answer in world.kit.enqueue(sent_again(made)))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(send, range(4))) == 300
    assert world.rows()["core_intake"] == 300


def sent_again(made: list[Activity]) -> list[Activity]:
    return [evolve(each, id=new_id()) for each in made]


@pytest.mark.parametrize("number", [3, 499, 1200])
def test_however_many_are_enqueued_they_come_as_they_were_sent(world: Any, number: int) -> None:
    """A few travel by value, more as a document, many by COPY."""
    member = world.member()
    payload = {"store": 'a "b"\\\t\n c', "order_no": "é世"}
    world.kit.enqueue(
        world.activity(member, "purchase", 100 + index, external_id=f"k\\{index}\t", payload=payload)
        for index in range(number)
    )
    assert world.kit.work() == number
    with world.kit.read() as read:
        rows = read.all(select(settled.c.amount, settled.c.payload).where(settled.c.type == "purchase"))
    assert sorted(row.amount for row in rows) == list(range(100, 100 + number))
    assert all(row.payload == payload for row in rows)


@postgresql_only
def test_a_lost_connection_costs_a_claim_and_the_next_answer_and_nothing_more(world: Any) -> None:
    """So that long chunks outlive the server's patience with the idle transaction of their claim."""
    kit, member = world.kit, world.member()
    kit.enqueue([world.activity(member, "toy.earn", 5)])
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "

    def lose() -> None:
        with kit.database.write() as connection:
            connection.exec_driver_sql(others + "pg_backend_pid()")

    with Intake(kit.database, kit._settlement).claimed(10) as rows:
        assert len(rows) == 1
        lose()
    assert kit.work() == 1
    lose()
    earn = world.activity(member, "toy.earn", 7, external_id="again")
    with pytest.raises(Unavailable):
        kit.record(earn)
    assert kit.record(earn).settled
    assert world.balances(member) == {"toy": 12}
    assert world.is_proved()
