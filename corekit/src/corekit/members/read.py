"""Reading members: by id, and page by page with filters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Unpack

from attrs import frozen
from sqlalchemy import ColumnElement, Select, exists, false, literal, select

from corekit.clock import micros
from corekit.db.reader import Reader, any_of
from corekit.db.shape import Shape, group
from corekit.ids import is_id
from corekit.members.measured import Measured
from corekit.members.states import MERGED
from corekit.members.tables import consent as _consent
from corekit.members.tables import external_id as _external
from corekit.members.tables import group_member as _group
from corekit.members.tables import member as _member
from corekit.members.tables import profile as _profile
from corekit.members.tables import tag as _tag
from corekit.paging import Ask, Page, Span
from corekit.tiers.tables import assignment as _assignment

_ORDER = (_member.c.joined_at, _member.c.id)
_AFTER_ANY_TEXT = "\U0010ffff"


@frozen
class Member:
    """A member: state of life, number of settled activities (``seq``), and who the person is.

    ``birthday`` is a date in ISO 8601; ``sections`` hold ``identity``, ``occupation``, ``lifestyle`` and
    ``preferences``; ``valid_until`` is the end of the membership (None: it has none); ``merged_into`` is the member of
    whom a merged one is a part.
    """

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
    number: str | None
    kind: str
    birthday: str | None
    sections: Mapping[str, Mapping[str, Any]]
    valid_until: datetime | None
    merged_into: str | None


_MEMBER = Shape(Member, _member, _profile)


@frozen(kw_only=True)
class MemberFilter:
    """Which members are wanted; what is None does not matter.

    ``name`` is the beginning of a name as it is written; ``tier`` a ladder and one of its tiers, in which the
    member stands now; ``phone`` and ``email`` are in their normal form; ``source`` says whose ``external_id`` is meant
    (None: that of the profile); ``joined_from`` and ``joined_before`` bound the time of joining; ``measured`` are
    ranges of metrics (:func:`corekit.members.measured.measured` makes them). Who is merged is found by ``state`` alone:
    all by which it is known leads to the survivor.
    """

    state: str | None = None
    channel: str | None = None
    external_id: str | None = None
    name: str | None = None
    tier: tuple[str, str] | None = None
    number: str | None = None
    phone: str | None = None
    email: str | None = None
    kind: str | None = None
    tag: str | None = None
    group: str | None = None
    source: str | None = None
    joined_from: datetime | None = None
    joined_before: datetime | None = None
    measured: tuple[Measured, ...] = ()


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


_NAMES = ("external_id", "number", "phone", "email")
"""The columns of a profile by which one member at most is known."""


def _filtered(wanted: MemberFilter) -> Select[Any]:
    statement = select(_member.c.id)
    texts = {name: getattr(wanted, name) for name in ("channel", "name", "kind", *_NAMES)}
    if wanted.source is not None:
        del texts["external_id"]
    of_profile = {name: text for name, text in texts.items() if text is not None}
    others = (wanted.state, wanted.tag, wanted.group, wanted.source, wanted.external_id, *(wanted.tier or ()))
    if any("\0" in text for text in (*of_profile.values(), *others) if text is not None):
        return statement.where(false())  # no stored text holds it, and PostgreSQL would not even compare
    plain = {name: text for name, text in of_profile.items() if name not in _NAMES}
    if plain:
        statement = statement.join(_profile)
    for name, text in plain.items():
        column = _profile.c[name]
        begins = (column >= text) & (column < text + _AFTER_ANY_TEXT)
        statement = statement.where(begins if name == "name" else column == text)
    for name in of_profile.keys() - plain.keys():
        statement = statement.where(_is(select(_profile.c.member_id).where(_profile.c[name] == of_profile[name])))
    statement = _beside(statement, wanted).where(*(each.condition() for each in wanted.measured))
    if wanted.joined_from is not None:
        statement = statement.where(_member.c.joined_at >= micros(wanted.joined_from))
    if wanted.joined_before is not None:
        statement = statement.where(_member.c.joined_at < micros(wanted.joined_before))
    stands = _member.c.state == wanted.state if wanted.state is not None else _member.c.state != MERGED
    statement = statement.where(stands)
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


def _is(known: Select[Any]) -> ColumnElement[bool]:
    """Say that a member is one of those selected, or a survivor of theirs."""
    way = known.cte("way", recursive=True, nesting=True)
    into = select(_member.c.merged_into).join(way, way.c.member_id == _member.c.id)
    way = way.union(into.where(_member.c.merged_into.is_not(None)))
    return _member.c.id.in_(select(way.c.member_id))


def _beside(statement: Select[Any], wanted: MemberFilter) -> Select[Any]:
    """Narrow by what is known beside the profile."""
    if wanted.source is not None:
        named = (_external.c.source == wanted.source) & (_external.c.external_id == (wanted.external_id or ""))
        statement = statement.where(_is(select(_external.c.member_id).where(named)))
    if wanted.tag is not None:
        statement = statement.where(exists().where(_tag.c.member_id == _member.c.id, _tag.c.tag == wanted.tag))
    if wanted.group is not None:
        statement = statement.where(exists().where(_group.c.member_id == _member.c.id, _group.c.code == wanted.group))
    return statement


def survivors(read: Reader, ids: Iterable[str]) -> dict[str, str]:
    """Return of whom members are a part in the end, by id; who is not merged is left out."""
    chosen = select(_member.c.id, _member.c.merged_into, literal(1).label("steps"))
    way = chosen.where(any_of(_member.c.id, filter(is_id, ids)), _member.c.merged_into.is_not(None)).cte(
        "way", recursive=True
    )
    further = select(way.c.id, _member.c.merged_into, way.c.steps + 1).join(_member, _member.c.id == way.c.merged_into)
    way = way.union_all(further.where(_member.c.merged_into.is_not(None)))
    return {row.id: row.merged_into for row in read.all(select(way).order_by(way.c.steps))}


def parts(read: Reader, ids: Iterable[str]) -> dict[str, list[str]]:
    """Return the members who are a part of members, directly or through others, in the order of their ids."""
    asked = list(ids)
    chosen = select(_member.c.id, _member.c.merged_into.label("survivor")).where(
        any_of(_member.c.merged_into, filter(is_id, asked))
    )
    way = chosen.cte("way", recursive=True)
    way = way.union_all(select(_member.c.id, way.c.survivor).join(way, way.c.id == _member.c.merged_into))
    found: dict[str, list[str]] = {member: [] for member in asked}
    for row in read.all(select(way).order_by(way.c.id)):
        found[row.survivor].append(row.id)
    return found


@frozen
class Consent:
    """A member's last word on a purpose and a channel."""

    member: str
    purpose: str
    channel: str
    granted: bool
    since: datetime
    activity: str


