"""What a program owes its members in points: by month what was issued, spent and lapsed, and what will lapse when.

Every figure is a sum of the ledger's own postings and lots, so what is outstanding is what the accounts hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from attrs import define, field, frozen
from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select, union_all

from corekit import Invalid, Problem, Reader, add_months, micros, moment
from corekit.tables import account, lot, posting
from corekit_points.rules import Book, Currency

MOST_MONTHS = 120


@define
class Month:
    """What happened to a currency in a month of the program's calendar, in minor units.

    ``issued`` was given, ``taken_back`` is what of it came back by returns, cancellations and debts; ``spent`` is less
    what came back of spends; ``expired`` less what was given back. ``outstanding`` is what members hold at its end:
    what they held before, plus issued, less the others.
    """

    first: date
    issued: int = 0
    taken_back: int = 0
    spent: int = 0
    expired: int = 0
    outstanding: int = 0


@frozen
class Forecast:
    """What will lapse in a month unless it is spent before; ``first`` None is what never lapses."""

    first: date | None
    amount: int


@frozen
class Liability:
    """The report of one currency: its months, and the forecast of what members hold at the instant of the report."""

    currency: Currency
    months: tuple[Month, ...]
    forecast: tuple[Forecast, ...]
    awaited: int = field(default=0)
    """What of it is not available yet."""

    @property
    def outstanding(self) -> int:
        """What members hold."""
        return self.months[-1].outstanding


def liability(read: Reader, book: Book, zone: ZoneInfo, now: datetime, months: int = 12) -> list[Liability]:
    """Return the report of every currency over so many months up to and including that of ``now``.

    Two statements, whatever the number of members. Months are those of the program's clock, by the instant at which
    something was recorded. Raises :class:`~corekit.Invalid` for a number of months that a report cannot have.
    """
    if not 1 <= months <= MOST_MONTHS:
        said = f"A report has 1 to {MOST_MONTHS} months."
        limits = {"min": 1, "max": MOST_MONTHS}
        raise Invalid([Problem(code="RANGE", path=("months",), message=said, parameters=limits)])
    starts = _starts(zone, now, months)
    moved = _moved(read, book, zone, starts)
    lapsing = _lapsing(read, book, zone, micros(now))
    return [Liability(currency, moved[kind], *lapsing[kind]) for kind, currency in _by_kind(book).items()]


def _by_kind(book: Book) -> Mapping[str, Currency]:
    return {currency.kind: currency for currency in book.currencies.values()}


def _starts(zone: ZoneInfo, now: datetime, months: int) -> list[date]:
    """Return the first days of the months, the latest last."""
    first = now.astimezone(zone).date().replace(day=1)
    return [add_months(first, back - months + 1) for back in range(months)]


def _instant(day: date, zone: ZoneInfo) -> int:
    return micros(datetime.combine(day, time.min, zone))


def _moved(read: Reader, book: Book, zone: ZoneInfo, starts: Sequence[date]) -> dict[str, tuple[Month, ...]]:
    """Sum the postings of members' accounts by kind, month and the account on the other side."""
    bounds = [_instant(day, zone) for day in starts]
    month: ColumnElement[int] = case(
        *((posting.c.recorded_at < bound, number) for number, bound in enumerate(bounds)), else_=len(bounds)
    )
    own, other = account.alias("own"), account.alias("other")
    sides = union_all(
        *(
            select(
                own.c.kind.label("kind"),
                other.c.kind.label("other"),
                month.label("month"),
                (literal(sign) * func.sum(posting.c.amount)).label("amount"),
            )
            .select_from(posting)
            .join(own, own.c.id == mine)
            .join(other, other.c.id == theirs)
            .where(own.c.member_id.is_not(None), own.c.kind.in_(_by_kind(book)))
            .group_by(own.c.kind, other.c.kind, month)
            for sign, mine, theirs in (
                (1, posting.c.credit_account_id, posting.c.debit_account_id),
                (-1, posting.c.debit_account_id, posting.c.credit_account_id),
            )
        )
    )
    found: dict[str, list[Month]] = {kind: [Month(day) for day in starts] for kind in _by_kind(book)}
    opening = dict.fromkeys(found, 0)
    for row in read.all(sides):
        amount = int(row.amount)
        month_number: int = row.month
        if month_number == 0:
            opening[row.kind] += amount
            continue
        _book(found[row.kind][month_number - 1], row.other.removeprefix(f"{row.kind}."), amount)
    for kind, reported in found.items():
        held = opening[kind]
        for each in reported:
            held += each.issued - each.taken_back - each.spent - each.expired
            each.outstanding = held
    return {kind: tuple(reported) for kind, reported in found.items()}


def _book(month: Month, other: str, amount: int) -> None:
    """Enter a sum by the account on the other side; negative left the members."""
    if other == "redeemed":
        month.spent -= amount
    elif other == "breakage":
        month.expired -= amount
    elif amount > 0:
        month.issued += amount
    else:
        month.taken_back -= amount


def _lapsing(read: Reader, book: Book, zone: ZoneInfo, now: int) -> dict[str, tuple[tuple[Forecast, ...], int]]:
    """Sum the open lots by kind and by the month in which they lapse."""
    opened = lot.c.issued - lot.c.consumed - lot.c.expired
    lapses = case(
        (or_(lot.c.expires_at.is_(None), lot.c.expires_at > account.c.lapses_at), account.c.lapses_at),
        else_=lot.c.expires_at,
    )
    at = func.coalesce(lapses, lot.c.expires_at)
    later = case((and_(lot.c.available_from.is_not(None), lot.c.available_from > now), opened), else_=0)
    statement = (
        select(account.c.kind, at.label("at"), func.sum(opened).label("amount"), func.sum(later).label("awaited"))
        .select_from(account)
        .join(lot, lot.c.account_id == account.c.id)
        .where(account.c.kind.in_(_by_kind(book)), opened > 0)
        .group_by(account.c.kind, at)
    )
    months: dict[str, dict[date | None, int]] = {kind: {} for kind in _by_kind(book)}
    awaited = dict.fromkeys(months, 0)
    for row in read.all(statement):
        first = None if row.at is None else moment(row.at).astimezone(zone).date().replace(day=1)
        months[row.kind][first] = months[row.kind].get(first, 0) + int(row.amount)
        awaited[row.kind] += int(row.awaited)
    return {
        kind: (
            tuple(
                Forecast(first, amount)
                for first, amount in sorted(found.items(), key=lambda each: (each[0] is None, each[0] or date.min))
            ),
            awaited[kind],
        )
        for kind, found in months.items()
    }
