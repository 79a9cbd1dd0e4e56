"""Reading the ledger: what members have, statements with the running balance, and what lapses when."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, Unpack

from attrs import field, frozen
from sqlalchemy import ColumnElement, Select, and_, bindparam, case, cast, func, or_, select

from corekit.activities.tables import activity as _activity
from corekit.activities.tables import effect as _effect
from corekit.clock import micros
from corekit.db.prepared import Prepared, prepared
from corekit.db.reader import Reader, any_of
from corekit.db.shape import Shape, group
from corekit.db.types import Whole
from corekit.ledger.chart import DEBT
from corekit.ledger.tables import account as _account
from corekit.ledger.tables import account_kind as _kind
from corekit.ledger.tables import entry as _entry
from corekit.ledger.tables import hold as _hold
from corekit.ledger.tables import lot as _lot
from corekit.ledger.tables import lot_movement as _movement
from corekit.ledger.tables import posting as _posting
from corekit.ledger.tables import unit as _unit
from corekit.newest import Newest
from corekit.paging import Ask, Page, Span

# Spelled like the condition of the index on open lots, so that both databases use it.
_IS_OPEN: ColumnElement[bool] = _lot.c.issued > _lot.c.consumed + _lot.c.held + _lot.c.expired
_OPEN: ColumnElement[int] = cast(
    func.coalesce(func.sum(_lot.c.issued - _lot.c.consumed - _lot.c.held - _lot.c.expired), 0), Whole
)
_HELD: ColumnElement[int] = case(
    (_movement.c.kind == "hold", _movement.c.amount), (_movement.c.kind == "release", -_movement.c.amount), else_=0
)


@frozen
class Expiring:
    """An amount (minor units) that lapses at an instant, unless it is spent before."""

    member: str = field(repr=False)
    at: datetime
    amount: int


class Balance(NamedTuple):
    """What a member has of an account kind, in minor units of ``unit`` (``scale`` decimal places).

    ``balance`` is what the books say, ``pending`` is held, ``due`` has lapsed and is not booked as breakage yet,
    ``debt`` is what the member owes, ``awaited`` was given and becomes available later (the first of it at
    ``awaited_from``). ``next_amount`` lapses at ``next_at``, if anything does.
    """

    account: str
    member: str
    kind: str
    unit: str
    scale: int
    state: str
    balance: int
    pending: int
    due: int
    debt: int
    next_at: datetime | None
    next_amount: int
    awaited: int = 0
    awaited_from: datetime | None = None

    @property
    def available(self) -> int:
        """What may be spent now."""
        return self.balance - self.pending - self.due - self.awaited

    @property
    def expiring_next(self) -> Expiring | None:
        """What lapses next."""
        return Expiring(self.member, self.next_at, self.next_amount) if self.next_at else None


class EntryView(NamedTuple):
    """A line of a statement: ``amount`` is positive for a credit, else negative; then what was left."""

    account: str
    seq: int
    posting: str
    activity: str
    activity_type: str
    rule: str
    amount: int
    balance_after: int
    available_after: int
    recorded_at: datetime


OF_AVAILABLE = ("balance", "pending", "due", "awaited")
"""The fields of a balance of which ``available`` is made."""

_ENTRY = Shape(
    EntryView,
    _entry,
    account=_entry.c.account_id,
    posting=_entry.c.posting_id,
    activity=_entry.c.activity_id,
    activity_type=_activity.c.type,
    rule=_effect.c.rule,
    amount=case((_entry.c.side == "credit", _entry.c.amount), else_=-_entry.c.amount),
)


def _entries(names: Sequence[str], _left_out: frozenset[str]) -> tuple[Select[Any], Sequence[ColumnElement[bool]]]:
    of_posting = and_(_posting.c.activity_id == _entry.c.activity_id, _posting.c.id == _entry.c.posting_id)
    entries = (
        select(*_ENTRY.columns)
        .join_from(_entry, _posting, of_posting)
        .join(_activity, _activity.c.id == _entry.c.activity_id)
        .join(_effect, _effect.c.id == _posting.c.effect_id)
    )
    return entries, [_entry.c.recorded_at <= bindparam(name) for name in names]


_OF_ACCOUNT = Newest(_entry, _entry.c.account_id, _account, "account", _entries, of=EntryView)


def balances(
    read: Reader, member_ids: Iterable[str], now: datetime, *, only: Collection[str] | None = None
) -> dict[str, list[Balance]]:
    """Return what each member has at ``now``, by account kind, those of disabled plugins included.

    Where ``only`` some fields will be looked at, others may be None.
    """
    shape, ids = _balance(), list(member_ids)
    rows = read.all(_balances(shape.left_out(only)), ids=ids, at=micros(now))
    return group(rows, "member", ids)


@prepared
def _balances(left_out: frozenset[str]) -> Prepared:
    debt, held = _DEBT_ACCOUNT, _HELD_ACCOUNT
    chosen = (
        select(*_balance().columns_but(left_out))
        .join_from(held, _kind, _kind.c.code == held.c.kind)
        .join(_unit, _unit.c.code == _kind.c.unit)
        .outerjoin(debt, and_(debt.c.member_id == held.c.member_id, debt.c.kind == held.c.kind + f".{DEBT}"))
        .order_by(held.c.member_id, held.c.kind)
    )
    return Prepared(chosen, Balance)


@cache
def _balance() -> Shape[Balance]:
    """Return how a balance is read at the instant ``at``."""
    debt, held = _DEBT_ACCOUNT, _HELD_ACCOUNT
    summed = select(cast(func.coalesce(func.sum(_hold.c.amount), 0), Whole))
    lapsed = _where_held(summed.where(_overdue(held.c.id, _AT)))
    lapses = _lapses(held.c.lapses_at)
    given_back = (
        select(cast(func.coalesce(func.sum(_HELD), 0), Whole))
        .join_from(_movement, _hold, _hold.c.id == _movement.c.spend_id)
        .join(_lot, _lot.c.id == _movement.c.lot_id)
        .where(_overdue(held.c.id, _AT), lapses <= _AT)
    )
    # By their own expiry the index yields just those lots; all of an account that lay idle for too long are due.
    open_ = select(_OPEN).where(_of(held.c.id))
    due = case(
        (held.c.lapses_at <= _AT, open_.scalar_subquery()),
        else_=open_.where(_lot.c.expires_at <= _AT).scalar_subquery(),
    )
    # What lapsed is due and awaited no more.
    later = and_(_of(held.c.id), _lot.c.available_from > _AT, or_(lapses.is_(None), lapses > _AT))
    return Shape(
        Balance,
        held,
        always=("account", "member", "kind", "unit", "scale"),
        account=held.c.id,
        member=held.c.member_id,
        unit=_kind.c.unit,
        scale=_unit.c.scale,
        balance=held.c.credits_posted - held.c.debits_posted,
        pending=held.c.debits_pending - lapsed,
        due=due + _where_held(given_back),
        debt=func.coalesce(debt.c.debits_posted - debt.c.credits_posted, 0),
        next_amount=select(_OPEN).where(_of(held.c.id), lapses == held.c.next_at).scalar_subquery(),
        awaited=select(_OPEN).where(later).scalar_subquery(),
        awaited_from=select(func.min(_lot.c.available_from)).where(later).scalar_subquery(),
    )


def statement(
    read: Reader, account_ids: Iterable[str], at: datetime | None = None, **page: Unpack[Ask]
) -> dict[str, Page[EntryView]]:
    """Return a page of each account's entries with the running balance, newest first, as it was ``at`` a moment.

    ``account_ids`` are those of :attr:`Balance.account`. Raises :class:`~corekit.errors.Invalid` for a cursor
    or a page size that cannot be.
    """
    span = Span.of(page, int)
    return _OF_ACCOUNT.pages(read, account_ids, span, at=None if at is None else micros(at))


def expiring(
    read: Reader, member_ids: Iterable[str], kind: str, until: datetime, now: datetime
) -> dict[str, list[Expiring]]:
    """Return what of a kind lapses for each member after ``now`` and up to ``until``, soonest first."""
    ids, at = list(member_ids), _lapses(_account.c.lapses_at)
    shape = Shape(Expiring, member=_account.c.member_id, at=at, amount=_OPEN)
    statement = (
        select(*shape.columns)
        .join_from(_account, _lot, _of(_account.c.id))
        .where(any_of(_account.c.member_id, ids), _account.c.kind == kind)
        .where(at > micros(now), at <= micros(until))
        .group_by(_account.c.member_id, at)
        .order_by(_account.c.member_id, at)
    )
    return group(map(shape, read.all(statement)), "member", ids)


def _where_held(sum_: Select[Any]) -> ColumnElement[Any]:
    """Return a sum over an account's holds, which is not looked for where nothing is held."""
    return case((_HELD_ACCOUNT.c.debits_pending > 0, sum_.scalar_subquery()), else_=0)


