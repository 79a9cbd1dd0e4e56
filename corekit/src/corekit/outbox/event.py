"""What ``corekit_happened`` is told: one settled activity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from attrs import field, frozen
from sqlalchemy import Row, Select, select

from corekit.activities import tables
from corekit.clock import moment


@frozen(kw_only=True)
class Event:
    """A settled activity, as a plugin is told of it after the commit.

    ``position`` is its place in the outbox: it rises per member, and is the same whenever the event comes again.
    ``id`` is the activity's; ``seq`` counts what was settled for the member. ``amount`` is in minor units of ``unit``,
    ``payload`` follows the schema of the ``type``, ``reverses`` names the activity that was taken back, ``parent`` the
    one from which it followed, ``program`` is the version it was judged by. ``attempt`` is 1, and more where this
    plugin raised before. :meth:`Kit.why` tells what the activity did.
    """

    position: int
    id: str
    type: str
    member: str
    seq: int
    occurred_at: datetime
    recorded_at: datetime
    source: str
    external_id: str
    amount: int = 0
    unit: str | None = None
    payload: Mapping[str, Any] = field(factory=dict[str, Any])
    actor: str | None = None
    program: int = 0
    reverses: str | None = None
    parent: str | None = None
    attempt: int = 1


def told(*more: Any) -> Select[*tuple[Any, ...]]:
    """Select what an event is made of, and ``more`` columns."""
    outbox, activity = tables.outbox, tables.activity
    told_of: Sequence[Any] = (
        outbox.c.position,
        activity.c.id,
        activity.c.type,
        activity.c.member_id,
        activity.c.seq,
        activity.c.occurred_at,
        activity.c.recorded_at,
        activity.c.source,
        activity.c.external_id,
        activity.c.amount,
        activity.c.unit,
        activity.c.payload,
        activity.c.actor,
        activity.c.program,
        activity.c.reverses,
        activity.c.parent_id,
    )
    chosen: Any = select(*told_of, *more)
    return cast("Select[*tuple[Any, ...]]", chosen).join_from(outbox, activity, activity.c.id == outbox.c.activity_id)


def event_of(row: Row[Any], attempt: int) -> Event:
    """Return the event of a row of :func:`told`."""
    return Event(
        position=row.position,
        id=row.id,
        type=row.type,
        member=row.member_id,
        seq=row.seq,
        occurred_at=moment(row.occurred_at),
        recorded_at=moment(row.recorded_at),
        source=row.source,
        external_id=row.external_id,
        amount=row.amount,
        unit=row.unit,
        payload=row.payload or {},
        actor=row.actor,
        program=row.program,
        reverses=row.reverses,
        parent=row.parent_id,
        attempt=attempt,
    )
