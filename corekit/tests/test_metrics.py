"""Windows: which days belong to them, seen from one day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit.metrics import Window, add_months

DAYS = st.dates(date(1970, 1, 1), date(9998, 12, 31))
WINDOWS = st.one_of(
    st.sampled_from(["day", "week", "month", "quarter", "year", "membership year", "lifetime"]),
    st.builds("rolling {} {}s".format, st.integers(1, 9999), st.sampled_from(["day", "month", "year"])),
)


@pytest.mark.parametrize(
    ("window", "seen_from", "first", "last"),
    [
        ("day", "2017-12-31", "2017-12-31", "2017-12-31"),
        ("month", "2017-12-31", "2017-12-01", "2017-12-31"),
        ("month", "2016-02-10", "2016-02-01", "2016-02-29"),
        ("month", "2017-02-10", "2017-02-01", "2017-02-28"),
        ("week", "2017-12-31", "2017-12-25", "2017-12-31"),
        ("week", "2018-01-01", "2018-01-01", "2018-01-07"),
        ("week", "9999-12-31", "9999-12-27", "9999-12-31"),
        ("quarter", "2017-12-31", "2017-10-01", "2017-12-31"),
        ("quarter", "2016-02-29", "2016-01-01", "2016-03-31"),
        ("quarter", "2017-04-01", "2017-04-01", "2017-06-30"),
        ("year", "2018-01-01", "2018-01-01", "2018-12-31"),
        ("lifetime", "2018-01-01", "0001-01-01", "9999-12-31"),
        ("rolling 1 day", "2018-01-01", "2018-01-01", "2018-01-01"),
        ("rolling 30 days", "2018-01-01", "2017-12-03", "2018-01-01"),
        ("rolling 1 month", "2017-03-31", "2017-03-01", "2017-03-31"),
        ("rolling 1 month", "2017-03-29", "2017-03-01", "2017-03-29"),
        ("rolling 1 month", "2017-02-28", "2017-01-29", "2017-02-28"),
        ("rolling 12 months", "2017-12-31", "2017-01-01", "2017-12-31"),
        ("rolling 12 months", "2018-01-01", "2017-01-02", "2018-01-01"),
        ("rolling 12 months", "2016-02-29", "2015-03-01", "2016-02-29"),
        ("rolling 12 months", "2017-02-28", "2016-02-29", "2017-02-28"),
        ("rolling 1 year", "2016-02-29", "2015-03-01", "2016-02-29"),
        ("rolling 4 years", "2020-02-29", "2016-03-01", "2020-02-29"),
        ("rolling 9999 years", "2020-02-29", "0001-01-02", "2020-02-29"),
    ],
)
def test_these_days_belong_to_a_window(window: str, seen_from: str, first: str, last: str) -> None:
    days = Window.parse(window).days(date.fromisoformat(seen_from))
    assert days == (date.fromisoformat(first), date.fromisoformat(last))


@given(WINDOWS, DAYS)
def test_a_window_holds_the_day_it_is_seen_from(window: str, day: date) -> None:
    first, last = Window.parse(window).days(day)
    assert first <= day <= last


@given(WINDOWS, DAYS)
def test_a_window_never_moves_back(window: str, day: date) -> None:
    today, tomorrow = Window.parse(window).days(day), Window.parse(window).days(day + timedelta(days=1))
    assert today[0] <= tomorrow[0]
    assert today[1] <= tomorrow[1]


@given(WINDOWS)
def test_a_window_is_written_as_it_is_read(window: str) -> None:
    assert Window.parse(str(Window.parse(window))) == Window.parse(window)


@pytest.mark.parametrize(
    "text", ["", "weeks", "rolling", "rolling 0 days", "rolling 1 week", "rolling -1 days", "Rolling 1 day", "2 months"]
)
def test_what_is_no_window_is_refused_with_the_ones_there_are(text: str) -> None:
    there_are = "use day, week, month, quarter, year, membership year, lifetime or for example 'rolling 12 months'"
    with pytest.raises(ValueError, match=there_are):
        Window.parse(text)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        ("2017-08-31", 6, "2018-02-28"),
        ("2015-08-31", 6, "2016-02-29"),
        ("2016-02-29", 12, "2017-02-28"),
        ("2016-02-29", 48, "2020-02-29"),
        ("2017-10-31", 1, "2017-11-30"),
        ("2017-12-01", 1, "2018-01-01"),
        ("2017-01-15", -1, "2016-12-15"),
        ("2017-01-15", -12 * 2017, "0001-01-01"),
        ("9999-06-15", 12, "9999-12-31"),
    ],
)
def test_months_later_is_the_same_day_or_the_last_of_the_month(day: str, months: int, later: str) -> None:
    assert add_months(date.fromisoformat(day), months) == date.fromisoformat(later)
