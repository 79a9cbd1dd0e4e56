"""Ten members, thirty-two threads: nothing is lost, doubled, below zero or stuck."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from random import Random
from typing import Any

import psycopg
import pytest
from sqlalchemy import case, func, select

from corekit import Activity, Busy, Kit, Outcome, balances
from corekit.tables import account, posting
from corekit.testing.plugin import MakeKit

MEMBERS, THREADS, ROUNDS, SNAPSHOTS = 10, 32, 6, 20
PROGRAM = """
[program]
name = "Corner shop"

[[stored_value.bonus]]
id = "any"
from = "1"
rate = "0.1"
"""
ACCEPTED = {None, "INSUFFICIENT", "HOLD_UNKNOWN", "REVERSAL_UNKNOWN"}


@pytest.mark.row("V2", way="python")
@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_whatever_is_done_at_once_adds_up(make_kit: MakeKit) -> None:
    kit = make_kit(["stored_value"], program=PROGRAM, clock=lambda: datetime.now(UTC))
    members = [kit.record(Activity(type="member.registered")).member for _ in range(MEMBERS)]
    before = _deadlocks(kit)
    # Two threads send the same, key for key.
    lists = [list(_mixed(members, Random(number))) for number in range(THREADS // 2)] * 2

    def sends(activities: list[Activity]) -> list[Outcome]:
        return [_sent(kit, activity) for activity in activities]

    with ThreadPoolExecutor(THREADS + 1) as pool:
        reading = pool.submit(_adds_up, kit, SNAPSHOTS)
        answers = [answer for some in pool.map(sends, lists) for answer in some]
        reading.result()
    assert {answer.code for answer in answers} <= ACCEPTED, Counter(answer.code for answer in answers)
    done = {answer.activity_id: answer for answer in answers if answer.settled and not answer.replayed}
    assert len(done) == sum(answer.settled and not answer.replayed for answer in answers)
    assert {answer.activity_id for answer in answers if answer.settled} == set(done)
    moved: Counter[str] = Counter()
    for answer in done.values():
        for effect in answer.effects:
            comes_in = effect.kind == "Credit" and effect.undoes is None
            goes_out = effect.kind in ("Debit", "Capture") and effect.undoes is None
            comes_back = effect.undoes is not None and effect.kind in ("Debit", "Capture")
            moved[answer.member] += effect.amount * (comes_in + comes_back - goes_out)
    with kit.read() as read:
        found = balances(read, members, kit.now())
    assert {member: sum(each.balance for each in kinds) for member, kinds in found.items()} == dict(moved)
    assert all(each.available >= 0 and not each.debt for kinds in found.values() for each in kinds)
    assert _deadlocks(kit) == before
    report = kit.verify()
    assert report.clean, report.violations


def _mixed(members: list[str], chance: Random) -> Iterator[Activity]:
    for _ in range(ROUNDS):
        about: dict[str, Any] = {"member": chance.choice(members), "unit": "USD"}
        top_up: dict[str, Any] = {"type": "stored_value.topped_up", "payload": {"channel": "cash"}}
        yield Activity(amount=chance.randint(1_00, 50_00), **top_up, **about)
        spent = Activity(type="stored_value.spent", amount=chance.randint(1, 40_00), **about)
        yield spent
        placed = Activity(type="stored_value.authorised", amount=chance.randint(1, 20_00), **about)
        yield placed
        yield Activity(type="reversal", member=spent.member, reverses=spent.id)
        yield Activity(type="hold.captured", member=placed.member, payload={"activity": placed.id})


def _sent(kit: Kit, activity: Activity) -> Outcome:
    """Who is told that it was busy sends the same again."""
    while True:
        try:
            return kit.record(activity)
        except Busy:
            continue


def _adds_up(kit: Kit, times: int) -> None:
    """In each snapshot what members have and what the house gave cancel."""
    house = account.alias("house")
    has = select(func.coalesce(func.sum(account.c.credits_posted - account.c.debits_posted), 0))
    side = case((posting.c.credit_account_id == house.c.id, posting.c.amount), else_=-posting.c.amount)
    either = (posting.c.credit_account_id == house.c.id) | (posting.c.debit_account_id == house.c.id)
    gave = select(func.coalesce(func.sum(side), 0)).join_from(posting, house, either)
    for _ in range(times):
        with kit.read() as read:
            held = read.scalar(has.where(account.c.member_id.is_not(None)))
            given = read.scalar(gave.where(house.c.member_id.is_(None)))
        assert int(held) + int(given) == 0


def _deadlocks(kit: Kit) -> int:
    with psycopg.connect(kit.settings.database, autocommit=True) as connection:
        connection.execute("SELECT pg_stat_force_next_flush()")
        found = connection.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        (number,) = found.fetchone() or (0,)
        return int(number)
