"""The calendar day of an instant, also where a clock is set back or forward within an hour of midnight."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from corekit.clock import local_day, micros


@pytest.mark.parametrize(
    ("zone", "around"),
    [
        ("America/Moncton", datetime(1993, 10, 31, 3, tzinfo=UTC)),  # set back at one minute past midnight
        ("Canada/Newfoundland", datetime(1997, 10, 26, 2, tzinfo=UTC)),
        ("Antarctica/Casey", datetime(2010, 3, 4, 15, tzinfo=UTC)),
        ("America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=UTC)),  # midnight is left out
        ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),  # a day is left out
        ("Asia/Kathmandu", datetime(2020, 5, 5, 18, tzinfo=UTC)),
        ("Africa/Monrovia", datetime(1972, 1, 7, tzinfo=UTC)),
    ],
)
def test_it_is_the_day_on_the_clock_of_the_zone(zone: str, around: datetime) -> None:
    place = ZoneInfo(zone)
    for step in range(-12 * 60, 12 * 60):
        instant = around + timedelta(minutes=step, microseconds=-1)
        for each in (instant, instant + timedelta(microseconds=1)):
            assert local_day(micros(each), place) == each.astimezone(place).date(), each
