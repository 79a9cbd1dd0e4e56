"""Fees: what they cost, when they come due, and how they are paid. Pure, apart from the select of the sweep.

A fee that the program prices comes due (``stored_value.fee_due``) and is charged by what follows from that
(``stored_value.fee_charged``); whoever knows the amount records, or lets follow, the charge alone. A charge takes the
money from what the member stored, in the program's way of spending; where that is not enough it takes nothing and
stands as unpaid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from attrs import frozen
from sqlalchemy import Select, SelectBase, Text, and_, cast, false, func, literal, or_, select, union_all

from corekit import (
    Activity,
    Batch,
    Bounds,
    DebitAcross,
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
from corekit_stored_value.declared_reports import FEE_CHARGED, FEE_DUE, FEE_UNKNOWN

if TYPE_CHECKING:
    from corekit_stored_value.rules import Book

ANNUAL, JOINING, SERVICE = "annual", "joining", "service"
OUTSIDE = "outside"
"""The channel of a fee that was paid when somebody joined, before there was an account."""
_JOINED = "member.registered"
_FIRST_YEAR = 1970


@frozen(kw_only=True)
class Fee:
    """A fee that the program prices: ``amount``, or that of the member's tier in ``tiers``, in minor units.

    ``kind`` is ``joining``, ``annual``, ``service``, or that of another plugin, such as ``cards.replacement``.
    """

    id: str
    version: int
    kind: str
    amount: int
    tiers: Mapping[str, int]

    @property
    def rule(self) -> str:
        """The rule as the statement shows it."""
        return f"{self.id}@{self.version}"

    def costs(self, tier: str | None) -> int:
        """Return what it costs a member of a tier."""
        return self.tiers.get(tier, self.amount) if tier is not None else self.amount


def react(batch: Batch, facts: Facts) -> Iterator[Effect]:
    """Charge what comes due, and take the money of what is charged."""
    for activity in batch.of(_JOINED):
        book: Book = facts.program(activity)
        for fee in book.fees.values():
            if fee.kind == JOINING and fee.amount:
                yield _joining(fee, activity)
    for activity in batch.of(FEE_DUE.name):
        book = facts.program(activity)
        yield from _due(book, activity, facts)
    for activity in batch.of(FEE_CHARGED.name):
        book = facts.program(activity)
        if activity.amount > 0 and "channel" not in activity.payload:
            yield DebitAcross(
                activity,
                rule="fee@1",
                accounts=book.order(book.own),
                split=book.split,
                amount=activity.amount,
                otherwise="drop",
            )


def _joining(fee: Fee, activity: Activity) -> Follow:
    """Charge a fee for joining: paid already where so much was paid with the registration."""
    paid = (activity.payload.get("fee_paid") or 0) >= fee.amount
    return _charge(fee, fee.amount, activity, {"channel": OUTSIDE} if paid else {})


def _due(book: Book, activity: Activity, facts: Facts) -> Iterator[Effect]:
    fee = book.fees.get(activity.payload["fee"])
    if fee is None:
        raise Refusal(FEE_UNKNOWN.code, fee=activity.payload["fee"])
    tier = facts.tier(activity)
    amount = fee.costs(tier.code if tier is not None else None)
    if amount:
        told = {name: activity.payload[name] for name in ("channel", "store") if name in activity.payload}
        yield _charge(fee, amount, activity, told)


def _charge(fee: Fee, amount: int, activity: Activity, told: Mapping[str, str]) -> Follow:
    payload = {"kind": fee.kind, "fee": fee.id, **told}
    return Follow(activity, rule=fee.rule, type=FEE_CHARGED.name, name=f"fee:{fee.id}", amount=amount, payload=payload)


def _annual(bounds: Bounds) -> SelectBase:
    """Select who joined in this month of an earlier year, with each annual fee of the program, once a year."""
    today = moment(bounds.at).astimezone(bounds.zone).date()
    fees = [] if bounds.program is None else [fee for fee in bounds.program.fees.values() if fee.kind == ANNUAL]
    chosen = [_of_fee(fee, bounds, today) for fee in fees]
    return union_all(*chosen) if chosen else _row("", "fee@1", today.year).where(false())


def _of_fee(fee: Fee, bounds: Bounds, today: date) -> Select[tuple[object, ...]]:
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


def _row(fee: str, rule: str, year: int) -> Select[tuple[object, ...]]:
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
