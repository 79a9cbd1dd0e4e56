"""Calendar rules by example: dates, weekdays, hours, holidays, anniversaries."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytestmark = pytest.mark.row("P3", way="python")

Earned = Callable[..., list[tuple[str, int]]]


def doubled(earned: Earned, condition: str, when: str, **known: str) -> bool:
    """Say whether a purchase at a local time in New York earns double."""
    rules = f"""
        [[calendars]]
        id = "double"
        multiplier = 2
        {condition}

        [[rules]]
        id = "base"
        rate = 1
        calendars = ["double"]
    """
    ((_, points),) = earned(rules, 1_00, when, **known)
    return points == 2


@pytest.mark.parametrize(
    ("condition", "when", "double"),
    [
        ("dates = [2017-06-14]", "2017-06-13T23:59:59", False),
        ("dates = [2017-06-14]", "2017-06-14T00:00:00", True),
        ("dates = [2017-06-14]", "2017-06-14T23:59:59", True),
        ("dates = [2017-06-14]", "2017-06-15T00:00:00", False),
        # the day is that of the program's clock: in Shanghai it is the 15th already
        ("dates = [2017-06-14]", "2017-06-15T08:00:00+08:00", True),
        ('dates = ["2017-12-24", {from = "2017-12-30", to = 2018-01-01}]', "2017-12-24T12:00:00", True),
        ('dates = ["2017-12-24", {from = "2017-12-30", to = 2018-01-01}]', "2017-12-29T12:00:00", False),
        ('dates = ["2017-12-24", {from = "2017-12-30", to = 2018-01-01}]', "2017-12-30T00:00:00", True),
        ('dates = ["2017-12-24", {from = "2017-12-30", to = 2018-01-01}]', "2018-01-01T23:59:59", True),
        ('dates = ["2017-12-24", {from = "2017-12-30", to = 2018-01-01}]', "2018-01-02T00:00:00", False),
        ('weekdays = ["wednesday"]', "2017-06-14T12:00:00", True),
        ('weekdays = ["wednesday"]', "2017-06-15T12:00:00", False),
        ('weekdays = ["saturday", "sunday"]', "2017-06-18T12:00:00", True),
        ('hours = {from = "17:00", to = "20:00"}', "2017-06-14T16:59:59", False),
        ('hours = {from = "17:00", to = "20:00"}', "2017-06-14T17:00:00", True),
        ('hours = {from = "17:00", to = "20:00"}', "2017-06-14T19:59:59", True),
        ("hours = {from = 17:00:00, to = 20:00:00}", "2017-06-14T20:00:00", False),
        ('hours = {from = "22:00", to = "02:00"}', "2017-06-14T23:00:00", True),
        ('hours = {from = "22:00", to = "02:00"}', "2017-06-14T01:59:59", True),
        ('hours = {from = "22:00", to = "02:00"}', "2017-06-14T02:00:00", False),
        ('hours = {from = "12:00", to = "24:00"}', "2017-06-14T23:59:59", True),
        ('weekdays = ["wednesday"]\nhours = {from = "17:00", to = "20:00"}', "2017-06-14T18:00:00", True),
        ('weekdays = ["wednesday"]\nhours = {from = "17:00", to = "20:00"}', "2017-06-15T18:00:00", False),
        ('weekdays = ["wednesday"]\ndates = [{from = 2017-06-01, to = 2017-06-10}]', "2017-06-14T12:00:00", False),
        ('weekdays = ["wednesday"]\ndates = [{from = 2017-06-01, to = 2017-06-10}]', "2017-06-07T12:00:00", True),
        ('holidays = "US"', "2017-07-04T12:00:00", True),
        ('holidays = "US"', "2017-07-05T12:00:00", False),
        ('holidays = "CN"', "2017-10-01T12:00:00", True),
        ('holidays = {country = "US", subdivision = "CA"}', "2017-03-31T12:00:00", True),  # Cesar Chavez Day
        ('holidays = "US"', "2017-03-31T12:00:00", False),
    ],
)
def test_these_moments_earn_double(earned: Earned, condition: str, when: str, double: bool) -> None:  # noqa: FBT001
    assert doubled(earned, condition, when) is double


@pytest.mark.parametrize(
    ("period", "joined", "when", "celebrated"),
    [
        ("day", "2015-06-14T16:00:00+00:00", "2017-06-14T00:00:00", True),
        ("day", "2015-06-14T16:00:00+00:00", "2017-06-13T23:59:59", False),
        ("day", "2017-06-14T16:00:00+00:00", "2017-06-14T18:00:00", False),  # the day of joining is none
        ("day", "2017-06-14T16:00:00+00:00", "2018-06-14T18:00:00", True),
        # joined at 22:00 on the 13th in New York
        ("day", "2015-06-14T02:00:00+00:00", "2017-06-13T12:00:00", True),
        ("day", "2015-06-14T02:00:00+00:00", "2017-06-14T12:00:00", False),
        ("day", "2016-02-29T12:00:00+00:00", "2017-02-28T12:00:00", True),
        ("day", "2016-02-29T12:00:00+00:00", "2017-03-01T12:00:00", False),
        ("day", "2016-02-29T12:00:00+00:00", "2020-02-29T12:00:00", True),
        ("day", "2016-02-29T12:00:00+00:00", "2020-02-28T12:00:00", False),
        # 14 June 2017 is a Wednesday
        ("week", "2015-06-14T16:00:00+00:00", "2017-06-12T00:00:00", True),
        ("week", "2015-06-14T16:00:00+00:00", "2017-06-18T23:59:59", True),
        ("week", "2015-06-14T16:00:00+00:00", "2017-06-11T12:00:00", False),
        ("week", "2015-06-14T16:00:00+00:00", "2017-06-19T12:00:00", False),
        # the week from Monday 31 December 2018 holds the anniversary of 1 January 2019, and of 31 December 2018
        ("week", "2015-01-01T16:00:00+00:00", "2018-12-31T12:00:00", True),
        ("week", "2014-12-31T16:00:00+00:00", "2019-01-02T12:00:00", True),
        ("week", "2018-01-01T16:00:00+00:00", "2018-12-31T12:00:00", True),
        ("week", "2018-12-31T16:00:00+00:00", "2019-01-02T12:00:00", False),
        ("month", "2015-06-14T16:00:00+00:00", "2017-06-01T00:00:00", True),
        ("month", "2015-06-14T16:00:00+00:00", "2017-06-30T23:59:59", True),
        ("month", "2015-06-14T16:00:00+00:00", "2017-07-01T00:00:00", False),
        ("month", "2017-06-14T16:00:00+00:00", "2017-06-30T12:00:00", False),
    ],
)
def test_anniversaries_of_joining(earned: Earned, period: str, joined: str, when: str, celebrated: bool) -> None:  # noqa: FBT001
    assert doubled(earned, f'anniversary = "{period}"', when, joined=joined) is celebrated
