"""Work that waits: activities are recorded first and settled by workers, in order per member."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
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
from corekit.activities.outcome import Outcome
from corekit.activities.race import Race
from corekit.activities.receiving import key_reused
from corekit.activities.settle import Settlement
from corekit.activities.terms import Terms
from corekit.activities.write import waiting
from corekit.clock import moment
from corekit.db.engine import Database
from corekit.errors import Busy
from corekit.ledger.segments import NOTHING
from corekit.ledger.store import Conflict, Store
from corekit.suspension.suspensions import is_suspended

_intake = tables.intake
PART = 5_000
"""Rows or keys that travel at once."""
Waiting = tuple[Any, ...]
"""Member, source, external id, hash, time and document of an activity that waits."""


class Intake:
    """What waits in the database of a settlement, and who may settle it."""

    def __init__(self, database: Database, settlement: Settlement) -> None:
        self._database = database
        self._settlement = settlement
        self._one_writer = Lock()

    def enqueue(self, arriving: Sequence[Incoming | Outcome]) -> list[Outcome]:
        """Store activities that a worker will settle, in one transaction, and answer each; outcomes are answers.

        Nothing is stored of a key that waited or was answered before.
        """
        fresh: dict[Key, Incoming] = {}
        for each in arriving:
            if isinstance(each, Incoming):
                fresh.setdefault(each.key, each)
        there = self._kept(fresh)
        return [each if isinstance(each, Outcome) else _waits(each, fresh, there) for each in arriving]

    def work(self, terms: Callable[[], Terms], chunk: int, limit: int | None) -> int:
        """Settle what waits, ``chunk`` activities at once, to the end or up to a limit; return how many that was."""
        done = 0
        while limit is None or done < limit:
            with self.claimed(chunk if limit is None else min(chunk, limit - done)) as rows:
                if not rows:
                    break
                arriving, aside = understood(rows, terms())
                answers = self._settlement.settle(arriving, waiting=True)
                aside += [each.key for each in arriving if answers[each.activity.id].outcome in {"failed", "invalid"}]
                told = [(each.key, answers[each.activity.id]) for each in arriving]
                held = [(key, answer) for key, answer in told if answer.outcome == "busy"]
                number = 0
                if aside or held:
                    with self._database.write() as connection:
                        put_aside(connection, aside)
                        number = _hold(connection, held)
                if held and len(rows) == len(held) and not number:  # only this process knows who holds them up
                    answer = held[0][1]
                    raise Busy(answer.message, code=answer.code, **answer.parameters)
                done += len(rows)
        return done

    def _kept(self, arriving: Mapping[Key, Incoming]) -> dict[Key, str]:
        """Store what comes with a new key; return the hash of each other key."""
        race = Race("others keep sending the same keys; nothing was stored, send them again")
        while True:
            try:
                with self._settlement.connected() as (store, _):
                    there = known(store, arriving)
                    self._store(store, [each for key, each in arriving.items() if key not in there])
            except Conflict:  # somebody enqueued one of the keys meanwhile
                race.lose()
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


def put_aside(connection: Connection, keys: Iterable[Key], state: str = "failed") -> None:
    """Mark activities that failed, or are held: no worker takes them until somebody lets them be tried again."""
    chosen = tuple_(_intake.c.scope, _intake.c.key).in_(list(keys))
    connection.execute(update(_intake).where(chosen).values(state=state))


def _hold(connection: Connection, held: Sequence[tuple[Key, Outcome]]) -> int:
    """Put aside what plugins hold up that are still suspended; return how many that is."""
    by_plugin: dict[str, list[Key]] = {}
    for key, answer in held:
        by_plugin.setdefault(str(answer.parameters.get("plugin")), []).append(key)
    number = 0
    for plugin, keys in sorted(by_plugin.items()):
        if is_suspended(connection, plugin):  # who resumes it waits for this, and then takes up these as well
            put_aside(connection, keys, "held")
            number += len(keys)
    return number


def take_up(connection: Connection, state: str) -> int:
    """Let what is in a state, ``failed`` or ``held``, be tried again; return how many."""
    return connection.execute(update(_intake).where(_intake.c.state == state).values(state="waiting")).rowcount


def _waits(incoming: Incoming, fresh: Mapping[Key, Incoming], there: Mapping[Key, str]) -> Outcome:
    """Return the answer to an activity that waits now, or whose key was sent before."""
    known = there.get(incoming.key)
    if (known or fresh[incoming.key].hash) != incoming.hash:
        return key_reused(incoming)
    is_first = known is None and fresh[incoming.key] is incoming
    return Outcome(
        outcome="waiting",
        source=incoming.key[0],
        external_id=incoming.key[1],
        member=incoming.activity.member,
        activity_id=incoming.activity.id if is_first else None,
        type=incoming.activity.type,
        replayed=not is_first,
    )


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
    incoming.inherits = told.get("inherits", NOTHING)
    incoming.reported = enqueued
    return incoming
