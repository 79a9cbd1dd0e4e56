"""Settling the year: month by month through ``record_many``, the clock walking along, points lapsing at month ends."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from time import perf_counter
from zoneinfo import ZoneInfo

from attrs import define

from corekit import Activity, CorekitError, Kit
from corekit_demo import journey
from corekit_demo.clock import WalkingClock
from corekit_demo.data import Survey

Progress = Callable[[int], object]
"""Called with the number of baskets answered since it was called last."""
AtMonthEnd = Callable[[datetime], object]
"""Called at the first instant of the next month, after the sweep."""
_NOON = 12


class NotSettled(CorekitError):
    """An activity of the demo was not settled, though it should have been."""

    code = "DEMO_NOT_SETTLED"


@define
class Loaded:
    """How many baskets were settled, how many had been before, and in how many seconds."""

    baskets: int = 0
    replayed: int = 0
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        """Baskets answered per second, sweeps included."""
        return self.baskets / self.seconds if self.seconds else 0.0


def load(
    kit: Kit,
    clock: WalkingClock,
    survey: Survey,
    *,
    progress: Progress | None = None,
    at_month_end: AtMonthEnd | None = None,
) -> Loaded:
    """Settle the baskets of the households that a survey chose; what was settled before is answered as before.

    At each month end of the program's calendar the points that are due lapse (``Kit.sweep``). In the end the clock
    rests at noon of the day after the last basket. Raises :class:`NotSettled` where an answer is not ``settled``.
    """
    loaded = Loaded()
    began = perf_counter()
    ends = month_ends(survey.first, survey.last, kit.zone)
    closed = 0

    def close(until: int) -> None:
        nonlocal closed
        for end in ends[closed:until]:
            clock.walk_to(end)
            kit.sweep("expiry", end)
            if at_month_end is not None:
                at_month_end(end)
        closed = max(closed, until)

    stream = journey.activities(survey.households)
    for month, part in groupby(stream, key=lambda activity: bisect_right(ends, _occurred(activity))):
        close(month)
        _settle(kit, _walking(part, clock), loaded, progress)
    close(len(ends))
    clock.walk_to(rest(survey.last, kit.zone))
    loaded.seconds = perf_counter() - began
    return loaded


def month_ends(first: datetime, last: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return the first instant after each month, from the month of ``first`` to that of ``last``."""
    ends: list[datetime] = []
    month = first.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    while month <= last:
        month = (month + timedelta(days=32)).replace(day=1)
        ends.append(month)
    return ends


def rest(last: datetime, zone: ZoneInfo) -> datetime:
    """Return noon of the day after an instant, on the clock of the zone."""
    day = last.astimezone(zone) + timedelta(days=1)
    return day.replace(hour=_NOON, minute=0, second=0, microsecond=0, fold=0)


def _settle(kit: Kit, part: Iterable[Activity], loaded: Loaded, progress: Progress | None) -> None:
    for outcome in kit.record_many(part):
        if not outcome.settled:
            raise NotSettled(
                f"{outcome.type} {outcome.external_id} was {outcome.outcome}: {outcome.message} [{outcome.code}]",
                external_id=outcome.external_id,
                reason=outcome.code,
            )
        if outcome.type == "purchase":
            loaded.baskets += 1
            loaded.replayed += outcome.replayed
            if progress is not None:
                progress(1)


def _walking(part: Iterable[Activity], clock: WalkingClock) -> Iterator[Activity]:
    """Let the clock walk along."""
    for activity in part:
        clock.walk_to(_occurred(activity))
        yield activity


def _occurred(activity: Activity) -> datetime:
    assert activity.occurred_at is not None
    return activity.occurred_at
