"""When what was earned becomes available: after the days in which a purchase can be returned."""

from __future__ import annotations

from datetime import datetime, timedelta

from corekit import Activity, Facts
from corekit_points.calendar import midnight


def available_from(days: int | None, activity: Activity, facts: Facts) -> datetime | None:
    """Return the first instant at which what an activity earns can be spent; None: at once.

    It is the midnight, on the program's clock, that ends the last of so many days after the day it occurred.
    """
    if days is None:
        return None
    local = facts.local(activity)
    return midnight(local.date() + timedelta(days=days + 1), local.tzinfo)
