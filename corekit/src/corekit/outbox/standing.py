"""How far the outbox is delivered, for those who look after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import frozen
from sqlalchemy import distinct, func, select

from corekit.activities import tables as activities
from corekit.clock import moment
from corekit.db.reader import Reader, any_of
from corekit.outbox import tables

MOST = 100
_outbox, _cursor, _letter = activities.outbox, tables.cursor, tables.letter


@frozen(kw_only=True)
class Standing:
    """How far one plugin is.

    ``position`` is its cursor, ``lag`` counts what stands after it and ``oldest`` is when the first of that was
    recorded. ``waiting`` letters were put off, or stand behind one that was; they are of ``members`` members. ``dead``
    letters are tried no more unless somebody says so. ``enabled`` tells whether the plugin is on and wants to know.
    """

    plugin: str
    enabled: bool
    position: int
    lag: int
    oldest: datetime | None
    waiting: int
    members: int
    dead: int


@frozen(kw_only=True)
class DeadLetter:
    """An event that a plugin raised at until it was given up; ``reason`` is what it raised and where."""

    plugin: str
    position: int
    activity_id: str
    type: str
    member: str
    attempts: int
    failed_at: datetime
    reason: Mapping[str, Any]


def standings(read: Reader, plugins: Sequence[str]) -> list[Standing]:
    """Return how far each plugin is, those in ``plugins`` first and then others that have a cursor."""
    after = _outbox.c.position > _cursor.c.position
    lag = select(func.count()).where(after).select_from(_outbox).correlate(_cursor).scalar_subquery()
    first = select(func.min(_outbox.c.position)).where(after).correlate(_cursor).scalar_subquery()
    oldest = select(_outbox.c.recorded_at).where(_outbox.c.position == first).correlate(_cursor).scalar_subquery()
    rows = read.all(select(_cursor.c.plugin, _cursor.c.position, lag.label("lag"), oldest.label("oldest")))
    counted = select(
        _letter.c.plugin,
        func.count().filter(_letter.c.state == "waiting").label("waiting"),
        func.count(distinct(_letter.c.member_id)).filter(_letter.c.state == "waiting").label("members"),
        func.count().filter(_letter.c.state == "dead").label("dead"),
    ).group_by(_letter.c.plugin)
    letters = {row.plugin: row for row in read.all(counted)}
    order = {name: number for number, name in enumerate(plugins)}
    found: list[Standing] = []
    for row in sorted(rows, key=lambda row: (order.get(row.plugin, len(order)), row.plugin)):
        own = letters.get(row.plugin)
        found.append(
            Standing(
                plugin=row.plugin,
                enabled=row.plugin in order,
                position=row.position,
                lag=row.lag,
                oldest=moment(row.oldest) if row.oldest is not None else None,
                waiting=own.waiting if own else 0,
                members=own.members if own else 0,
                dead=own.dead if own else 0,
            )
        )
    return found


def dead_letters(read: Reader, plugins: Sequence[str] | None, most: int) -> list[DeadLetter]:
    """Return the oldest dead letters of plugins, or of all, ``most`` of each at most."""
    place = func.row_number().over(partition_by=_letter.c.plugin, order_by=_letter.c.position)
    ranked = select(_letter, place.label("place")).where(_letter.c.state == "dead")
    if plugins is not None:
        ranked = ranked.where(any_of(_letter.c.plugin, plugins))
    dead = ranked.subquery()
    chosen = (
        select(dead, _outbox.c.activity_id, _outbox.c.topic)
        .join(_outbox, _outbox.c.position == dead.c.position)
        .where(dead.c.place <= most)
        .order_by(dead.c.plugin, dead.c.position)
    )
    return [
        DeadLetter(
            plugin=row.plugin,
            position=row.position,
            activity_id=row.activity_id,
            type=row.topic,
            member=row.member_id,
            attempts=row.attempts,
            failed_at=moment(row.failed_at),
            reason=row.reason or {},
        )
        for row in read.all(chosen)
    ]
