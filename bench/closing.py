"""What a daily close costs, to a loop over the rows that it sums up, and in memory.

The small database is settled by the kernel: 1,000 members who pay in at a store by a channel, spend, set aside and
capture, and get a part back. The others are copies of it, made by the database: 1,000,000 entries, and 100,000. A loop
reads the same postings in one statement, with the activity and both accounts of each, and adds them up in Python; it
finds store and channel in the payload, as whoever writes such a report would.
"""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console
from sqlalchemy import select

from bench.multiply import multiply
from bench.servers import Servers
from bench.sweeps import peak
from corekit import Activity, Kit, Outcome, Settings
from corekit.ids import new_id
from corekit.tables import account, activity, outbox, posting
from corekit_stored_value.close import ClosedDay, close

MEMBERS = 1_000
ENTRIES = 10
"""Of a member."""
LARGE, SMALL = 100, 10
"""Copies: 1,000,000 entries and 100,000."""
ROUNDS = 3
DAY = datetime(2026, 3, 10, tzinfo=UTC)
STORES, CHANNELS = 40, ("cash", "card", "wechat")
Figures = dict[tuple[str, ...], tuple[int, int]]
"""What came in and what went out, by account kind, store, channel and type of activity."""
_console = Console(stderr=True)


def measure(servers: Servers) -> list[float]:
    """Return how many times as long a loop over the rows takes as the close of the day, per round."""
    found: list[float] = []
    for _ in range(ROUNDS):
        url = _copies(servers, LARGE)
        kit = _open(url)
        looped, by_loop = _loop(kit)
        closed, by_close = _close(kit)
        kit.close()
        servers.drop(url)
        if looped != _figures(closed):
            raise RuntimeError("the close and the loop do not find the same")
        _console.print(f"a close of {LARGE * MEMBERS * ENTRIES:,} entries {by_close:.2f} s, a loop {by_loop:.2f} s")
        found.append(by_loop / by_close)
    return found


def measure_memory(servers: Servers) -> list[float]:
    """Return how many times as much memory the close of 1,000,000 entries takes at most as that of 100,000."""
    peaks: list[int] = []
    for copies in (SMALL, LARGE):
        url = _copies(servers, copies)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            peaks.append(pool.apply(_close_alone, (url,)))
        servers.drop(url)
    return [peaks[1] / peaks[0]]


def _figures(day: ClosedDay) -> Figures:
    return {
        (line.kind, line.store, line.channel, type_): sums for line in day.lines for type_, sums in line.types.items()
    }


def _close_alone(url: str) -> int:
    kit = _open(url)
    _close(kit)
    kit.close()
    return peak()


def _open(url: str, at: datetime = DAY + timedelta(days=1, hours=1)) -> Kit:
    return Kit(Settings.of(database=url, plugins=["stored_value"]), clock=lambda: at)


def _close(kit: Kit) -> tuple[ClosedDay, float]:
    began = time.perf_counter()
    (day,) = close(kit)
    return day, time.perf_counter() - began


def _loop(kit: Kit) -> tuple[Figures, float]:
    """Add up what the close does, row by row, in one pass; return what it came to and the seconds."""
    debit, credit, back = account.alias("debit"), account.alias("credit"), activity.alias("back")
    rows = (
        select(
            activity.c.type,
            activity.c.payload,
            back.c.payload.label("before"),
            debit.c.kind.label("debit"),
            debit.c.member_id.label("debit_member"),
            credit.c.kind.label("credit"),
            credit.c.member_id.label("credit_member"),
            posting.c.amount,
        )
        .join_from(outbox, activity, activity.c.id == outbox.c.activity_id)
        .join(posting, posting.c.activity_id == activity.c.id)
        .join(debit, debit.c.id == posting.c.debit_account_id)
        .join(credit, credit.c.id == posting.c.credit_account_id)
        .outerjoin(back, back.c.id == activity.c.reverses)
    )
    ins: Counter[tuple[str, ...]] = Counter()
    outs: Counter[tuple[str, ...]] = Counter()
    began = time.perf_counter()
    with kit.read() as read:
        for row in read.stream(rows):
            told: dict[str, Any] = {**(row.before or {}), **(row.payload or {})}
            place = told.get("store", ""), told.get("channel", ""), row.type
            if row.credit_member is not None:
                ins[row.credit, *place] += row.amount
            if row.debit_member is not None:
                outs[row.debit, *place] += row.amount
    return {key: (ins[key], outs[key]) for key in ins.keys() | outs.keys()}, time.perf_counter() - began


_made: dict[int, str] = {}


def _copies(servers: Servers, copies: int) -> str:
    """Return the URL of a database of so many copies, made once and copied for whoever changes it."""
    if copies not in _made:
        settled = _settled(servers)
        _made[copies] = servers.copy(settled, f"close_{copies}")
        servers.drop(settled)
        multiply(_made[copies], copies)
    return servers.copy(_made[copies], f"close_{copies}_{new_id()}")


def _settled(servers: Servers) -> str:
    """Return the URL of a database that the kernel settled: ten entries of each member on one day."""
    url = servers.empty("postgresql", "close_settled")
    kit = _open(url, DAY + timedelta(hours=9))
    kit.upgrade()
    members = [each.member for each in _done(kit, [Activity(type="member.registered") for _ in range(MEMBERS)])]
    for step in range(ENTRIES - 2):
        paid = _done(kit, [_movement(member, number, step) for number, member in enumerate(members)])
        if step in (0, 3):  # a part of the first top-up and of the first spend comes back
            _done(kit, [_returned(each) for each in paid])
    kit.close()
    return url


def _movement(member: str, number: int, step: int) -> Activity:
    told = {"store": f"store-{(number + step) % STORES}"}
    if step in (0, 1, 2):
        told["channel"] = CHANNELS[(number + step) % len(CHANNELS)]
        return Activity(type="stored_value.topped_up", member=member, amount=100_00 + number, unit="USD", payload=told)
    return Activity(type="stored_value.spent", member=member, amount=10_00 + number % 97, unit="USD", payload=told)


def _returned(outcome: Outcome) -> Activity:
    return Activity(type="reversal", member=outcome.member, amount=1_00, reverses=outcome.activity_id)


def _done(kit: Kit, activities: Sequence[Activity]) -> list[Outcome]:
    outcomes = list(kit.record_many(activities))
    if not all(outcome.settled for outcome in outcomes):
        raise RuntimeError("an activity was not settled")
    return outcomes