def _overdue(account: ColumnElement[Any], at: int | ColumnElement[int]) -> ColumnElement[bool]:
    """Keep the holds on an account that can no longer be captured and have not lapsed in the books yet."""
    return and_(_hold.c.account_id == account, _hold.c.outcome.is_(None), _hold.c.expires_at <= at)


def _lapses(idle: ColumnElement[int | None]) -> ColumnElement[Any]:
    """Return when a lot lapses: at its own expiry, or before that with all of its account, which lies idle."""
    own = _lot.c.expires_at
    return case((or_(own.is_(None), own > idle), func.coalesce(idle, own)), else_=own)


def _of(account: ColumnElement[Any]) -> ColumnElement[bool]:
    """Keep the open lots of an account."""
    return and_(_lot.c.account_id == account, _IS_OPEN)


_AT = bindparam("at", type_=Whole)
_DEBT_ACCOUNT = _account.alias("debt")
_HELD_ACCOUNT = (
    select(
        _account,
        select(func.min(_lapses(_account.c.lapses_at)))
        .where(_of(_account.c.id), _lapses(_account.c.lapses_at) > _AT)
        .scalar_subquery()
        .label("next_at"),
    )
    .where(any_of(_account.c.member_id, bindparam("ids")), _account.c.kind.not_like(f"%.{DEBT}"))
    .subquery()
)
