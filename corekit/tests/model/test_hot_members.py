"""Ten hot members, sixteen writers, readers that sum: every snapshot adds up, nothing deadlocks, nothing is done twice.

Time bounds how much is done, never what must hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from random import Random
from threading import Barrier, Thread
from time import monotonic
from typing import Any, LiteralString

import psycopg
import pytest
from corekit_model import plugin as model
from corekit_model.size import FUZZ, SECONDS
from sqlalchemy import ColumnElement, func, literal_column, select, text

from corekit import Activity, Busy, Kit, Line, Outcome
from corekit.db.reader import Reader
from corekit.ledger.tables import account, posting
from corekit.testing.plugin import MakeKit

MEMBERS, WRITERS, READERS, KEYS = 10, 16, 2, 50
LOTS = ("model.coin", "model.mile", "model.note")

# Per unit: what members have and owe, and the other side of it in the accounts of the house.
TOTALS = """
SELECT unit, sum(amount) AS amount FROM (
    SELECT k.unit, a.credits_posted - a.debits_posted AS amount FROM core_account a JOIN core_account_kind k
        ON k.code = a.kind WHERE a.member_id IS NOT NULL
    UNION ALL SELECT p.unit, p.amount FROM core_posting p JOIN core_account a ON a.id = p.credit_account_id
        WHERE a.member_id IS NULL
    UNION ALL SELECT p.unit, -p.amount FROM core_posting p JOIN core_account a ON a.id = p.debit_account_id
        WHERE a.member_id IS NULL) sides GROUP BY unit"""
NEGATIVE = """
SELECT a.kind, a.credits_posted - a.debits_posted AS balance, a.debits_pending AS pending FROM core_account a
WHERE a.member_id IS NOT NULL AND a.kind NOT LIKE '%.debt' AND a.credits_posted - a.debits_posted < a.debits_pending"""


DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
OTHERS = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""


@pytest.fixture
def kit(make_kit: MakeKit) -> Kit:
    return make_kit(modules={"model": model}, clock=lambda: datetime.now(UTC))


@pytest.fixture
def deadlocks(kit: Kit) -> Callable[[], int]:
    """Count the deadlocks of the database since the test began; SQLite, which has one writer, knows none."""
    began = _deadlocks(kit)
    return lambda: _deadlocks(kit) - began


def _deadlocks(kit: Kit) -> int:
    if kit.database.dialect == "sqlite":
        return 0
    kit.close()
    with psycopg.connect(kit.settings.database, autocommit=True) as connection:
        while _number(connection, OTHERS):  # what a connection counted is told when it ends
            pass
        return _number(connection, DEADLOCKS)


def _number(connection: psycopg.Connection[Any], question: LiteralString) -> int:
    (number,) = connection.execute(question).fetchone() or (0,)
    return int(number)


class Writer:
    """Does at random what it may to whom it may, until the time is over."""

    def __init__(self, kit: Kit, members: list[str], number: int) -> None:
        self.kit = kit
        self.members = members
        self.random = Random(int(FUZZ or 0) * WRITERS + number)
        self.done: list[Outcome] = []
        self.counts: Counter[str] = Counter()

    def works(self, until: float) -> Counter[str]:
        while monotonic() < until or not self.done:
            answer = self._sent(self._thinks_of_something())
            self.counts[answer.code or answer.outcome] += 1
            if answer.settled:
                self.done.append(answer)
        return self.counts

    def _sent(self, activity: Activity) -> Outcome:
        """Who is told that it was busy sends the same again."""
        while True:
            try:
                return self.kit.record(activity)
            except Busy:
                self.counts["busy"] += 1

    def _thinks_of_something(self) -> Activity:
        draw = self.random
        member, other = draw.sample(self.members, 2)
        account, amounts = draw.choice(LOTS), [draw.randint(0, 3_000) for _ in range(2)]
        value: dict[str, Any] = {"member": member, "amount": draw.randint(1, 50), "payload": {"account": account}}
        for_a_second: dict[str, Any] = value | {"unit": "pieces", "payload": {"account": account, "seconds": 1}}
        lines = tuple(Line(no, amount) for no, amount in enumerate(amounts, 1))
        wishes = [
            Activity(type="model.given", **value),
            Activity(type="model.given", **value),
            Activity(type="model.taken", **value),
            Activity(type="model.sent", members=(other,), **value),
            Activity(type="hold.placed", **for_a_second),
            Activity(type="purchase", member=member, amount=sum(amounts), lines=lines),
        ]
        for before in draw.sample(self.done[-9:], min(1, len(self.done))):
            wishes += [Activity(type="reversal", member=before.member, reverses=before.activity_id)] * 2
        for held in [before for before in self.done[-9:] if before.type == "hold.placed"][-1:]:
            told = {"hold": held.effects[0].id}
            wishes.append(Activity(type="hold.captured", member=held.member, payload=told))
        return draw.choice(wishes)


def _reads(kit: Kit, until: float) -> int:
    """Sum in one snapshot, again and again; return how often."""
    number = 0
    while monotonic() < until or not number:
        with kit.read() as read:
            totals = {row.unit: int(row.amount) for row in _found(read, "unit amount", TOTALS)}
            negative = _found(read, "kind balance pending", NEGATIVE)
        assert not any(totals.values()), totals
        assert negative == []
        number += 1
    return number


def _found(read: Reader, shown: str, search: str) -> list[Any]:
    columns: list[ColumnElement[Any]] = [literal_column(name) for name in shown.split()]
    return list(read.all(select(*columns).select_from(text(f"({search}) found"))))


@pytest.mark.row("A6", way="python")
def test_whatever_is_written_at_once_every_snapshot_adds_up(kit: Kit, deadlocks: Callable[[], int]) -> None:
    members = [kit.record(Activity(type="member.registered")).member for _ in range(MEMBERS)]
    writers = [Writer(kit, members, number) for number in range(WRITERS)]
    until = monotonic() + SECONDS
    with ThreadPoolExecutor(WRITERS + READERS) as pool:
        reading = [pool.submit(_reads, kit, until) for _ in range(READERS)]
        writing = [pool.submit(writer.works, until) for writer in writers]
        assert all(each.result() for each in reading)
        counts = sum((each.result() for each in writing), Counter[str]())
    assert counts["settled"] >= WRITERS
    assert counts.keys() <= {
        "settled",
        "busy",
        *("INSUFFICIENT", "ALREADY_REVERSED", "REVERSAL_OF_REVERSAL", "VALUE_HELD"),
        *("HOLD_RESOLVED", "HOLD_EXPIRED", "REVERSAL_OF_RECEIPT"),
    }
    assert deadlocks() == 0
    report = kit.verify()
    assert report.clean, report.violations


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_a_deadlock_would_be_counted(kit: Kit, deadlocks: Callable[[], int]) -> None:
    one, other = (kit.record(Activity(type="member.registered")).member for _ in range(2))
    both_hold_one, victims = Barrier(2), list[str]()

    def lock(first: str, second: str) -> None:
        with psycopg.connect(kit.settings.database) as connection:
            try:
                connection.execute("SELECT 1 FROM core_member WHERE id = %s FOR UPDATE", [first])
                both_hold_one.wait()
                connection.execute("SELECT 1 FROM core_member WHERE id = %s FOR UPDATE", [second])
            except psycopg.errors.DeadlockDetected:
                victims.append(first)

    threads = [Thread(target=lock, args=pair) for pair in ((one, other), (other, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(victims) == 1
    assert deadlocks() == 1


def test_each_of_fifty_keys_that_sixteen_send_at_once_executes_once(kit: Kit) -> None:
    member = kit.record(Activity(type="member.registered")).member
    sent = [
        Activity(
            type="model.given",
            member=member,
            amount=number,
            source="till",
            external_id=f"slip-{number}",
            occurred_at=kit.now(),
            payload={"account": "model.coin"},
        )
        for number in range(1, KEYS + 1)
    ]

    def send(number: int) -> list[Outcome]:
        return [kit.record(activity) for activity in Random(number).sample(sent, KEYS)]

    with ThreadPoolExecutor(WRITERS) as pool:
        answers = [answer for part in pool.map(send, range(WRITERS)) for answer in part]
    assert len(answers) == WRITERS * KEYS
    assert all(answer.settled for answer in answers)
    assert sum(not answer.replayed for answer in answers) == KEYS
    assert len({answer.activity_id for answer in answers}) == KEYS
    with kit.read() as read:
        written = read.scalar(select(func.count()).select_from(posting))
        total = read.scalar(select(account.c.credits_posted).where(account.c.member_id == member))
    assert (written, total) == (KEYS, KEYS * (KEYS + 1) // 2)
    assert kit.verify().clean
