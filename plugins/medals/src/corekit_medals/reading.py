"""What members hold, as it is shown and told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from attrs import frozen
from sqlalchemy import select

from corekit import Reader, Shape, any_of
from corekit_medals.tables import award


@frozen
class Awarded:
    """An award: which medal and level, by which rule and why, since when, and how it ended, if it did."""

    id: str
    member_id: str
    medal: str
    level: int
    rule: str
    reason: str
    since: datetime
    awarded_at: datetime
    activity_id: str
    ended_at: datetime | None
    end_reason: str | None
    ended_by: str | None
    place: int | None
    pinned: bool


_SHAPE = Shape(Awarded, award)


def awards_of(read: Reader, members: Iterable[str], *, ended: bool = False) -> Mapping[str, list[Awarded]]:
    """Return the awards of members as they are shown, those that ``ended`` as well or not: one statement.

    The pinned ones come first, then those that the member put in order, then the newest.
    """
    chosen = select(*_SHAPE.columns).where(any_of(award.c.member_id, members))
    if not ended:
        chosen = chosen.where(award.c.ended_at.is_(None))
    found: dict[str, list[Awarded]] = {}
    for row in read.all(chosen):
        each = _SHAPE(row)
        found.setdefault(each.member_id, []).append(each)
    for theirs in found.values():
        theirs.sort(key=lambda each: (each.since, each.level, each.id), reverse=True)
        theirs.sort(key=lambda each: (each.place is None, each.place or 0))
    return found


def exported(member: str, read: Reader) -> dict[str, Any] | None:
    """Return what is known of a member, as JSON."""
    found = awards_of(read, [member], ended=True).get(member)
    return {"medals": [_document(each) for each in found]} if found else None


def _document(each: Awarded) -> dict[str, Any]:
    return {
        "medal": each.medal,
        "level": each.level,
        "rule": each.rule,
        "reason": each.reason,
        "since": each.since.isoformat(),
        "awarded_at": each.awarded_at.isoformat(),
        "ended_at": each.ended_at.isoformat() if each.ended_at else None,
        "end_reason": each.end_reason,
        "place": each.place,
        "pinned": bool(each.pinned),
    }
