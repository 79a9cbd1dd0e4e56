"""Moments at which calendars are surprising, and machines that stand elsewhere."""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime

ZONES = ("Asia/Shanghai", "America/New_York")
"""A zone without summer time, and one with it."""

MOMENTS = (
    datetime(2024, 2, 29, 15, 59, 59, 999_999, tzinfo=UTC),  # the leap day ends in Shanghai a microsecond later
    datetime(2024, 12, 31, 15, 59, 59, tzinfo=UTC),  # the year as well
    datetime(2025, 1, 1, 4, 59, 59, tzinfo=UTC),  # and in New York, where the ISO year is another one
    datetime(2025, 3, 9, 6, 59, 59, tzinfo=UTC),  # New York skips an hour
    datetime(2025, 11, 2, 5, 30, tzinfo=UTC),  # and lives another one twice
)
"""On each a history has its second day, on which members buy."""

FAR_AWAY = "Pacific/Kiritimati"
"""Where the day begins first of all."""


@contextmanager
def elsewhere(zone: str | None) -> Generator[None]:
    """Let this process believe that the machine stands in another zone, where one is given and the system can."""
    if zone is None or not hasattr(time, "tzset"):
        yield
        return
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()
