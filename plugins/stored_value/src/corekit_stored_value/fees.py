"""Fees: what they cost, when they come due, and how they are paid. Pure, apart from the select of the sweep.

A fee that the program prices comes due (``stored_value.fee_due``) and is charged by what follows from that
(``stored_value.fee_charged``); whoever knows the amount records, or lets follow, the charge alone. A charge takes the
money from what the member stored, in the program's way of spending; where that is not enough it takes nothing and
stands as unpaid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any

from attrs import evolve
from sqlalchemy import SelectBase, Text, and_, cast, false, func, literal, or_, select, union_all

from corekit import (
    Activity,
    Bounds,
    Effect,
    Facts,
    Follow,
    Json,
    Limits,
    Refusal,
    Sweep,
    add_months,
    member,
    micros,
    moment,
)
from corekit_stored_value.declared_reports import FEE_CHARGED, FEE_DUE, FEE_UNKNOWN, NO_FEE
from corekit_stored_value.entries import ANNUAL, JOINING, Fee
from corekit_stored_value.prepared import NOTHING, Prepared
from corekit_stored_value.rules import Book
from corekit_stored_value.spending import debit

OUTSIDE = "outside"
"""The channel of a fee that was paid when somebody joined, before there was an account."""
_FIRST_YEAR = 1970


def joined(activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Charge who joins: paid already where so much was paid with the registration."""
    book: Book = facts.program(activity)
    for fee in book.fees.values():
        if fee.kind == JOINING and fee.amount:
            paid = (activity.payload.get("fee_paid") or 0) >= fee.amount
            yield _charge(fee, fee.amount, activity, {"channel": OUTSIDE} if paid else {})


def due(activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Charge what a fee of the program costs the member."""
    book: Book = facts.program(activity)
    fee = book.fees.get(activity.payload["fee"])
    if fee is None:
        raise Refusal(FEE_UNKNOWN.code, fee=activity.payload["fee"])
    tier = facts.tier(activity)
    amount = fee.costs(tier.code if tier is not None else None)
    if amount:
        told = {name: activity.payload[name] for name in ("channel", "store") if name in activity.payload}
        yield _charge(fee, amount, activity, told)


def charged(activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Take the money, unless it was paid by another channel."""
    if activity.amount > 0 and "channel" not in activity.payload:
        book: Book = facts.program(activity)
        taken = debit(activity, facts, book.own, activity.amount, "fee@1")
        yield evolve(taken, otherwise="drop")


def waived(activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Refuse to waive what is no fee. What was paid comes back by the kernel: the activity reverses it."""
    known: Prepared = facts.prepared(activity) or NOTHING
    target = known.targets.get(str(activity.reverses))
    if target is None or target.type != FEE_CHARGED.name:
        raise Refusal(NO_FEE.code, activity=str(activity.reverses))
    yield from ()


def _charge(fee: Fee, amount: int, activity: Activity, told: Mapping[str, str]) -> Follow:
    payload = {"kind": fee.kind, "fee": fee.id, **told}
    return Follow(activity, rule=fee.rule, type=FEE_CHARGED.name, name=f"fee:{fee.id}", amount=amount, payload=payload)


def _annual(bounds: Bounds) -> SelectBase:
    """Select who joined in this month of an earlier year, with each annual fee of the program, once a year."""
    today = moment(bounds.at).astimezone(bounds.zone).date()
    fees = [] if bounds.program is None else [fee for fee in bounds.program.fees.values() if fee.kind == ANNUAL]
    chosen = [_of_fee(fee, bounds, today) for fee in fees]
    return union_all(*chosen) if chosen else _row("", "fee@1", today.year).where(false())


def _of_fee(fee: Fee, bounds: Bounds, today: date) -> Any:
    def first(year: int, months: int = 0) -> int:
        day = add_months(date(year, today.month, 1), months)
        return micros(datetime.combine(day, time.min, bounds.zone))

    joined = or_(
        *(
            and_(member.c.joined_at >= first(year), member.c.joined_at < first(year, 1))
            for year in range(_FIRST_YEAR, today.year)
        )
    )
    return _row(fee.id, fee.rule, today.year).where(bounds.within(member.c.id), member.c.state == "active", joined)


def _row(fee: str, rule: str, year: int) -> Any:
    id_ = func.replace(cast(member.c.id, Text), "-", "")
    return select(
        member.c.id.label("member_id"),
        literal(f"{fee}:{year}:", Text).concat(id_).label("key"),
        literal(0).label("amount"),
        literal(rule, Text).label("rule"),
        cast(literal(f'{{"fee": "{fee}"}}', Text), Json).label("payload"),
    )


ANNUAL_FEES = Sweep(
    name="stored_value.annual_fees",
    activity_type=FEE_DUE.name,
    select=_annual,
    description="Lets the annual fees come due for who joined in this month of an earlier year.",
    schedule="30 3 * * *",
    limits=Limits(members=50),
)
