"""Figures of a member: what it did, in total and by day, and what it has; everything that a ladder may ask of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from attrs import field, frozen

from corekit.clock import day_number, local_day
from corekit.metrics import LIFETIME, MEMBERSHIP_YEAR, Window
from corekit.tiers.ladder import Measure
from corekit.tiers.policy import BALANCE, Growth


@frozen(eq=False)
class Figures:
    """Sums by metric (``totals``), by metric and day since 1970 (``days``), and balances by account kind.

    ``days`` need not reach further back than what is asked for. Amounts are in minor units of what is counted.
    """

    joined_at: int
    zone: ZoneInfo
    totals: Mapping[str, int]
    days: Mapping[str, Mapping[int, int]]
    balances: Mapping[str, int] = field(factory=dict[str, int])

    @property
    def joined(self) -> date:
        """The day on which the member joined, in the program's time zone."""
        return local_day(self.joined_at, self.zone)

    def day(self, instant: int) -> date:
        """Return the day of an instant, in the program's time zone."""
        return local_day(instant, self.zone)

    def seen(self, day: date) -> Measure:
        """Return the measure of windows as they are seen from a day."""
        return lambda metric, window: self.sum(metric, window, day)

    def as_of(self, day: date, growth: Growth | None = None) -> Measure:
        """Return the measure as it was when a day ended: what came since is no part of a lifetime either.

        Of the ladder's ``growth`` that is what its source brought since, since re-rating takes for what is over.
        Balances are those of now.
        """
        grown, source = (growth.metric, growth.source) if growth is not None else (None, None)

        def measure(metric: str, window: Window) -> int:
            value = self.sum(metric, window, day)
            if window != LIFETIME:
                return value
            counted = source if source is not None and metric == grown else metric
            return value - self.between(counted, day + timedelta(days=1), date.max)

        return measure

    def sum(self, metric: str, window: Window, day: date) -> int:
        """Sum a metric over a window as it is seen from a day."""
        if metric.startswith(BALANCE):
            return self.balances.get(metric.removeprefix(BALANCE), 0)
        if window == LIFETIME:
            return self.totals.get(metric, 0)
        days = self.days.get(metric)
        if not days:
            return 0
        first, last = _span(window, day, self.joined if window == MEMBERSHIP_YEAR else None)
        return sum(value for number, value in days.items() if first <= number <= last)

    def between(self, metric: str, first: date, last: date) -> int:
        """Sum a metric over the days from ``first`` to ``last``; both belong to them."""
        low, high = day_number(first), day_number(last)
        return sum(value for number, value in self.days.get(metric, {}).items() if low <= number <= high)


@lru_cache(maxsize=4096)
def _span(window: Window, day: date, joined: date | None) -> tuple[int, int]:
    first, last = window.days(day, joined)
    return day_number(first), day_number(last)
