"""What fees were charged, paid, left unpaid and waived, by kind, store and month, summed up by the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from attrs import frozen
from sqlalchemy import ColumnElement, Integer, case, cast, func, literal, select

from corekit import Invalid, NotFound, Problem, Reader, add_months, any_of, micros
from corekit.tables import activity, effect
from corekit_stored_value.booked import told
from corekit_stored_value.close import midnight
from corekit_stored_value.declared_reports import FEE_CHARGED, NO_FEE

MOST_MONTHS = 120


@frozen(kw_only=True)
class FeeSum:
    """Fees of a kind at a store in a month, in minor units of the program's currency.

    ``charged`` is ``paid`` and ``unpaid`` and ``waived``; of what was paid before it was waived the part that came back
    is waived alone.
    """

    month: date
    kind: str
    store: str
    number: int
    charged: int
    paid: int
    unpaid: int
    waived: int


def fees(read: Reader, zone: ZoneInfo, now: datetime, months: int = 12) -> list[FeeSum]:
    """Return the fees of so many months up to and including that of ``now``, by month, kind and store. One statement.

    Raises :class:`~corekit.Invalid` for a number of months that a report cannot have.
    """
    if not 1 <= months <= MOST_MONTHS:
        said = f"A report has 1 to {MOST_MONTHS} months."
        limits = {"min": 1, "max": MOST_MONTHS}
        raise Invalid([Problem(code="RANGE", path=("months",), message=said, parameters=limits)])
    first = now.astimezone(zone).date().replace(day=1)
    starts = [add_months(first, back - months + 1) for back in range(months)]
    return [
        FeeSum(
            month=starts[int(row.month)],
            kind=row.kind,
            store=row.store,
            number=int(row.number),
            charged=int(row.charged),
            paid=int(row.paid),
            unpaid=int(row.charged) - int(row.paid) - int(row.waived),
            waived=int(row.waived),
        )
        for row in read.all(_sums([micros(midnight(day, zone)) for day in starts]))
    ]


def check_is_fee(read: Reader, activity_id: str) -> str:
    """Return the member that was charged; raises :class:`~corekit.NotFound` where the activity is no fee."""
    row = read.one(select(activity.c.type, activity.c.member_id).where(any_of(activity.c.id, [activity_id])))
    if row is None or row.type != FEE_CHARGED.name:
        raise NotFound(NO_FEE.en.format(activity=activity_id), code=NO_FEE.code, activity=activity_id)
    return str(row.member_id)


def _sums(bounds: Sequence[int]) -> Any:
    fee, back, taken = activity.alias("fee"), activity.alias("back"), effect.alias("taken")
    # What is unpaid has no posting, and no segment: its store is that of what it follows from as well.
    before, first = activity.alias("before"), activity.alias("first")
    waived = func.coalesce(
        select(func.sum(back.c.amount)).where(back.c.reverses == fee.c.id).scalar_subquery(), literal(0)
    )
    debited = (
        select(taken.c.id)
        .where(taken.c.activity_id == fee.c.id, taken.c.kind == "Debit", taken.c.state == "applied")
        .exists()
    )
    was_paid: ColumnElement[bool] = debited | told(fee.c.payload, "channel").is_not(None)
    # None is before the first: the report begins there.
    month = case(
        *((fee.c.recorded_at < bound, number - 1) for number, bound in enumerate(bounds)), else_=len(bounds) - 1
    )
    found = (
        select(
            month.label("month"),
            told(fee.c.payload, "kind").label("kind"),
            func.coalesce(*(told(each.c.payload, "store") for each in (fee, before, first)), "").label("store"),
            fee.c.amount.label("charged"),
            waived.label("waived"),
            cast(case((was_paid, 1), else_=0), Integer).label("was_paid"),
        )
        .join_from(fee, before, before.c.id == fee.c.parent_id, isouter=True)
        .join(first, first.c.id == before.c.parent_id, isouter=True)
        .where(fee.c.type == FEE_CHARGED.name, fee.c.state == "settled", fee.c.recorded_at >= bounds[0])
        .subquery("found")
    )
    groups = (found.c.month, found.c.kind, found.c.store)
    return (
        select(
            *groups,
            func.count().label("number"),
            func.sum(found.c.charged).label("charged"),
            func.sum(found.c.waived).label("waived"),
            func.sum(found.c.was_paid * (found.c.charged - found.c.waived)).label("paid"),
        )
        .group_by(*groups)
        .order_by(*groups)
    )
