"""Metrics: what a member did, counted by day, and the windows over which it is summed."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import MAXYEAR, MINYEAR, date, timedelta
from typing import Literal

from attrs import frozen

Bucket = Literal["day", "week", "month", "quarter", "year", "membership year", "lifetime"]
_BUCKETS: tuple[Bucket, ...] = ("day", "week", "month", "quarter", "year", "membership year", "lifetime")
_ROLLING = re.compile(r"rolling ([1-9][0-9]{0,3}) (day|month|year)s?")


@frozen(kw_only=True)
class Metric:
    """A number kept per member and day, and undone by a reversal in proportion to what came back.

    It measures either activities of some types (``amount``: their amount; ``count``: one each) or the
    credits to an account kind, of one rule (named without its version) or of all. ``windows`` lists those
    over which rules ask for it (the lifetime needs no mention): the kernel reads no more days than they span.

    ``by`` names a field of the payload: each value that it has is measured apart, as ``name=value``, over the
    lifetime. For what a member does once per value, such as binding an account of each kind.
    """

    name: str
    activities: tuple[str, ...] = ()
    measure: Literal["amount", "count"] = "amount"
    credits: str | None = None
    rule: str | None = None
    by: str | None = None
    windows: tuple[str, ...] = ()
    description: str = ""


@frozen
class Window:
    """The days over which a metric is summed, as seen from one day.

    ``rolling`` 0 means the calendar day, week (from Monday on), month, quarter or year (or the whole life) that holds
    the day; a number means that many days, months or years up to and including the day. So many months begin with the
    day after the same day of the month, that many months before, or after the last day of that month if it is shorter:
    a month up to 31 March begins on 1 March, as it does up to the 28th. A membership year begins on the day of the year
    on which the member joined (on 28 February for who joined on a 29th, where the year has none).
    """

    bucket: Bucket
    rolling: int = 0

    @classmethod
    def parse(cls, text: str) -> Window:
        """Read ``day``, ``week``, ``quarter`` and so on, ``membership year``, ``lifetime`` or ``rolling 12 months``.

        Raises ValueError for anything else.
        """
        match = _ROLLING.fullmatch(text)
        for bucket in _BUCKETS:
            if text == bucket:
                return cls(bucket)
            if match and match[2] == bucket:
                return cls(bucket, int(match[1]))
        raise ValueError(
            f"{text!r} is no window; use {', '.join(_BUCKETS[:-1])}, {_BUCKETS[-1]} or for example 'rolling 12 months'"
        )

    def __str__(self) -> str:
        return f"rolling {self.rolling} {self.bucket}s" if self.rolling else self.bucket

    def days(self, day: date, joined: date | None = None) -> tuple[date, date]:
        """Return the first and the last day of the window seen from ``day``; both belong to it.

        ``joined`` is the day on which the member joined: where a membership year is asked for without it, the days
        are those of every year that holds ``day``, whenever it begins.
        """
        if self.bucket == "lifetime":
            return date.min, date.max
        if self.bucket == "membership year":
            return _membership_year(joined, day) if joined else (add_months(day, -12), add_months(day, 12))
        if self.rolling:
            if self.bucket == "day":
                return day - timedelta(days=self.rolling - 1), day
            months = self.rolling * (12 if self.bucket == "year" else 1)
            return add_months(day, -months) + timedelta(days=1), day
        return _calendar(self.bucket, day)


LIFETIME = Window("lifetime")
MEMBERSHIP_YEAR = Window("membership year")


def _calendar(bucket: Bucket, day: date) -> tuple[date, date]:
    if bucket == "day":
        return day, day
    if bucket == "week":
        monday = day.toordinal() - day.weekday()
        return date.fromordinal(monday), date.fromordinal(min(monday + 6, date.max.toordinal()))
    months = {"month": 1, "quarter": 3, "year": 12}[bucket]
    last = (day.month - 1) // months * months + months
    return date(day.year, last - months + 1, 1), date(day.year, last, monthrange(day.year, last)[1])


def _membership_year(joined: date, day: date) -> tuple[date, date]:
    """Return the first and last day of the year that is counted from the day of joining and holds ``day``."""
    years = day.year - joined.year
    if add_months(joined, 12 * years) > day:
        years -= 1
    return add_months(joined, 12 * years), add_months(joined, 12 * (years + 1)) - timedelta(days=1)


def add_months(day: date, months: int) -> date:
    """Return the same day of the month ``months`` later, or the last day of that month if it is shorter.

    The calendar ends at the years 1 and 9999: beyond them it is its first or last day.
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    if not MINYEAR <= year <= MAXYEAR:
        return date.min if year < MINYEAR else date.max
    return date(year, month, min(day.day, monthrange(year, month)[1]))