@frozen
class GroupPlace:
    """A member's place in a group: as its primary or as a supplementary member."""

    member: str
    code: str
    kind: str
    role: str


@frozen
class ExternalId:
    """What another system calls a member."""

    member: str
    source: str
    external_id: str


_CONSENT = Shape(Consent, _consent, member=_consent.c.member_id, activity=_consent.c.activity_id)
_PLACE = Shape(GroupPlace, _group, member=_group.c.member_id)
_EXTERNAL = Shape(ExternalId, _external, member=_external.c.member_id)


def tags(read: Reader, ids: Iterable[str]) -> dict[str, list[str]]:
    """Return the tags of members, sorted."""
    found: dict[str, list[str]] = {member: [] for member in ids}
    statement = select(_tag.c.member_id, _tag.c.tag).where(any_of(_tag.c.member_id, found))
    for row in read.all(statement.order_by(_tag.c.member_id, _tag.c.tag)):
        found[row.member_id].append(row.tag)
    return found


def consents(read: Reader, ids: Sequence[str]) -> dict[str, list[Consent]]:
    """Return what members consented to or withdrew, by purpose and channel."""
    order = (_consent.c.member_id, _consent.c.purpose, _consent.c.channel)
    statement = select(*_CONSENT.columns).where(any_of(_consent.c.member_id, ids)).order_by(*order)
    return group(map(_CONSENT, read.all(statement)), "member", ids)


def groups(read: Reader, ids: Sequence[str]) -> dict[str, list[GroupPlace]]:
    """Return the places of members in groups."""
    statement = select(*_PLACE.columns).where(any_of(_group.c.member_id, ids))
    return group(map(_PLACE, read.all(statement.order_by(_group.c.member_id, _group.c.code))), "member", ids)


def group_places(read: Reader, code: str) -> list[GroupPlace]:
    """Return the members of a group, the primary member first."""
    if "\0" in code:
        return []
    statement = select(*_PLACE.columns).where(_group.c.code == code).order_by(_group.c.role, _group.c.member_id)
    return list(map(_PLACE, read.all(statement)))


def external_ids(read: Reader, ids: Sequence[str]) -> dict[str, list[ExternalId]]:
    """Return what other systems call members."""
    statement = select(*_EXTERNAL.columns).where(any_of(_external.c.member_id, ids))
    return group(map(_EXTERNAL, read.all(statement.order_by(_external.c.member_id, _external.c.source))), "member", ids)
