"""When value lapses: the boundaries of years, months, leap days and clock changes."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit.clock import FIRST_INSTANT, LAST_INSTANT, micros, moment
from corekit.ledger.expiry import Expiry

pytestmark = pytest.mark.row("P7", way="python")


def lapses(expiry: Expiry, earned: str, zone: str, fold: int = 0) -> str:
    """Return when what was earned at a local time lapses, on the same clock with its offset."""
    local = datetime.fromisoformat(earned).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return moment(expiry.instant(micros(local), ZoneInfo(zone))).astimezone(ZoneInfo(zone)).isoformat()


@pytest.mark.parametrize(
    ("earned", "gone"),
    [
        ("2017-01-01T00:00:00", "2019-01-01T00:00:00-05:00"),
        ("2017-06-15T12:00:00", "2019-01-01T00:00:00-05:00"),
        ("2017-12-31T23:59:59.999999", "2019-01-01T00:00:00-05:00"),
        ("2018-01-01T00:00:00", "2020-01-01T00:00:00-05:00"),
        ("2016-02-29T12:00:00", "2018-01-01T00:00:00-05:00"),
    ],
)
def test_earned_in_a_year_it_is_usable_to_31_december_of_the_next(earned: str, gone: str) -> None:
    assert lapses(Expiry(12, "year"), earned, "America/New_York") == gone


@pytest.mark.parametrize(
    ("earned", "gone"),
    [
        ("2017-01-31T23:59:59", "2017-08-01T00:00:00-04:00"),
        ("2017-02-01T00:00:00", "2017-09-01T00:00:00-04:00"),
        ("2017-08-31T12:00:00", "2018-03-01T00:00:00-05:00"),
        ("2015-08-31T12:00:00", "2016-03-01T00:00:00-05:00"),
        ("2016-02-29T12:00:00", "2016-09-01T00:00:00-04:00"),
        ("2017-06-30T23:59:59", "2018-01-01T00:00:00-05:00"),
        # the ends of the months in which the clock changes
        ("2017-09-12T12:00:00", "2018-04-01T00:00:00-04:00"),
        ("2017-05-05T12:00:00", "2017-12-01T00:00:00-05:00"),
    ],
)
def test_six_months_to_the_end_of_the_month(earned: str, gone: str) -> None:
    assert lapses(Expiry(6, "month"), earned, "America/New_York") == gone


@pytest.mark.parametrize(
    ("earned", "gone"),
    [
        ("2017-01-31T10:30:00", "2017-03-01T00:00:00-05:00"),
        ("2016-01-31T10:30:00", "2016-03-01T00:00:00-05:00"),
        ("2017-02-11T10:30:00", "2017-03-12T00:00:00-05:00"),
        ("2017-02-12T10:30:00", "2017-03-13T00:00:00-04:00"),
    ],
)
def test_one_month_to_the_end_of_the_day(earned: str, gone: str) -> None:
    assert lapses(Expiry(1, "day"), earned, "America/New_York") == gone


@pytest.mark.parametrize(
    ("earned", "gone"),
    [
        ("2017-12-31T10:30:00", "2018-01-31T10:30:00-05:00"),
        ("2018-01-01T10:30:00", "2018-02-01T10:30:00-05:00"),
        ("2017-01-31T10:30:00", "2017-02-28T10:30:00-05:00"),
        ("2016-01-30T10:30:00", "2016-02-29T10:30:00-05:00"),
        ("2016-02-29T10:30:00", "2016-03-29T10:30:00-04:00"),
        # 12 March 2017 has no 02:30, so the same time after the change
        ("2017-02-12T02:30:00", "2017-03-12T03:30:00-04:00"),
        # 5 November 2017 has 01:30 twice: the first, unless it was earned in a second one
        ("2017-10-05T01:30:00", "2017-11-05T01:30:00-04:00"),
        ("2017-10-05T02:00:00", "2017-11-05T02:00:00-05:00"),
    ],
)
def test_without_rounding_it_is_the_same_time_of_day(earned: str, gone: str) -> None:
    assert lapses(Expiry(1), earned, "America/New_York") == gone


def test_earned_in_the_second_of_two_equal_hours_it_lapses_at_that_time() -> None:
    assert lapses(Expiry(12), "2016-11-06T01:30:00", "America/New_York", fold=1) == "2017-11-06T01:30:00-05:00"


def test_earned_in_the_second_of_two_equal_hours_it_never_lapses_before_a_left_out_hour() -> None:
    # 30 October 2022 has 02:30 twice in Berlin, 30 March 2025 has none
    assert lapses(Expiry(29), "2022-10-30T02:30:00", "Europe/Berlin", fold=1) == "2025-03-30T03:30:00+02:00"


def test_a_day_that_begins_at_one_ends_the_day_before_it_at_midnight() -> None:
    # 3 September 2023 began at 01:00 in Santiago
    assert lapses(Expiry(1, "day"), "2023-08-02T12:00:00", "America/Santiago") == "2023-09-03T01:00:00-03:00"


@pytest.mark.parametrize("end_of", [None, "day", "month", "year"])
def test_beyond_the_end_of_the_calendar_it_is_the_last_instant(end_of: str | None) -> None:
    expiry = Expiry(12 * 9999, end_of)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert expiry.instant(micros(datetime(2017, 1, 1, tzinfo=UTC)), ZoneInfo("Asia/Shanghai")) == LAST_INSTANT


ZONES = st.sampled_from(["UTC", "America/New_York", "Europe/Berlin", "Asia/Shanghai", "Australia/Lord_Howe"])
EARNED = st.integers(FIRST_INSTANT, micros(datetime(2100, 1, 1, tzinfo=UTC)))
ENDS = st.sampled_from(["day", "month", "year"])


@given(EARNED, ZONES, st.integers(0, 240), ENDS)
def test_with_rounding_whoever_earns_later_keeps_it_at_least_as_long(
    earned: int, zone: str, months: int, end: str
) -> None:
    expiry = Expiry(months, end)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert expiry.instant(earned, ZoneInfo(zone)) <= expiry.instant(earned + 86_400_000_000, ZoneInfo(zone))


@given(EARNED, ZONES, st.integers(0, 240), ENDS)
def test_rounding_ends_at_the_first_instant_of_a_local_day(earned: int, zone: str, months: int, end: str) -> None:
    expiry = Expiry(months, end)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    gone = expiry.instant(earned, ZoneInfo(zone))
    before, at = (moment(instant).astimezone(ZoneInfo(zone)) for instant in (gone - 1, gone))
    assert earned < gone
    assert before.date() < at.date()


@given(EARNED, ZONES, st.integers(1, 240))
def test_what_is_earned_lasts(earned: int, zone: str, months: int) -> None:
    assert Expiry(months).instant(earned, ZoneInfo(zone)) > earned
