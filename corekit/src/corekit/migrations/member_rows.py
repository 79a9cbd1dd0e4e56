"""Taking over what a plugin noted of merges by itself, before it declared its rows of members; in its migration."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, insert, select, update

from corekit.activities.member_rows import kind_of
from corekit.activities.tables import activity, effect, moved_row
from corekit.migrations import guards

__all__ = ["take_over"]

_forgotten = activity.alias("forgotten")


def take_over(connection: Connection, kind: str, notes: Select[Any]) -> None:
    """Let the kernel take back the merges that an effect of a plugin's own let rows pass by.

    ``kind`` is the name under which the plugin declared the effect, the plugin's own before the dot; what is stored
    under it is of the kind by which :class:`~corekit.MemberRows` pass from now on. ``notes`` selects which rows passed:
    the id of the effect, the name of the table that the row is in, and the row's id by the key of its ``MemberRows``.
    Of a survivor that was forgotten nothing is taken over: its merges do not come back. A fixed number of statements.
    """
    _note(connection, notes)
    _rename(connection, kind)


def _note(connection: Connection, notes: Select[Any]) -> None:
    noted = notes.subquery()
    effect_id, *_ = noted.c
    is_forgotten = select(_forgotten.c.id).where(
        _forgotten.c.member_id == activity.c.member_id, _forgotten.c.type == "member.erased"
    )
    kept = (
        select(*noted.c)
        .join(effect, effect.c.id == effect_id)
        .join(activity, activity.c.id == effect.c.activity_id)
        .where(~is_forgotten.exists())
    )
    connection.execute(insert(moved_row).from_select(moved_row.c.keys(), kept))


def _rename(connection: Connection, kind: str) -> None:
    """Store effects under the kind that takes them back, and so their reversals."""
    lifted = [each for each in guards.GUARDS if each.table == effect.name]
    for guard in lifted:
        guards.lift(connection, guard, effect.metadata)
    renamed = update(effect).where(effect.c.kind == kind).values(kind=kind_of(kind.partition(".")[0]))
    connection.execute(renamed)
    guards.install(connection, lifted, effect.metadata)
