"""Comments on a survey: a member writes one, staff decide whether it is shown.

A comment is not anonymous, and no part of an answer. It is no activity either: its text has to be forgotten with its
member, and nothing follows from it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, Unpack

from attrs import frozen
from sqlalchemy import Connection, func, insert, select, update

from corekit import Reader, Shape, any_of, micros, moment, new_id
from corekit.audit import leave
from corekit.paging import Ask, Page, Span
from corekit.tables import member as _member
from corekit_surveys import codes, declared, declared_statistics
from corekit_surveys.answers import is_storable
from corekit_surveys.coercion import trimmed
from corekit_surveys.settings import settings_of
from corekit_surveys.tables import comment as _comment
from corekit_surveys.tables import survey as _survey

if TYPE_CHECKING:
    from corekit import Kit

State = Literal["pending", "shown", "hidden"]
LONGEST = 2_000
"""Characters."""
_WINDOW = timedelta(hours=24)


@frozen
class Comment:
    """What a member wrote about a survey, and who decided last whether it is shown, when, and why."""

    id: str
    survey: str
    member_id: str
    text: str
    created_at: datetime
    state: State
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None


_COMMENT = Shape(Comment, _comment, survey=_survey.c.code)
_SELECT = select(*_COMMENT.columns).join_from(_comment, _survey, _survey.c.id == _comment.c.survey_id)


def write(kit: Kit, member: str, survey: str, text: str) -> Comment:
    """Keep a comment on an open survey, which waits to be decided on.

    What a member wrote last about the survey is not kept twice: the comment that is there is returned.

    Raises :class:`corekit.Invalid`: there is no such survey, it is not open, the text is none
    (``SURVEYS_COMMENT_INVALID``), there is no such member or it is not active (``SURVEYS_COMMENTER``), or it wrote as
    many within 24 hours as it may (``SURVEYS_COMMENTS_MANY``).
    """
    text = trimmed(text)
    if not text or not is_storable(text, LONGEST):
        raise codes.refused(declared_statistics.COMMENT_INVALID, "text", most=str(LONGEST))
    now = kit.now()
    with kit.database.write() as connection:
        _lock(connection, member)
        named = select(_survey).where(_survey.c.code == survey.replace("\0", ""))
        asked = connection.execute(named.with_for_update(read=True)).one_or_none()
        if asked is None:
            raise codes.refused(declared.UNKNOWN, "survey", survey=survey)
        if asked.state != "open":
            raise codes.refused(declared.NOT_OPEN, "survey", state=asked.state)
        mine = select(_comment.c.id, _comment.c.text).where(
            any_of(_comment.c.survey_id, [asked.id]), any_of(_comment.c.member_id, [member])
        )
        last = connection.execute(mine.order_by(_comment.c.created_at.desc(), _comment.c.id.desc()).limit(1)).first()
        if last is not None and last.text == text:
            return _one(connection, last.id)
        _check_rate(connection, member, now, settings_of(kit).comments_per_day)
        id_ = new_id()
        row = {"survey_id": asked.id, "member_id": member, "text": text, "created_at": micros(now), "state": "pending"}
        connection.execute(insert(_comment).values(id=id_, **row))
        return _one(connection, id_)


def decide(
    kit: Kit, actor: str | None, comment: str, state: Literal["shown", "hidden"], reason: str | None = None
) -> Comment:
    """Show a comment, or hide it, which can be decided again. The audit trail says who did, and why, and not its text.

    Raises :class:`corekit.Invalid` (``SURVEYS_COMMENT_UNKNOWN``).
    """
    now = kit.now()
    with kit.database.write() as connection:
        known = any_of(_comment.c.id, [comment])
        if connection.execute(select(_comment.c.id).where(known).with_for_update()).one_or_none() is None:
            raise codes.refused(declared_statistics.COMMENT_UNKNOWN, "comment", comment=comment)
        told = {"state": state, "decided_by": actor, "decided_at": micros(now), "reason": reason}
        connection.execute(update(_comment).where(known).values(**told))
        found = _one(connection, comment)
        leave(connection, now, actor, f"surveys.comment_{state}", found.survey, comment=comment, reason=reason)
        return found


def comment_page(
    read: Reader, survey: str, state: State | None = "shown", *, member: str | None = None, **page: Unpack[Ask]
) -> Page[Comment]:
    """Return a page of the comments on a survey, the newest first: those in a state, or all where it is None.

    Where a member is named, only what it wrote. Raises :class:`corekit.Invalid` (``PAGE_SIZE``, ``CURSOR``).
    """
    span = Span.of(page, int, str, falling=True)
    chosen = _SELECT.where(_survey.c.code == survey.replace("\0", ""))
    if state is not None:
        chosen = chosen.where(_comment.c.state == state)
    if member is not None:
        chosen = chosen.where(any_of(_comment.c.member_id, [member]))
    rows = [_COMMENT(row) for row in read.all(span.select(chosen, (_comment.c.created_at, _comment.c.id)))]
    return span.page(rows, lambda each: (micros(each.created_at), each.id), span.total(read, chosen))


def of_member(read: Reader, member: str) -> list[dict[str, str]]:
    """Return what a member wrote, as JSON. One statement."""
    rows = read.all(_SELECT.where(any_of(_comment.c.member_id, [member])).order_by(_comment.c.id))
    return [
        {"survey": each.survey, "text": each.text, "created_at": each.created_at.isoformat(), "state": each.state}
        for each in map(_COMMENT, rows)
    ]


def _lock(connection: Connection, member: str) -> None:
    """Let nobody else write for the member until this is done, so that it writes no more than it may."""
    locked = select(_member.c.state).where(any_of(_member.c.id, [member])).with_for_update()
    state = connection.execute(locked).scalar_one_or_none()
    if state != "active":
        raise codes.refused(declared_statistics.COMMENTER, "member", state=str(state or "unknown"))


def _check_rate(connection: Connection, member: str, now: datetime, most: int) -> None:
    """Refuse one more where as many were written within 24 hours as may be."""
    recent = (_comment.c.member_id == member) & (_comment.c.created_at > micros(now - _WINDOW))
    columns = (func.count().label("number"), func.min(_comment.c.created_at).label("first"))
    row = connection.execute(select(*columns).where(recent)).one()
    if row.number >= most:
        again = (now if row.first is None else moment(row.first)) + _WINDOW
        raise codes.refused(declared_statistics.COMMENTS_MANY, "text", most=str(most), again=again.isoformat())


def _one(connection: Connection, comment: str) -> Comment:
    return _COMMENT(connection.execute(_SELECT.where(any_of(_comment.c.id, [comment]))).one())
