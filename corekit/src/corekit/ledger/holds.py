"""Reading holds: what is set aside of members' accounts, and until when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from attrs import frozen
from sqlalchemy import or_, select

from corekit.clock import micros
from corekit.db.reader import Reader, any_of
from corekit.db.shape import Shape, group
from corekit.ledger.tables import account as _account
from corekit.ledger.tables import account_kind as _kind
from corekit.ledger.tables import hold as _hold
from corekit.ledger.tables import unit as _unit


@frozen
class HoldView:
    """A hold that can be captured or released; ``amount`` in minor units of ``unit`` (``scale`` decimal places)."""

    id: str
    member: str
    activity: str
    kind: str
    unit: str
    scale: int
    amount: int
    expires_at: datetime | None


_VIEW = Shape(
    HoldView,
    _hold,
    member=_account.c.member_id,
    activity=_hold.c.activity_id,
    kind=_account.c.kind,
    unit=_kind.c.unit,
    scale=_unit.c.scale,
)


def holds(read: Reader, member_ids: Iterable[str], now: datetime) -> dict[str, list[HoldView]]:
    """Return what can still be captured of each member's holds at ``now``, oldest first."""
    ids, at = list(member_ids), micros(now)
    statement = (
        select(*_VIEW.columns)
        .join_from(_hold, _account, _account.c.id == _hold.c.account_id)
        .join(_kind, _kind.c.code == _account.c.kind)
        .join(_unit, _unit.c.code == _kind.c.unit)
        .where(any_of(_account.c.member_id, ids), _hold.c.outcome.is_(None))
        .where(or_(_hold.c.expires_at.is_(None), _hold.c.expires_at > at))
        .order_by(_account.c.member_id, _hold.c.id)
    )
    return group(map(_VIEW, read.all(statement)), "member", ids)
