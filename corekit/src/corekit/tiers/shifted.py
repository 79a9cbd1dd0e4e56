"""What members took over of what others had done, as it stands with the effects that did so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import frozen
from sqlalchemy import select

from corekit.activities.tables import activity as _activity
from corekit.activities.tables import effect as _effect
from corekit.db.reader import Reader, any_of


@frozen
class Shift:
    """What an activity let count on a day, or no longer count: values by metric."""

    member: str
    seq: int
    recorded_at: int
    day: int
    values: dict[str, int]


def shifts(read: Reader, members: Iterable[str]) -> Iterator[Shift]:
    """Yield what was shifted to members, or back, in the order in which it was recorded."""
    chosen = (
        select(_activity.c.member_id, _activity.c.seq, _activity.c.recorded_at, _effect.c.data, _effect.c.undoes)
        .join(_activity, _activity.c.id == _effect.c.activity_id)
        .where(any_of(_activity.c.member_id, members), _effect.c.kind == "ShiftMetrics", _effect.c.state == "applied")
        .order_by(_activity.c.member_id, _activity.c.seq)
    )
    for row in read.all(chosen):
        sign = 1 if row.undoes is None else -1
        for day, values in row.data["days"].items():
            signed = {name: sign * value for name, value in values.items()}
            yield Shift(row.member_id, row.seq, row.recorded_at, int(day), signed)
