"""Notices ahead of expiry: an activity for each date on which something of a member lapses, for who tells members."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, SelectBase, Text, case, cast, false, func, literal, or_, select, union_all

from corekit import ActivityType, Bounds, Json, Limits, Sweep
from corekit.tables import account, lot
from corekit_points.rules import CURRENCY, Book

EXPIRING = ActivityType(
    name="points.expiring",
    description="Points of a member lapse soon; the payload says of which account, how many, when, and the notice.",
    internal=True,
)
_DAY = 86_400_000_000
_OPEN = lot.c.issued - lot.c.consumed - lot.c.held - lot.c.expired
_lapses: ColumnElement[Any] = case(
    (or_(lot.c.expires_at.is_(None), account.c.lapses_at < lot.c.expires_at), account.c.lapses_at),
    else_=lot.c.expires_at,
)
"""When a lot lapses: at its own date, or when the whole account does, whichever comes first."""


def expiring(bounds: Bounds) -> SelectBase:
    """Select what lapses within each notice of each currency, and not within a shorter one of it."""
    book: Book | None = bounds.program
    parts: list[Select[*tuple[Any, ...]]] = []
    for currency in book.currencies.values() if book is not None else ():
        after = bounds.at
        for days in currency.notices:
            until = bounds.at + days * _DAY
            parts.append(_within(bounds, currency.kind, days, after, until))
            after = until
    return union_all(*parts) if parts else _within(bounds, CURRENCY, 0, 0, 0).where(false())


def _within(bounds: Bounds, kind: str, days: int, after: int, until: int) -> Select[*tuple[Any, ...]]:
    id_, at = func.replace(cast(account.c.id, Text), "-", ""), cast(_lapses, Text)
    payload = (
        literal(f'{{"account": "{kind}", "days": {days}, "amount": ', Text)
        .concat(cast(func.sum(_OPEN), Text))
        .concat(literal(', "at": ', Text))
        .concat(at)
        .concat(literal("}", Text))
    )
    return (
        select(
            account.c.member_id,
            id_.concat(literal(":", Text)).concat(at).concat(literal(f":{days}", Text)).label("key"),
            literal(0).label("amount"),
            literal("expiring@1", Text).label("rule"),
            cast(payload, Json).label("payload"),
        )
        .join_from(account, lot, lot.c.account_id == account.c.id)
        .where(bounds.within(account.c.member_id), account.c.kind == kind)
        .where(lot.c.issued > lot.c.consumed + lot.c.held + lot.c.expired)
        .where(_lapses > after, _lapses <= until)
        .group_by(account.c.member_id, account.c.id, _lapses)
    )


NOTICES = Sweep(
    name="points.notices",
    activity_type=EXPIRING.name,
    select=expiring,
    description="Says which points lapse soon, once for each notice of the program and date.",
    schedule="0 8 * * *",
    limits=Limits(value=None),
)
