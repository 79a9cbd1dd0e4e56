"""Reports as CSV: amounts in whole units, exactly."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import StringIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from corekit import AccountKind
    from corekit_stored_value.close import ClosedDay
    from corekit_stored_value.fee_report import FeeSum
    from corekit_stored_value.liability import Liability

Scale = Callable[[str], int]
"""Returns the decimal places of an account kind."""
_CLOSE = ("day", "account", "store", "channel", "opening", "in", "out", "late", "closing")
_QUARTER = ("issued", "taken_back", "spent", "lapsed", "withdrawn", "outstanding")
_FEE = ("charged", "paid", "unpaid", "waived")


def whole(minor: int, scale: int) -> str:
    """Return minor units in whole ones, exactly."""
    if not scale:
        return str(minor)
    units, rest = divmod(abs(minor), 10**scale)
    return f"{'-' if minor < 0 else ''}{units}.{rest:0{scale}}"


def scales(kinds: Mapping[str, AccountKind]) -> Scale:
    """Return what finds the decimal places of an account kind, or of the debts beside it."""
    return lambda kind: kinds[kind.removesuffix(".debt")].unit.scale


def table(head: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    """Return rows under a head as CSV."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()


def of_closes(days: Iterable[ClosedDay], scale: Scale) -> str:
    """Return closed days, a row for each account kind, store and channel."""
    return table(
        _CLOSE,
        (
            [
                str(day.day),
                line.kind,
                line.store,
                line.channel,
                *(whole(each, scale(line.kind)) for each in line.figures),
            ]
            for day in days
            for line in day.lines
        ),
    )


def of_liability(reports: Iterable[Liability]) -> str:
    """Return the liability, a row for each account kind and quarter."""
    return table(
        ("account", "quarter", *_QUARTER),
        (
            [each.kind, quarter.name, *(whole(getattr(quarter, name), each.currency.unit.scale) for name in _QUARTER)]
            for each in reports
            for quarter in each.quarters
        ),
    )


def of_fees(sums: Iterable[FeeSum], scale: int) -> str:
    """Return the fees, a row for each month, kind and store."""
    return table(
        ("month", "kind", "store", "number", *_FEE),
        (
            [
                f"{each.month:%Y-%m}",
                each.kind,
                each.store,
                str(each.number),
                *(whole(getattr(each, name), scale) for name in _FEE),
            ]
            for each in sums
        ),
    )
