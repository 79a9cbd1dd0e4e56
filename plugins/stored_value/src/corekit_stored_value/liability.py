"""What the program owes its members in stored value: by quarter what was issued, spent, lapsed and paid out again.

Every figure is a sum of the ledger's own postings, so what is outstanding is what the accounts hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from attrs import define, frozen
from sqlalchemy import ColumnElement, case

from corekit import Invalid, Problem, Reader, add_months, micros
from corekit.tables import posting
from corekit_stored_value.booked import Booked, booked
from corekit_stored_value.close import midnight
from corekit_stored_value.rules import Book, Currency

MOST_QUARTERS = 40
_MONTHS = 3
_WITHDRAWN = "stored_value.withdrawn"


@define
class Quarter:
    """What happened to an account kind in a calendar quarter, in minor units.

    ``issued`` was given, ``taken_back`` is what of it came back by returns, charge-backs and debts; ``spent`` is less
    what came back of spends, ``lapsed`` less what was given back; ``withdrawn`` was paid out. ``outstanding`` is what
    members hold at its end: what they held before, plus issued, less the others.
    """

    first: date
    issued: int = 0
    taken_back: int = 0
    spent: int = 0
    lapsed: int = 0
    withdrawn: int = 0
    outstanding: int = 0

    @property
    def name(self) -> str:
        """Such as ``2017-Q2``."""
        return f"{self.first.year}-Q{(self.first.month + 2) // _MONTHS}"


@frozen
class Liability:
    """The report of one account kind; the present quarter is the last."""

    kind: str
    currency: Currency
    quarters: tuple[Quarter, ...]

    @property
    def outstanding(self) -> int:
        """What members hold."""
        return self.quarters[-1].outstanding


def liability(read: Reader, book: Book, zone: ZoneInfo, now: datetime, quarters: int = 8) -> list[Liability]:
    """Return the report of every account kind over so many quarters up to and including that of ``now``.

    One statement, whatever the number of members. Quarters are those of the program's clock, by the instant at which
    something was recorded. Raises :class:`~corekit.Invalid` for a number of quarters that a report cannot have.
    """
    if not 1 <= quarters <= MOST_QUARTERS:
        said = f"A report has 1 to {MOST_QUARTERS} quarters."
        limits = {"min": 1, "max": MOST_QUARTERS}
        raise Invalid([Problem(code="RANGE", path=("quarters",), message=said, parameters=limits)])
    starts = _starts(zone, now, quarters)
    found: dict[str, Liability] = {}
    for currency in book.currencies.values():
        for kind in (currency.principal, currency.bonus):
            found[kind] = Liability(kind, currency, tuple(Quarter(day) for day in starts))
    held = dict.fromkeys(found, 0)
    for each in booked(read, mark=_numbers(starts, zone)):
        if each.kind in found:
            if each.mark:
                _enter(found[each.kind].quarters[each.mark - 1], each, found[each.kind].currency)
            else:
                held[each.kind] += each.amount
    for kind, report in found.items():
        for quarter in report.quarters:
            left = quarter.taken_back + quarter.spent + quarter.lapsed + quarter.withdrawn
            held[kind] += quarter.issued - left
            quarter.outstanding = held[kind]
    return list(found.values())


def _starts(zone: ZoneInfo, now: datetime, quarters: int) -> list[date]:
    """Return the first days of the quarters, the latest last."""
    today = now.astimezone(zone).date()
    first = today.replace(month=(today.month - 1) // _MONTHS * _MONTHS + 1, day=1)
    return [add_months(first, _MONTHS * (back - quarters + 1)) for back in range(quarters)]


def _numbers(starts: Sequence[date], zone: ZoneInfo) -> ColumnElement[int]:
    """Return the number of the quarter in which something was recorded, 0 for before."""
    bounds = (micros(midnight(day, zone)) for day in starts)
    return case(*((posting.c.recorded_at < bound, number) for number, bound in enumerate(bounds)), else_=len(starts))


def _enter(quarter: Quarter, each: Booked, currency: Currency) -> None:
    """Enter a sum by what it was done by, and by the account on the other side; negative left the members."""
    is_withdrawal = _WITHDRAWN in (each.type, each.undone)
    if is_withdrawal and each.kind == currency.principal:
        quarter.withdrawn -= each.amount
    elif is_withdrawal:  # bonus is never paid out: whoever leaves gives it back
        quarter.taken_back -= each.amount
    elif each.other == "redeemed":
        quarter.spent -= each.amount
    elif each.other == "breakage":
        quarter.lapsed -= each.amount
    elif each.amount > 0:
        quarter.issued += each.amount
    else:
        quarter.taken_back -= each.amount
