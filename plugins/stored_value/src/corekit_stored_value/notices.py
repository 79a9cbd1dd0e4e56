"""Notices: little is left, and what will lapse soon. They are activities, so whoever tells members listens to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, SelectBase, Text, cast, false, func, literal, select, union_all

from corekit import Activity, Bounds, Effect, Facts, Follow, Json, Limits, Sweep
from corekit.tables import account, lot
from corekit_stored_value.booked import OWN
from corekit_stored_value.declared_reports import EXPIRING, FEE_CHARGED, LOW_BALANCE
from corekit_stored_value.rules import Book, Currency
from corekit_stored_value.spending import TENDER

SPENDS = ("stored_value.spent", "stored_value.authorised")
"""The types whose whole amount is taken from what the member has; a fee that was paid elsewhere is not."""
_DAY = 86_400_000_000


def low(activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Let a notice follow where a spend takes what is left below what the program calls little."""
    taken = _taken(activity)
    if taken:
        book: Book = facts.program(activity)
        if book.low_balance is not None and activity.unit in (None, book.own.unit.code):
            yield from _low(book.low_balance, book.own, taken, activity, facts)


def _taken(activity: Activity) -> int:
    """Return what an activity takes, if it is applied."""
    if activity.type in SPENDS or (activity.type == FEE_CHARGED.name and "channel" not in activity.payload):
        return activity.amount
    tendered: int = activity.payload.get("tenders", {}).get(TENDER, 0)
    return tendered


def _low(threshold: int, currency: Currency, taken: int, activity: Activity, facts: Facts) -> Iterator[Follow]:
    had = sum(facts.balance(kind, activity) for kind in (currency.principal, currency.bonus))
    left = had - taken
    if had >= threshold > left >= 0:
        payload = {"currency": currency.unit.code, "left": left, "threshold": threshold}
        yield Follow(activity, rule="low_balance@1", type=LOW_BALANCE.name, name="low", payload=payload)


def _expiring(bounds: Bounds) -> SelectBase:
    """Select what lapses within each of the program's periods of notice and not within a shorter one."""
    days = sorted(bounds.program.notices) if bounds.program is not None else []
    ends = [bounds.at + each * _DAY for each in days]
    chosen = [
        _within(bounds, number, after, until)
        for number, after, until in zip(days, [bounds.at, *ends], ends, strict=False)
    ]
    return union_all(*chosen) if chosen else _within(bounds, 0, 0, 0).where(false())


def _within(bounds: Bounds, days: int, after: int, until: int) -> Any:
    opened = func.sum(lot.c.issued - lot.c.consumed - lot.c.held - lot.c.expired)
    id_, at = func.replace(cast(account.c.id, Text), "-", ""), cast(lot.c.expires_at, Text)
    parts = (
        '{"account": "',
        account.c.kind,
        '", "amount": ',
        cast(opened, Text),
        ', "at": ',
        at,
        f', "days": {days}}}',
    )
    payload: ColumnElement[str] = literal("", Text)
    for part in parts:
        payload = payload.concat(literal(part, Text) if isinstance(part, str) else part)
    return (
        select(
            account.c.member_id,
            id_.concat(":").concat(at).concat(f":{days}").label("key"),
            literal(0).label("amount"),
            literal("expiring@1", Text).label("rule"),
            cast(payload, Json).label("payload"),
        )
        .join_from(account, lot, lot.c.account_id == account.c.id)
        .where(bounds.within(account.c.member_id), account.c.kind.startswith(OWN, autoescape=True))
        .where(lot.c.issued > lot.c.consumed + lot.c.held + lot.c.expired)
        .where(lot.c.expires_at > after, lot.c.expires_at <= until)
        .group_by(account.c.member_id, account.c.id, account.c.kind, lot.c.expires_at)
    )


COMING_EXPIRY = Sweep(
    name="stored_value.expiring",
    activity_type=EXPIRING.name,
    select=_expiring,
    description="Says what bonus will lapse soon, once for each period of notice of the program.",
    schedule="0 8 * * *",
    limits=Limits(value=None),
)
