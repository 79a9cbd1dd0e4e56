"""Whose membership has run out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, literal, select, tuple_

from corekit.activities.activity import Activity
from corekit.clock import micros, moment
from corekit.members.rules import MemberRules
from corekit.members.tables import member as _member
from corekit.members.tables import profile as _profile

if TYPE_CHECKING:
    from corekit.kit import Kit

PAGE = 1_000


def due_to_lapse(at: int, rules: MemberRules, after: tuple[int, str] | None = None) -> Select[Any]:
    """Return the active members whose membership and its grace ended by ``at``: member_id, valid_until, in that order.

    ``after`` is the last (valid_until, member_id) of what was read before.
    """
    ends, key = _profile.c.valid_until, _profile.c.member_id
    ended_by = micros(moment(at) - timedelta(days=rules.grace_days))
    chosen: Any = select(key, ends).join(_member, _member.c.id == key)
    chosen = chosen.where(ends <= ended_by, _member.c.state == "active")
    if after is not None:
        chosen = chosen.where(tuple_(ends, key) > tuple_(literal(after[0], ends.type), literal(after[1], key.type)))
    wanted: Select[Any] = chosen.order_by(ends, key)
    return wanted


def lapses(kit: Kit, at: datetime | None = None) -> Iterator[Activity]:
    """Yield the lapse of each member who is due, read a page at a time; for ``Kit.record_many``."""
    instant = micros(at or kit.now())
    after: tuple[int, str] | None = None
    while True:
        with kit.read() as read:
            rows = read.all(due_to_lapse(instant, kit.settings.members, after).limit(PAGE))
        for row in rows:
            yield Activity(
                type="member.lapsed",
                member=row.member_id,
                source="core",
                external_id=f"lapse:{row.member_id}:{row.valid_until}",
                payload={"valid_until": row.valid_until, "reason": "the membership ran out"},
            )
        if len(rows) < PAGE:
            return
        after = (rows[-1].valid_until, rows[-1].member_id)
