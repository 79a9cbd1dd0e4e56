"""Work that waits: activities are recorded first and settled by workers, in order per member."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, insert, select, tuple_, update

from corekit.activities import tables
from corekit.activities.activity import Activity, Line
from corekit.activities.incoming import Incoming, internal
from corekit.activities.terms import Terms
from corekit.activities.write import waiting
from corekit.clock import moment
from corekit.db.reader import Reader

_intake = tables.intake
_COLUMNS = tuple(column.name for column in _intake.c)


def enqueue(connection: Connection, arriving: Iterable[Incoming], now: int) -> None:
    """Store activities that a worker will settle. The keys are new: see :func:`known`."""
    rows = [dict(zip(_COLUMNS, waiting(incoming, now), strict=True)) for incoming in arriving]
    if rows:
        connection.execute(insert(_intake), rows)


def known(read: Reader, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return the hash of every key that waits already."""
    chosen = select(_intake.c.scope, _intake.c.key, _intake.c.hash).where(
        tuple_(_intake.c.scope, _intake.c.key).in_(list(keys))
    )
    return {(row.scope, row.key): row.hash for row in read.all(chosen)}


def answered(read: Reader, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return the hash of every key that was answered already."""
    request = tables.request
    chosen = select(request.c.scope, request.c.key, request.c.hash).where(
        tuple_(request.c.scope, request.c.key).in_(list(keys))
    )
    return {(row.scope, row.key): row.hash for row in read.all(chosen)}


def next_waiting(read: Reader, terms: Terms, number: int) -> list[Incoming]:
    """Return the oldest activities that wait, all of a member before any later one of the same member."""
    chosen = (
        select(_intake).where(_intake.c.state == "waiting").order_by(_intake.c.occurred_at, _intake.c.id).limit(number)
    )
    return [_incoming(row, terms) for row in read.all(chosen)]


def put_aside(connection: Connection, keys: Iterable[tuple[str, str]]) -> None:
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
    return incoming
