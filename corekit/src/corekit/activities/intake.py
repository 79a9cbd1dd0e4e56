"""Work that waits: activities are recorded first and settled by workers, in order per member."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, Table, insert, select, tuple_, update

from corekit.activities import tables
from corekit.activities.activity import Activity, Line
from corekit.activities.incoming import Incoming, Key, internal
from corekit.activities.terms import Terms
from corekit.activities.write import waiting
from corekit.clock import moment
from corekit.db.reader import Reader

_intake = tables.intake
_COLUMNS = tuple(column.name for column in _intake.c)
MOST_KEYS = 1_000


def enqueue(connection: Connection, arriving: Iterable[Incoming], now: int) -> None:
    """Store activities that a worker will settle. The keys are new: see :func:`known`."""
    rows = [dict(zip(_COLUMNS, waiting(incoming, now), strict=True)) for incoming in arriving]
    if rows:
        connection.execute(insert(_intake), rows)


def known(read: Reader, keys: Iterable[Key]) -> dict[Key, str]:
    """Return the hash of every key that waits already."""
    return _hashes(read, _intake, keys)


def answered(read: Reader, keys: Iterable[Key]) -> dict[Key, str]:
    """Return the hash of every key that was answered already."""
    return _hashes(read, tables.request, keys)


def _hashes(read: Reader, table: Table, keys: Iterable[Key]) -> dict[Key, str]:
    """Return the hash beside each key that a table has; a statement takes so many keys and no more."""
    found: dict[Key, str] = {}
    coming = iter(keys)
    while part := list(islice(coming, MOST_KEYS)):
        chosen = select(table.c.scope, table.c.key, table.c.hash).where(tuple_(table.c.scope, table.c.key).in_(part))
        found.update(((row.scope, row.key), row.hash) for row in read.all(chosen))
    return found


def next_waiting(read: Reader, terms: Terms, number: int) -> tuple[list[Incoming], list[Key]]:
    """Return the oldest activities that wait, all of a member before any later one of the same member.

    And the keys of those among them of a type that nobody declares now, because its plugin is off.
    """
    order = (_intake.c.occurred_at, _intake.c.key, _intake.c.id)
    rows = read.all(select(_intake).where(_intake.c.state == "waiting").order_by(*order).limit(number))
    known = [row for row in rows if row.activity["type"] in terms.types]
    strange = [(row.scope, row.key) for row in rows if row.activity["type"] not in terms.types]
    return [_incoming(row, terms) for row in known], strange


def put_aside(connection: Connection, keys: Iterable[Key]) -> None:
    """Mark activities that failed: no worker takes them until somebody sends them again."""
    chosen = tuple_(_intake.c.scope, _intake.c.key).in_(list(keys))
    connection.execute(update(_intake).where(chosen).values(state="failed"))


def take_up(connection: Connection) -> int:
    """Let what failed be tried again; return how many."""
    return connection.execute(update(_intake).where(_intake.c.state == "failed").values(state="waiting")).rowcount


def _incoming(row: Row[Any], terms: Terms) -> Incoming:
    told = row.activity
    activity = Activity(
        id=told["id"],
        type=told["type"],
        member=row.member_id,
        occurred_at=moment(row.occurred_at),
        source=row.scope,
        external_id=row.key,
        amount=told["amount"],
        unit=told["unit"],
        lines=tuple(
            Line(no, amount, sku, category, quantity, unit_price, tuple(flags or ()))
            for no, amount, sku, category, quantity, unit_price, flags in told["lines"]
        ),
        payload=told["payload"],
        actor=told["actor"],
        reverses=told["reverses"],
        parent=told["parent"],
        depth=told["depth"],
    )
    incoming = internal(activity, terms.types[activity.type], row.occurred_at, historical=row.scope in terms.historical)
    incoming.hash = row.hash
    incoming.reported = row.enqueued_at
    return incoming
