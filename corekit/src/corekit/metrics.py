"""Metrics: what a member did, counted by day, and the windows over which it is summed."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import MAXYEAR, MINYEAR, date, timedelta
from typing import Literal

from attrs import frozen

Bucket = Literal["day", "month", "year", "lifetime"]
_BUCKETS: tuple[Bucket, ...] = ("day", "month", "year", "lifetime")
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

    ``rolling`` 0 means the calendar day, month or year (or the whole life) that holds the day; a number
    means that many days, months or years up to and including the day.
    """

    bucket: Bucket
    rolling: int = 0

    @classmethod
    def parse(cls, text: str) -> Window:
        """Read ``day``, ``month``, ``year``, ``lifetime`` or ``rolling 12 months``; ValueError otherwise."""
        match = _ROLLING.fullmatch(text)
        for bucket in _BUCKETS:
            if text == bucket:
                return cls(bucket)
            if match and match[2] == bucket:
                return cls(bucket, int(match[1]))
        message = f"{text!r} is no window; use day, month, year, lifetime or for example 'rolling 12 months'"
        raise ValueError(message)

    def __str__(self) -> str:
        return f"rolling {self.rolling} {self.bucket}s" if self.rolling else self.bucket

    def days(self, day: date) -> tuple[date, date]:
        """Return the first and the last day of the window seen from ``day``; both belong to it."""
        if self.bucket == "lifetime":
            return date.min, date.max
        if self.rolling:
            if self.bucket == "day":
                return day - timedelta(days=self.rolling - 1), day
            months = self.rolling * (12 if self.bucket == "year" else 1)
            return add_months(day, -months) + timedelta(days=1), day
        if self.bucket == "day":
            return day, day
        if self.bucket == "month":
            return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])
        return date(day.year, 1, 1), date(day.year, 12, 31)


LIFETIME = Window("lifetime")


def add_months(day: date, months: int) -> date:
    """Return the same day of the month ``months`` later, or the last day of that month if it is shorter.

    The calendar ends at the years 1 and 9999: beyond them it is its first or last day.
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    if not MINYEAR <= year <= MAXYEAR:
        return date.min if year < MINYEAR else date.max
    return date(year, month, min(day.day, monthrange(year, month)[1]))
