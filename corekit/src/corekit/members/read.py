"""Reading members: by id, and page by page with filters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Unpack

from attrs import frozen
from sqlalchemy import Select, exists, false, select

from corekit.db.reader import Reader, any_of
from corekit.db.shape import Shape
from corekit.ids import is_id
from corekit.members.tables import member as _member
from corekit.members.tables import profile as _profile
from corekit.paging import Ask, Page, Span
from corekit.tiers.tables import assignment as _assignment

_ORDER = (_member.c.joined_at, _member.c.id)
_AFTER_ANY_TEXT = "\U0010ffff"


@frozen
class Member:
    """A member: state of life, number of settled activities (``seq``), and who the person is."""

    id: str
    state: str
    seq: int
    joined_at: datetime
    channel: str
    external_id: str | None
    name: str | None
    email: str | None
    phone: str | None
    attributes: Mapping[str, Any]


_MEMBER = Shape(Member, _member, _profile)


@frozen(kw_only=True)
class MemberFilter:
    """Which members are wanted; what is None does not matter.

    ``name`` is the beginning of a name as it is written; ``tier`` a ladder and one of its tiers, in which the
    member stands now.
    """

    state: str | None = None
    channel: str | None = None
    external_id: str | None = None
    name: str | None = None
    tier: tuple[str, str] | None = None


def members(read: Reader, ids: Iterable[str]) -> dict[str, Member]:
    """Return the members by id; an id that nobody has is left out."""
    statement = select(*_MEMBER.columns).join_from(_member, _profile).where(any_of(_member.c.id, filter(is_id, ids)))
    return {row.id: _MEMBER(row) for row in read.all(statement)}


def member_page(read: Reader, wanted: MemberFilter | None = None, **page: Unpack[Ask]) -> Page[Member]:
    """Return a page of the members, in the order in which they joined.

    Raises :class:`~corekit.errors.Invalid` for a cursor or a page size that cannot be.
    """
    span = Span.of(page, int, str)
    keys = span.select(_filtered(wanted or MemberFilter()), _ORDER).subquery()
    statement = select(*_MEMBER.columns, _member.c.joined_at.label("joined")).join_from(_member, _profile)
    rows = read.all(statement.join(keys, keys.c.id == _member.c.id).order_by(*span.order(_ORDER)))
    return span.page(rows, lambda row: (row.joined, row.id)).map(_MEMBER)


def _filtered(wanted: MemberFilter) -> Select[Any]:
    statement = select(_member.c.id)
    texts = {"channel": wanted.channel, "external_id": wanted.external_id, "name": wanted.name}
    of_profile = {name: text for name, text in texts.items() if text is not None}
    if any("\0" in text for text in (*of_profile.values(), wanted.state or "", *(wanted.tier or ()))):
        return statement.where(false())  # no stored text holds it, and PostgreSQL would not even compare
    if of_profile:
        statement = statement.join(_profile)
    for name, text in of_profile.items():
        column = _profile.c[name]
        begins = (column >= text) & (column < text + _AFTER_ANY_TEXT)
        statement = statement.where(begins if name == "name" else column == text)
    if wanted.state is not None:
        statement = statement.where(_member.c.state == wanted.state)
    if wanted.tier is not None:
        ladder, tier = wanted.tier
        stands = exists().where(
            _assignment.c.member_id == _member.c.id,
            _assignment.c.ladder == ladder,
            _assignment.c.tier == tier,
            _assignment.c.valid_to.is_(None),
        )
        statement = statement.where(stands)
    return statement
