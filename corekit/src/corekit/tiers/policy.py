"""Policies of a ladder: how long a tier is valid, what re-rating takes, what becomes of who consumes nothing."""

from __future__ import annotations

from datetime import MAXYEAR, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from attrs import frozen

from corekit.clock import LAST_INSTANT, local_day, micros
from corekit.metrics import MEMBERSHIP_YEAR, Bucket, Window, add_months

Evaluation = Literal["at_once", "scheduled", "on_request"]
Downgrade = Literal["none", "one_step", "to_qualified"]
Every = Literal["month", "quarter", "year"]

_MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "year": 12}


@frozen
class Validity:
    """A stay in a tier is valid for ``months`` whole months, then on to the end of the period named by ``until``.

    Twelve months until the end of the year, from 15 March 2025: to 31 December 2026. ``restarts`` says whether an
    upgrade begins a new period or inherits what is left of the old one.
    """

    months: int
    until: Literal["day", "month", "year", "membership year"] = "day"
    restarts: bool = True

    def expires(self, first: date, joined: date, zone: ZoneInfo) -> int:
        """Return the first instant at which a stay that begins on the day ``first`` is no longer valid.

        ``joined`` is the day on which the member joined. Where a month has no such day its last one counts.
        """
        return _end(self.months, self.until, first, joined if self.until == MEMBERSHIP_YEAR.bucket else first, zone)


@frozen
class Growth:
    """What qualifies for the tiers of a ladder, apart from anything that can be spent.

    ``metric`` is the metric of the ladder's own that counts it, or ``account`` the kind of counter accounts that hold
    it; ``source`` is the metric from which the former grows. Re-rating leaves ``keep`` percent of it, rounded down.
    """

    metric: str | None = None
    source: str | None = None
    account: str | None = None
    keep: int = 0

    @property
    def name(self) -> str:
        """The name under which a criterion asks for it."""
        return self.metric or f"{BALANCE}{self.account}"

    def taken(self, value: int) -> int:
        """Return how much of it a re-rating takes."""
        return value - value * self.keep // ALL if value > 0 else 0


@frozen
class Termination:
    """Who consumed nothing, by ``metric``, while a stay was valid takes the step ``activity`` at its end."""

    metric: str
    activity: str = "member.cancelled"


ALL = 100
"""Percent: the whole."""
BALANCE = "balance:"
"""How the name of a measure begins that is what an account holds."""
GROWTH = "growth:"
"""How the name of the metric begins that is a ladder's growth value."""


@lru_cache(maxsize=4096)
def start_of(day: date, zone: ZoneInfo) -> int:
    """Return the first instant of a day in a time zone, also where the clock leaves midnight out."""
    return min(micros(datetime.combine(day, time.min, zone)), LAST_INSTANT)


@lru_cache(maxsize=4096)
def _end(months: int, until: Bucket, first: date, joined: date, zone: ZoneInfo) -> int:
    """Return the end of a validity; most members have it in common with many others."""
    after = add_months(first, months)
    if after.year == MAXYEAR:
        return LAST_INSTANT
    last = max(first, after - timedelta(days=1))
    return start_of(Window(until).days(last, joined)[1] + timedelta(days=1), zone)


def last_evaluation(every: Every, at: int, zone: ZoneInfo) -> int:
    """Return the newest evaluation instant that is not after ``at``: the start of a month, quarter or year."""
    day, months = local_day(at, zone), _MONTHS[every]
    return start_of(date(day.year, (day.month - 1) // months * months + 1, 1), zone)
