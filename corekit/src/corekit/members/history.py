"""Who changed what of a profile, when and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import frozen
from sqlalchemy import func, select

from corekit.activities.tables import activity as _activity
from corekit.clock import moment
from corekit.db.reader import Reader, any_of
from corekit.members.tables import profile_change as _change
from corekit.paging import check_size


@frozen(kw_only=True)
class Change:
    """One field of a profile as an activity changed it: JSON ``before`` and ``after``, None where there was nothing."""

    member: str
    activity: str
    type: str
    at: datetime
    actor: str | None
    source: str
    reason: str
    field: str
    before: Any
    after: Any


def changes(read: Reader, ids: Sequence[str], first: int | None = 50) -> dict[str, list[Change]]:
    """Return what the newest ``first`` (1 to 1,000, None: all) changes of each member changed of its profile.

    The newest comes first. Raises :class:`Invalid` (``PAGE_SIZE``).
    """
    a, h = _activity, _change
    rank = func.row_number().over(partition_by=h.c.member_id, order_by=a.c.seq.desc()).label("rank")
    columns = (a.c.type, a.c.recorded_at, a.c.actor, a.c.source, a.c.payload, a.c.seq)
    ranked = (
        select(h.c.member_id, h.c.activity_id, h.c.changes, *columns, rank)
        .join(a, a.c.id == h.c.activity_id)
        .where(any_of(h.c.member_id, ids))
        .subquery()
    )
    wanted = select(ranked) if first is None else select(ranked).where(ranked.c.rank <= check_size(first))
    found: dict[str, list[Change]] = {member: [] for member in ids}
    for row in read.all(wanted.order_by(ranked.c.member_id, ranked.c.seq.desc())):
        payload: Mapping[str, Any] = row.payload or {}
        pairs: Mapping[str, Sequence[Any]] = row.changes
        found[row.member_id] += [
            Change(
                member=row.member_id,
                activity=row.activity_id,
                type=row.type,
                at=moment(row.recorded_at),
                actor=row.actor,
                source=row.source,
                reason=payload.get("reason", ""),
                field=name,
                before=before,
                after=after,
            )
            for name, (before, after) in sorted(pairs.items())
        ]
    return found
