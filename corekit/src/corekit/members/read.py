"""Reading members: by id, and page by page with filters."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, Unpack

from attrs import frozen
from sqlalchemy import ColumnElement, Select, bindparam, exists, func, literal, literal_column, select

from corekit.clock import micros
from corekit.db.prepared import Prepared, prepared
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
from corekit.paging import MOST, Ask, Form, Key, Page, Span
from corekit.tiers.tables import assignment as _assignment

_ORDER = (_member.c.joined_at, _member.c.id)
_AFTER_ANY_TEXT = "\U0010ffff"


class Member(NamedTuple):
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


_MEMBER = Shape(Member, _member, _profile, always=("id", "joined_at"))


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


def members(read: Reader, ids: Iterable[str], *, only: Collection[str] | None = None) -> dict[str, Member]:
    """Return the members by id; an id that nobody has is left out.

    Where ``only`` some fields will be looked at, others may be None.
    """
    return {row.id: row for row in read.all(_by_id(_MEMBER.left_out(only)), ids=list(ids))}


@prepared
def _by_id(left_out: frozenset[str]) -> Prepared:
    chosen = select(*_MEMBER.columns_but(left_out)).join_from(_member, _profile)
    return Prepared(chosen.where(any_of(_member.c.id, bindparam("ids"))), Member)


def member_page(
    read: Reader, wanted: MemberFilter | None = None, *, only: Collection[str] | None = None, **page: Unpack[Ask]
) -> Page[Member]:
    """Return a page of the members, in the order in which they joined.

    Where ``only`` some fields will be looked at, others may be None. Raises :class:`~corekit.errors.Invalid` for a
    cursor or a page size that cannot be.
    """
    span, wanted = Span.of(page, int, str), wanted or MemberFilter()
    known = _known(wanted)
    if any("\0" in value for value in known.values() if isinstance(value, str)):
        return Page(total=0)  # no stored text holds it, and PostgreSQL would not even compare
    names, left_out = frozenset(known), _MEMBER.left_out(only)
    digits = len(str(span.size))
    if wanted.measured:
        chosen = _filtered(names).where(*(each.condition() for each in wanted.measured))
        page_of, count_of = _paged(chosen, left_out, span.form, digits), partial(_counted, chosen)
    else:
        page_of, count_of = _page(names, left_out, span.form, digits), partial(_count, names)
    rows = read.all(page_of, **span.values, **known)
    total: int | None = read.all(count_of(), **known)[0].number if span.counted else None
    return span.page(rows, _key, total)


def _key(row: Member) -> Key:
    return micros(row.joined_at), row.id


@prepared
def _page(names: frozenset[str], left_out: frozenset[str], form: Form, digits: int) -> Prepared:
    return _paged(_filtered(names), left_out, form, digits)


def _paged(chosen: Select[Any], left_out: frozenset[str], form: Form, digits: int) -> Prepared:
    # Limited before anything is joined. That the planner knows by how many at most lets it keep its plan: it takes a
    # parameter for a tenth of that, and plans anew each time where the page would be shorter.
    found = form.select(chosen, _ORDER, literal_column(str(10**digits + 1))).subquery()
    statement = select(*Shape(Member, found, _profile).columns_but(left_out))
    statement = statement.join_from(found, _profile, _profile.c.member_id == found.c.id)
    statement = statement.order_by(*form.order((found.c.joined_at, found.c.id)))
    return Prepared(statement.limit(MOST), Member)


@prepared
def _count(names: frozenset[str]) -> Prepared:
    return _counted(_filtered(names))


def _counted(chosen: Select[Any]) -> Prepared:
    return Prepared(select(func.count().label("number")).select_from(chosen.subquery()))


_NAMES = ("external_id", "number", "phone", "email")
"""The columns of a profile by which one member at most is known."""
_OF_PROFILE = ("channel", "kind", "name", *_NAMES)


def _known(wanted: MemberFilter) -> dict[str, Any]:
    """Return the values of the conditions, by the names of their parameters; what is measured is none of them."""
    texts = (*_OF_PROFILE, "state", "tag", "group", "source")
    known: dict[str, Any] = {name: text for name in texts if (text := getattr(wanted, name)) is not None}
    if wanted.name is not None:
        known["name_end"] = wanted.name + _AFTER_ANY_TEXT
    if wanted.source is not None:
        known["external_id"] = wanted.external_id or ""
    if wanted.tier is not None:
        known["ladder"], known["tier"] = wanted.tier
    joined = (("joined_from", wanted.joined_from), ("joined_before", wanted.joined_before))
    return known | {name: micros(instant) for name, instant in joined if instant is not None}


def _filtered(names: frozenset[str]) -> Select[Any]:
    """Select members by the conditions that are named."""
    statement = select(_member)
    of_profile = [name for name in _OF_PROFILE if name in names and not (name == "external_id" and "source" in names)]
    if any(name not in _NAMES for name in of_profile):
        statement = statement.join(_profile)
    for name in of_profile:
        column = _profile.c[name]
        if name in _NAMES:
            condition = _is(select(_profile.c.member_id).where(column == bindparam(name)))
        elif name == "name":
            condition = (column >= bindparam(name)) & (column < bindparam("name_end"))
        else:
            condition = column == bindparam(name)
        statement = statement.where(condition)
    statement = _beside(statement, names)
    if "joined_from" in names:
        statement = statement.where(_member.c.joined_at >= bindparam("joined_from"))
    if "joined_before" in names:
        statement = statement.where(_member.c.joined_at < bindparam("joined_before"))
    # In the text: a parameter might as well leave one member in a million, for all that a plan for any value knows.
    living = _member.c.state != literal_column(f"'{MERGED}'")
    return statement.where(_member.c.state == bindparam("state") if "state" in names else living)


def _is(known: Select[Any]) -> ColumnElement[bool]:
    """Say that a member is one of those selected, or a survivor of theirs."""
    way = known.cte("way", recursive=True, nesting=True)
    into = select(_member.c.merged_into).join(way, way.c.member_id == _member.c.id)
    way = way.union(into.where(_member.c.merged_into.is_not(None)))
    return _member.c.id.in_(select(way.c.member_id))


def _beside(statement: Select[Any], names: frozenset[str]) -> Select[Any]:
    """Narrow by what is known beside the profile."""
    if "source" in names:
        named = (_external.c.source == bindparam("source")) & (_external.c.external_id == bindparam("external_id"))
        statement = statement.where(_is(select(_external.c.member_id).where(named)))
    if "tag" in names:
        tagged = (_tag.c.member_id == _member.c.id) & (_tag.c.tag == bindparam("tag"))
        statement = statement.where(exists().where(tagged))
    if "group" in names:
        grouped = (_group.c.member_id == _member.c.id) & (_group.c.code == bindparam("group"))
        statement = statement.where(exists().where(grouped))
    if "tier" in names:
        stands = exists().where(
            _assignment.c.member_id == _member.c.id,
            _assignment.c.ladder == bindparam("ladder"),
            _assignment.c.tier == bindparam("tier"),
            _assignment.c.valid_to.is_(None),
        )
        statement = statement.where(stands)
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
