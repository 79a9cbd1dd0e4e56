"""Reading the ledger as of any moment: what members had then, and what was to lapse, as the books said it then.

A moment is one of recording: what was recorded at it or before it counts, whenever it occurred. Nothing is stored for
this. Entries keep the running balance, and a lot is what its movements until then make it; one that was given back
after it had lapsed got a new expiry, and that movement keeps the old one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from attrs import frozen
from sqlalchemy import ColumnElement, and_, case, cast, func, select

from corekit.activities.tables import activity as _activity
from corekit.clock import micros, moment
from corekit.db.reader import Reader, any_of
from corekit.db.types import Whole
from corekit.ledger.chart import DEBT
from corekit.ledger.read import Balance, Expiring
from corekit.ledger.tables import account as _account
from corekit.ledger.tables import account_kind as _kind
from corekit.ledger.tables import entry as _entry
from corekit.ledger.tables import hold as _hold
from corekit.ledger.tables import lot as _lot
from corekit.ledger.tables import lot_movement as _movement
from corekit.ledger.tables import unit as _unit

_GROWS = ("issue", "restore", "unrepay", "unexpire", "release")
"""The movements by which more of a lot is open; the others make it less."""
_HELD = case((_movement.c.kind == "hold", _movement.c.amount), (_movement.c.kind == "release", -_movement.c.amount))
_PARTS: ColumnElement[int] = case((_movement.c.kind.in_(_GROWS), _movement.c.amount), else_=-_movement.c.amount)


@frozen
class _Lot:
    """What was open and held of a lot, in minor units, and when it was to lapse (microseconds; None: never).

    ``freed`` was held by holds that were over and had not lapsed in the books yet. ``available_from`` is when it was to
    become available (None: at once).
    """

    account: str
    open: int
    held: int
    freed: int
    available_from: int | None
    expires_at: int | None

    def is_due(self, instant: int) -> bool:
        """Say whether nobody could spend it any more."""
        return self.expires_at is not None and self.expires_at <= instant


def balances_at(read: Reader, member_ids: Iterable[str], at: datetime) -> dict[str, list[Balance]]:
    """Return what each member had at a moment, by account kind: what :func:`corekit.balances` answered then.

    An account that nothing had moved on by then is left out. ``state`` is that of today. Two statements.
    """
    instant, ids = micros(at), list(member_ids)
    rows = read.all(_last_entries(ids, instant))
    debts = {(row.member_id, row.kind): row for row in rows if row.kind.endswith(f".{DEBT}")}
    lots: dict[str, list[_Lot]] = defaultdict(list)
    for lot in _lots(read, ids, instant):
        lots[lot.account].append(lot)
    found: dict[str, list[Balance]] = {key: [] for key in ids}
    for row in rows:
        if (row.member_id, row.kind) not in debts:
            debt = debts.get((row.member_id, f"{row.kind}.{DEBT}"))
            found[row.member_id].append(_balance(row, -debt.balance if debt else 0, lots[row.id], instant))
    return found


def expiring_at(
    read: Reader, member_ids: Iterable[str], kind: str, until: datetime, at: datetime
) -> dict[str, list[Expiring]]:
    """Return what of a kind was to lapse for each member after a moment and up to ``until``, soonest first."""
    instant, last, ids = micros(at), micros(until), list(member_ids)
    owners = {row.id: row.member_id for row in read.all(_last_entries(ids, instant, _account.c.kind == kind))}
    amounts: dict[str, dict[int, int]] = {key: defaultdict(int) for key in ids}
    for lot in _lots(read, ids, instant, _account.c.kind == kind):
        if lot.open and lot.expires_at is not None and instant < lot.expires_at <= last:
            amounts[owners[lot.account]][lot.expires_at] += lot.open
    return {
        key: [Expiring(key, moment(due), amount) for due, amount in sorted(of_member.items())]
        for key, of_member in amounts.items()
    }


def _last_entries(ids: list[str], instant: int, *where: ColumnElement[bool]) -> Any:
    """Return the select of the accounts of members, each with its last entry that a moment knows."""
    known = _entry.alias()
    last = (
        select(func.max(known.c.seq))
        .where(known.c.account_id == _account.c.id, known.c.recorded_at <= instant)
        .scalar_subquery()
    )
    return (
        select(
            _account.c.id,
            _account.c.member_id,
            _account.c.kind,
            _account.c.state,
            _kind.c.unit,
            _unit.c.scale,
            _entry.c.balance_after.label("balance"),
            _entry.c.available_after.label("available"),
            _kind.c.lots,
        )
        .join_from(_account, _entry, and_(_entry.c.account_id == _account.c.id, _entry.c.seq == last))
        .join(_kind, _kind.c.code == _account.c.kind)
        .join(_unit, _unit.c.code == _kind.c.unit)
        .where(any_of(_account.c.member_id, ids), *where)
        .order_by(_account.c.member_id, _account.c.kind)
    )


def _lots(read: Reader, ids: list[str], instant: int, *where: ColumnElement[bool]) -> list[_Lot]:
    """Return the lots of members of which something was open or held at a moment."""
    held, left = func.coalesce(func.sum(_HELD), 0), func.sum(_PARTS)
    freed = func.coalesce(func.sum(case((_hold.c.expires_at <= instant, _HELD))), 0)
    then = (
        select(_lot.c.id, _lot.c.account_id, _lot.c.expires_at, _lot.c.available_from,
               cast(left, Whole).label("open"), cast(held - freed, Whole).label("held"),
               cast(freed, Whole).label("freed"))
        .join_from(_account, _lot, _lot.c.account_id == _account.c.id)
        .join(_movement, _movement.c.lot_id == _lot.c.id)
        .join(_activity, _activity.c.id == _movement.c.activity_id)
        .outerjoin(_hold, _hold.c.id == _movement.c.spend_id)
        .where(any_of(_account.c.member_id, ids), _activity.c.recorded_at <= instant, *where)
        .group_by(_lot.c.id, _lot.c.account_id, _lot.c.expires_at, _lot.c.available_from)
        .having((left != 0) | (held != 0))
        .subquery()
    )  # fmt: skip
    moved = (
        select(_movement.c.expiry_before)
        .join(_activity, _activity.c.id == _movement.c.activity_id)
        .where(_movement.c.lot_id == then.c.id, _movement.c.expiry_before.is_not(None))
        .where(_activity.c.recorded_at > instant)
        .order_by(_movement.c.seq)
        .limit(1)
        .scalar_subquery()
    )
    parts = (then.c.open, then.c.held, then.c.freed, then.c.available_from)
    statement = select(then.c.account_id, *parts, func.coalesce(moved, then.c.expires_at))
    return [_Lot(*row) for row in read.all(statement)]


def _balance(row: Any, debt: int, lots: list[_Lot], instant: int) -> Balance:
    due = sum(lot.open + lot.freed for lot in lots if lot.is_due(instant))
    awaited = [lot for lot in lots if lot.open and not lot.is_due(instant) and (lot.available_from or 0) > instant]
    awaited_from = min((lot.available_from or 0 for lot in awaited), default=None)
    later = [lot for lot in lots if lot.open and lot.expires_at is not None and lot.expires_at > instant]
    next_at = min((lot.expires_at or 0 for lot in later), default=None)
    return Balance(
        account=row.id,
        member=row.member_id,
        kind=row.kind,
        unit=row.unit,
        scale=row.scale,
        state=row.state,
        balance=row.balance,
        pending=sum(lot.held for lot in lots) if row.lots else row.balance - row.available,
        due=due,
        debt=debt,
        next_at=moment(next_at) if next_at is not None else None,
        next_amount=sum(lot.open for lot in later if lot.expires_at == next_at),
        awaited=sum(lot.open for lot in awaited),
        awaited_from=moment(awaited_from) if awaited_from is not None else None,
    )
