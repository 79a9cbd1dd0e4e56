"""Instants: UTC microseconds since 1970 in the database and the kernel, aware datetimes at the edges."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]
"""Returns the present instant as an aware datetime. A kit without one asks its database."""

EPOCH = date(1970, 1, 1)
"""The day whose number is 0."""
_FIRST_DAY = EPOCH.toordinal()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_HOUR = 3_600_000_000

FIRST_INSTANT = 0
"""1970-01-01: nothing happened before the first instant that can be recorded."""
LAST_INSTANT = (datetime(9999, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
"""9999-01-01: the last instant that can be recorded."""


def micros(moment: datetime) -> int:
    """Return an aware datetime as UTC microseconds since 1970, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(instant: int) -> datetime:
    """Return UTC microseconds since 1970 as an aware datetime, exactly."""
    return _EPOCH + timedelta(0, 0, instant)


def moments(instants: Iterable[int]) -> list[datetime]:
    """Return many of them: by multiplication, which takes half the time that an interval made of its parts does."""
    epoch, microsecond = _EPOCH, _MICROSECOND
    return [epoch + instant * microsecond for instant in instants]


def local_day(instant: int, zone: ZoneInfo) -> date:
    """Return the calendar day of an instant in a time zone."""
    return _day_of_hour(instant // _HOUR, zone) or _day_of(instant, zone)


@lru_cache(maxsize=4096)
def _day_of_hour(hour: int, zone: ZoneInfo) -> date | None:
    """Return the day to which all of an hour since 1970 belongs; None where a day, or an offset, ends in it."""
    first, last = (moment(each).astimezone(zone) for each in (hour * _HOUR, (hour + 1) * _HOUR - 1))
    same = first.date() == last.date() and first.utcoffset() == last.utcoffset()
    return first.date() if same else None


@lru_cache(maxsize=4096)
def _day_of(instant: int, zone: ZoneInfo) -> date:
    return moment(instant).astimezone(zone).date()


@lru_cache(maxsize=4096)
def day_end(day: date, zone: ZoneInfo) -> int:
    """Return the instant at which a calendar day is over in a time zone."""
    return micros(datetime.combine(day + timedelta(days=1), time(), zone))


def day_number(day: date) -> int:
    """Return the days since 1970-01-01."""
    return day.toordinal() - _FIRST_DAY
