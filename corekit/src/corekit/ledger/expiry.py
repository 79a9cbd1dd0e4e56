"""When a lot lapses: a pure rule over the instant it was earned and the program's time zone."""

from __future__ import annotations

from datetime import MAXYEAR, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from attrs import frozen

from corekit.clock import LAST_INSTANT, local_day, micros, moment
from corekit.metrics import Window, add_months


@frozen
class Expiry:
    """Value lapses ``months`` after it was earned, on the local clock.

    ``end_of`` carries the moment to the end of the local day, month or year in which it falls: the first
    instant that no longer belongs to it. Twelve months to the end of the year is "until 31 December of
    the next year", gone on 1 January 00:00. Where the month has no such day its last day counts, and
    where the clock leaves out the hour the same time after the change.

    ``after`` inactivity counts from the last entry of the account, and all that is left lapses together.
    """

    months: int
    end_of: Literal["day", "month", "year"] | None = None
    after: Literal["earning", "inactivity"] = "earning"

    def instant(self, earned: int, zone: ZoneInfo) -> int:
        """Return the first instant at which what was earned at ``earned`` can no longer be spent."""
        if self.end_of is not None:
            return _end(self.months, self.end_of, local_day(earned, zone), zone)
        local = moment(earned).astimezone(zone)
        day = add_months(local.date(), self.months)
        if day.year == MAXYEAR:
            return LAST_INSTANT
        wall = datetime.combine(day, local.time(), zone)
        # Of an hour that the clock goes through twice the second is meant if it was earned in a second one; in
        # an hour that the clock leaves out, `fold` would mean the earlier instant: so the later of both.
        lapses = max(micros(wall.replace(fold=0)), micros(wall)) if wall.fold else micros(wall)
        return min(lapses, LAST_INSTANT)


@lru_cache(maxsize=1024)
def _end(months: int, end_of: Literal["day", "month", "year"], earned: date, zone: ZoneInfo) -> int:
    """Return when a day, month or year ends, so many months after a day; all who earn on that day share it."""
    day = add_months(earned, months)
    if day.year == MAXYEAR:
        return LAST_INSTANT
    day = Window(end_of).days(day)[1] + timedelta(days=1)
    return min(micros(datetime.combine(day, time.min, zone)), LAST_INSTANT)
