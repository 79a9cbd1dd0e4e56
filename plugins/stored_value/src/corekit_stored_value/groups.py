"""Groups: what is left of what one top-up brought, principal and bonus together."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from attrs import frozen
from sqlalchemy import BigInteger, case, cast, func, or_, select

from corekit import Reader, any_of, micros, moment
from corekit.tables import account as _account
from corekit.tables import lot as _lot
from corekit_stored_value.rules import Currency

# Spelled like the condition of the index on open lots, so that both databases use it.
_IS_OPEN = _lot.c.issued > _lot.c.consumed + _lot.c.held + _lot.c.expired
_OPEN = _lot.c.issued - _lot.c.consumed - _lot.c.held - _lot.c.expired


@frozen
class Group:
    """What can be spent of what one activity brought, in minor units; the bonus until ``lapses_at``."""

    activity: str
    since: datetime
    principal: int
    bonus: int
    lapses_at: datetime | None


def groups(read: Reader, members: Iterable[str], currency: Currency, now: datetime) -> dict[str, list[Group]]:
    """Return the groups of members with something left at ``now``, in the order in which they are spent pro rata.

    One statement, however many members.
    """
    at = micros(now)
    since, lapses_at = func.min(_lot.c.issued_at), func.min(_lot.c.expires_at)
    of_kind = {
        kind: cast(func.sum(case((_account.c.kind == kind, _OPEN), else_=0)), BigInteger)
        for kind in (currency.principal, currency.bonus)
    }
    chosen = (
        select(
            _account.c.member_id,
            _lot.c.activity_id,
            since.label("since"),
            of_kind[currency.principal].label("principal"),
            of_kind[currency.bonus].label("bonus"),
            lapses_at.label("lapses_at"),
        )
        .join_from(_account, _lot, _lot.c.account_id == _account.c.id)
        .where(
            any_of(_account.c.member_id, sorted(set(members))),
            _account.c.kind.in_(list(of_kind)),
            _IS_OPEN,
            or_(_lot.c.expires_at.is_(None), _lot.c.expires_at > at),
        )
        .group_by(_account.c.member_id, _lot.c.activity_id)
        .order_by(lapses_at.is_(None), lapses_at, since, _lot.c.activity_id)
    )
    found: dict[str, list[Group]] = {}
    for row in read.all(chosen):
        lapses = None if row.lapses_at is None else moment(row.lapses_at)
        group = Group(row.activity_id, moment(row.since), int(row.principal), int(row.bonus), lapses)
        found.setdefault(row.member_id, []).append(group)
    return found
