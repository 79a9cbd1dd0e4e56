"""Reading activities: what happened, line by line, what it caused, and what a member buys."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Literal, Unpack

from sqlalchemy import ColumnElement, Row, Select, bindparam, cast, exists, func, or_, select, type_coerce

from corekit.activities.activity import Line
from corekit.activities.tables import activity as _activity
from corekit.activities.tables import effect as _effect
from corekit.activities.tables import line as _line
from corekit.activities.views import ActivityView, Consumption, Document, EffectView, Skipped, Slip
from corekit.clock import micros
from corekit.db.prepared import Prepared, prepared
from corekit.db.reader import Reader, any_of
from corekit.db.shape import Shape, group
from corekit.db.types import Whole
from corekit.members.tables import member as _member
from corekit.newest import Newest
from corekit.paging import Ask, Page, Span

PURCHASE = "purchase"

VIEW = Shape(
    ActivityView,
    _activity,
    always=("member", "seq"),
    member=_activity.c.member_id,
    parent=_activity.c.parent_id,
    payload=type_coerce(_activity.c.payload, Document),
    skipped=type_coerce(_activity.c.skipped, Skipped),
)
"""How an activity is read."""
EFFECT = Shape(EffectView, _effect, activity=_effect.c.activity_id, account=_effect.c.account_kind)
"""How an effect is read."""

_REVERSAL = _activity.alias("reversal")
_BACK = _line.alias("back")
_OF_PURCHASE = (_REVERSAL.c.reverses.is_not(None), _REVERSAL.c.reverses == _activity.c.id, _REVERSAL.c.seq > 0)
_RETURNED: ColumnElement[int] = (
    select(cast(func.coalesce(func.sum(_REVERSAL.c.amount), 0), Whole)).where(*_OF_PURCHASE).scalar_subquery()
)
_LEFT = or_(_activity.c.amount > _RETURNED, ~exists().where(*_OF_PURCHASE))
"""Something of the activity is left; one without an amount comes back as a whole only."""


@prepared
def _by_id(left_out: frozenset[str]) -> Prepared:
    chosen = select(*VIEW.columns_but(left_out)).where(any_of(_activity.c.id, bindparam("ids")))
    return Prepared(chosen, ActivityView)


def activities(read: Reader, ids: Iterable[str], *, only: Collection[str] | None = None) -> dict[str, ActivityView]:
    """Return activities by id; an id that none has is left out.

    Where ``only`` some fields will be looked at, others may be None.
    """
    left_out = VIEW.left_out(only) - {"id"}
    return {row.id: row for row in read.all(_by_id(left_out), ids=list(ids))}


def _activities(names: Sequence[str], left_out: frozenset[str]) -> tuple[Select[Any], Sequence[ColumnElement[bool]]]:
    return select(*VIEW.columns_but(left_out)), [_activity.c.type == bindparam(name) for name in names]


_OF_MEMBER = Newest(_activity, _activity.c.member_id, _member, "member", _activities, of=ActivityView)


def activities_of(
    read: Reader,
    member_ids: Iterable[str],
    type: str | None = None,  # noqa: A002 - it is what the field is called everywhere
    *,
    only: Collection[str] | None = None,
    **page: Unpack[Ask],
) -> dict[str, Page[ActivityView]]:
    """Return a page of the settled activities of each member, newest first, all or those of one type.

    Where ``only`` some fields will be looked at, others may be None. Raises :class:`~corekit.errors.Invalid` for a
    cursor or a page size that cannot be.
    """
    return _OF_MEMBER.pages(read, member_ids, Span.of(page, int), VIEW.left_out(only), type=type)


def lines(read: Reader, activity_ids: Iterable[str]) -> dict[str, list[Line]]:
    """Return the lines of each activity, by number."""
    return _lines(read, activity_ids)


def effects(read: Reader, activity_ids: Iterable[str]) -> dict[str, list[EffectView]]:
    """Return the effects of each activity, in the order in which they were applied."""
    ids = list(activity_ids)
    statement = select(*EFFECT.columns).where(any_of(_effect.c.activity_id, ids))
    return group(map(EFFECT, read.all(statement.order_by(_effect.c.activity_id, _effect.c.no))), "activity", ids)


def _purchases(names: Sequence[str], _left_out: frozenset[str]) -> tuple[Select[Any], Sequence[ColumnElement[bool]]]:
    asked = [_line.c[name] == bindparam(name) for name in names]
    having = [exists().where(_line.c.activity_id == _activity.c.id, *asked)] if asked else []
    statement = select(*VIEW.columns, _RETURNED.label("returned"), _LEFT.label("left"))
    return statement, [_activity.c.type == PURCHASE, *having]


_SLIPS = Newest(_activity, _activity.c.member_id, _member, "member", _purchases, filtered=True)


def slips(
    read: Reader, member_ids: Iterable[str], category: str | None = None, sku: str | None = None, **page: Unpack[Ask]
) -> dict[str, Page[Slip]]:
    """Return a page of each member's purchases, newest first, with their lines.

    ``category`` and ``sku`` keep the purchases that have such a line, and of each those lines alone.
    """
    span = Span.of(page, int)
    asked = [_line.c[name] == it for name, it in (("category", category), ("sku", sku)) if it is not None]
    pages = _SLIPS.pages(read, member_ids, span, category=category, sku=sku)
    found = _lines(read, [row.id for each in pages.values() for row in each.items], *asked)

    def make(row: Row[Any]) -> Slip:
        return Slip(VIEW(row), tuple(found[row.id]), row.returned, not row.left)

    return {member: each.map(make) for member, each in pages.items()}


def consumption(
    read: Reader,
    member_ids: Iterable[str],
    by: Literal["category", "sku"] = "category",
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> dict[str, list[Consumption]]:
    """Return what each member bought of which category or article, most money first.

    ``since`` and ``until`` (which no longer belongs to it) bound when it was bought.
    """
    ids, at = list(member_ids), _activity.c.occurred_at
    bought = (
        select(
            _activity.c.member_id,
            _activity.c.id,
            at,
            _line.c[by],
            (_line.c.quantity - _back(_BACK.c.quantity)).label("quantity"),
            _line.c.amount.label("paid"),
            (_line.c.amount - _back(_BACK.c.amount)).label("amount"),
        )
        .join_from(_activity, _line, _line.c.activity_id == _activity.c.id)
        .where(any_of(_activity.c.member_id, ids), _activity.c.seq > 0, _activity.c.type == PURCHASE, _LEFT)
        .where(*([at >= micros(since)] if since else []), *([at < micros(until)] if until else []))
        .subquery()
    )
    shape = Shape(
        Consumption,
        member=bought.c.member_id,
        key=bought.c[by],
        purchases=func.count(bought.c.id.distinct()),
        quantity=cast(func.sum(bought.c.quantity), Whole),
        amount=cast(func.sum(bought.c.amount), Whole),
        first_at=func.min(bought.c.occurred_at),
        last_at=func.max(bought.c.occurred_at),
    )
    statement = (
        select(*shape.columns)
        .where(or_(bought.c.amount > 0, bought.c.paid == 0))
        .group_by(bought.c.member_id, bought.c[by])
        .order_by(bought.c.member_id, func.sum(bought.c.amount).desc(), bought.c[by])
    )
    return group(map(shape, read.all(statement)), "member", ids)


def _back(column: ColumnElement[int]) -> ColumnElement[int]:
    """Sum what came back of a line of a purchase."""
    summed = select(cast(func.coalesce(func.sum(column), 0), Whole))
    summed = summed.join(_REVERSAL, _REVERSAL.c.id == _BACK.c.activity_id)
    return summed.where(*_OF_PURCHASE, _BACK.c.no == _line.c.no).correlate(_activity, _line).scalar_subquery()


def _lines(read: Reader, activity_ids: Iterable[str], *where: ColumnElement[bool]) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {key: [] for key in activity_ids}
    statement = select(_line).where(any_of(_line.c.activity_id, found), *where)
    for row in read.all(statement.order_by(_line.c.activity_id, _line.c.no)):
        flags: tuple[str, ...] = tuple(row.flags or ())
        line = Line(row.no, row.amount, row.sku, row.category, row.quantity, row.unit_price, flags)
        found[row.activity_id].append(line)
    return found
