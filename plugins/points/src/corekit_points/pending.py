"""When what was earned becomes available: after the days in which a purchase can be returned."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from corekit import Activity, Facts


def available_from(days: int | None, activity: Activity, facts: Facts) -> datetime | None:
    """Return the first instant at which what an activity earns can be spent; None: at once.

    It is the midnight, on the program's clock, that ends the last of so many days after the day it occurred.
    """
    if days is None:
        return None
    local = facts.local(activity)
    return _midnight(local.date(), days, local.tzinfo)


@lru_cache(maxsize=1024)
def _midnight(day: date, days: int, zone: tzinfo | None) -> datetime:
    return datetime.combine(day + timedelta(days=days + 1), time.min, zone)
