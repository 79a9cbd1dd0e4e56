"""Work that waits: activities are recorded first and settled by workers, in order per member."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from threading import Lock
from typing import Any

from sqlalchemy import Connection, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from corekit.activities import tables
from corekit.activities.activity import Activity, Line
from corekit.activities.incoming import Incoming, Key
from corekit.activities.lanes import AT_ONCE, LANES, MOST
from corekit.activities.settle import MOST_TRIES, Settlement
from corekit.activities.terms import Terms
from corekit.activities.write import waiting
from corekit.clock import moment
from corekit.errors import Busy
from corekit.ledger.store import Conflict, Store

_intake = tables.intake
PART = 5_000
"""Rows or keys that travel at once."""
Waiting = tuple[Any, ...]
"""Member, source, external id, hash, time and document of an activity that waits."""


class Intake:
    """What waits in the database of a settlement, and who may settle it."""

    def __init__(self, settlement: Settlement) -> None:
        self._settlement = settlement
        self._one_writer = Lock()

    def enqueue(self, arriving: Mapping[Key, Incoming]) -> dict[Key, str]:
        """Store activities that a worker will settle, in one transaction.

        Returns the hash of each key that waited or was answered before: of those nothing is stored.
        """
        lost = 0
        while True:
            try:
                with self._settlement.connected() as (store, _):
                    there = known(store, arriving)
                    self._store(store, [each for key, each in arriving.items() if key not in there])
            except Conflict:  # somebody enqueued one of the keys meanwhile
                lost += 1
                if lost > MOST_TRIES:
                    raise Busy("others keep sending the same keys; nothing was stored, send them again") from None
                time.sleep(0.001 * lost)
            else:
                return there

    def _store(self, store: Store, fresh: Sequence[Incoming]) -> None:
        if not fresh:
            return
        clock = self._settlement.clock
        now = store.time() if clock.by_database else clock.about_now()
        store.begin()
        for part in _parts(fresh):
            store.write({"intake": [waiting(incoming, now) for incoming in part]})
        store.commit()

    @contextmanager
    def claimed(self, most: int) -> Generator[list[Waiting]]:
        """Give so many activities at most that wait, which nobody else is given before the block ends.

        All of a member come before any later one of the same member. There are none where nothing waits, or where
        others have claimed whatever does.

        On PostgreSQL the claim is a transaction of its own beside the one that settles. Should it be lost, two workers
        may plan the same, and the write of one of them finds out: claims save work in vain, the books do not need them.
        """
        if not self._settlement.shared:
            with self._one_writer:
                with self._settlement.connected() as (store, _):
                    rows = _some(store, most)
                yield rows
            return
        with self._settlement.connected() as (store, _):
            store.begin()
            yield _some(store, most)
            store.rollback()


def _some(store: Store, most: int) -> list[Waiting]:
    """Claim a few lanes, and more of them only where little waits in those."""
    rows: list[Waiting] = []
    held: list[int] = []
    while len(rows) < most and len(held) < MOST:
        lanes = store.claim(min(AT_ONCE, most - len(rows)), held)
        if not lanes:
            break
        held += lanes
        rows += store.waiting(lanes, (most - len(rows)) // len(lanes))
    return rows


def known(store: Store, keys: Iterable[Key]) -> dict[Key, str]:
    """Return the hash of every key that waits or was answered already."""
    found: dict[Key, str] = {}
    for part in _parts(keys):
        found.update((row[:2], row[2]) for row in store.waiting_keys(part))
        found.update((row[:2], row[2]) for row in store.requests(part) if row[3] != "failed")
    return found


def lay_lanes(connection: Connection) -> None:
    """Make the lanes that workers claim, where they are not there yet."""
    add = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(tables.intake_lane)
    connection.execute(add.on_conflict_do_nothing(), [{"lane": lane} for lane in range(LANES)])


def understood(rows: Sequence[Waiting], terms: Terms) -> tuple[list[Incoming], list[Key]]:
    """Return activities that wait, and the keys of those of a type that nobody declares now: its plugin is off."""
    declared = [row for row in rows if row[5]["type"] in terms.types]
    strange = [(row[1], row[2]) for row in rows if row[5]["type"] not in terms.types]
    return [_incoming(row, terms) for row in declared], strange


def put_aside(connection: Connection, keys: Iterable[Key]) -> None:
    """Mark activities that failed: no worker takes them until somebody sends them again."""
    chosen = tuple_(_intake.c.scope, _intake.c.key).in_(list(keys))
    connection.execute(update(_intake).where(chosen).values(state="failed"))


def take_up(connection: Connection) -> int:
    """Let what failed be tried again; return how many."""
    return connection.execute(update(_intake).where(_intake.c.state == "failed").values(state="waiting")).rowcount


def _parts(values: Iterable[Any]) -> Generator[list[Any]]:
    coming = iter(values)
    while part := list(islice(coming, PART)):
        yield part


def _incoming(row: Waiting, terms: Terms) -> Incoming:
    member, scope, key, hash_, occurred, told, enqueued = row
    activity = Activity(
        id=told["id"],
        type=told["type"],
        member=member,
        occurred_at=moment(occurred),
        source=scope,
        external_id=key,
        amount=told["amount"],
        unit=told["unit"],
        lines=tuple(
            Line(no, amount, sku, category, quantity, unit_price, tuple(flags or ()))
            for no, amount, sku, category, quantity, unit_price, flags in told["lines"]
        ),
        payload=told["payload"],
        actor=told["actor"],
        reverses=told["reverses"],
        members=tuple(told["members"]),
        parent=told["parent"],
        depth=told["depth"],
    )
    # A sweep as of another instant says itself that it settles then.
    kind, historical = terms.types[activity.type], scope in terms.historical or told.get("historical", False)
    incoming = Incoming(activity, kind, occurred, activity.payload or None, hash_=hash_, historical=historical)
    incoming.identity = told.get("identity")
    incoming.reported = enqueued
    return incoming
