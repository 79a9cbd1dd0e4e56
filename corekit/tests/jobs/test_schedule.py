"""Schedules on the program's clock: every day has one instant, also those on which the clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corekit.clock import micros
from corekit.jobs.schedule import MOST_INSTANTS, Schedule

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)


def _instant(text: str) -> int:
    return micros(datetime.fromisoformat(text))


def _told(instants: list[int]) -> list[str]:
    return [f"{datetime.fromtimestamp(each / 1_000_000, UTC):%m-%d %H:%M}" for each in instants]


@pytest.mark.parametrize(
    ("text", "after", "upto", "due"),
    [
        # The clock goes from 02:00 to 03:00 on 29 March: what falls between is due when it has moved.
        ("30 2 * * *", "2026-03-28T02:30+01:00", "2026-03-31T00:00+02:00", ["03-29 01:00", "03-30 00:30"]),
        ("0 3 * * *", "2026-03-28T04:00+01:00", "2026-03-30T00:00+02:00", ["03-29 01:00"]),
        # It goes from 03:00 back to 02:00 on 25 October: what falls into both is due the first time.
        ("30 2 * * *", "2026-10-24T03:00+02:00", "2026-10-27T00:00+01:00", ["10-25 00:30", "10-26 01:30"]),
        ("30 2 * * *", "2026-10-25T02:30+02:00", "2026-10-25T23:00+01:00", []),
        ("0 3 * * *", "2026-10-24T04:00+02:00", "2026-10-25T23:00+01:00", ["10-25 02:00"]),
        # What names no hour goes by the time that passes.
        ("0 * * * *", "2026-10-25T02:00+02:00", "2026-10-25T03:30+01:00", ["10-25 01:00", "10-25 02:00"]),
        ("0 0 1 1 *", "2026-12-31T23:59:59+01:00", "2027-01-01T00:00+01:00", ["12-31 23:00"]),
        ("0 0 1 1 *", "2026-12-31T00:00+01:00", "2026-12-31T23:59:59.999999+01:00", []),
        ("0 0 29 2 *", "2026-01-01T00:00+01:00", "2030-01-01T00:00+01:00", ["02-28 23:00"]),
        ("0 4 L * *", "2026-01-15T00:00+01:00", "2026-03-01T00:00+01:00", ["01-31 03:00", "02-28 03:00"]),
    ],
)
def test_instants_at_the_changes_of_the_clock_and_the_ends_of_years(
    text: str, after: str, upto: str, due: list[str]
) -> None:
    schedule = Schedule.parse(text, BERLIN)
    assert _told(schedule.due(_instant(after), _instant(upto), each=True)) == due
    assert _told(schedule.due(_instant(after), _instant(upto))) == due[-1:]


def test_an_instant_is_due_at_itself_and_not_before_and_only_once() -> None:
    schedule = Schedule.parse("0 4 * * *", BERLIN)
    at = _instant("2026-06-01T04:00+02:00")
    assert schedule.next(at - 1) == at
    assert schedule.due(at - 1, at) == [at]
    assert schedule.due(at - 2, at - 1) == []
    assert schedule.due(at, at + 1) == []


@settings(max_examples=60, derandomize=True)
@given(
    text=st.sampled_from(["30 2 * * *", "*/20 * * * *", "15 1,2,3 * * *", "0 0 * * *", "5 2 * * 0", "0 */2 * * *"]),
    day=st.sampled_from(["2026-03-29", "2026-10-25", "2026-06-30"]),
    cuts=st.lists(st.integers(0, 3 * 24 * 60), min_size=1, max_size=8),
)
def test_however_often_one_looks_each_instant_is_found_once(text: str, day: str, cuts: list[int]) -> None:
    schedule = Schedule.parse(text, BERLIN)
    begin = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=BERLIN).astimezone(UTC) - timedelta(days=1)
    whole = [begin, *(begin + cut * MINUTE for cut in sorted(cuts)), begin + timedelta(days=3)]
    looks = [micros(each) for each in whole]
    found = [each for one, other in pairwise(looks) for each in schedule.due(one, other, each=True)]
    assert found == schedule.due(looks[0], looks[-1], each=True)
    following = looks[0]
    for each in found:
        assert schedule.next(following) == each, "forwards and backwards say the same"
        following = each
    assert schedule.next(following) > looks[-1]


def test_what_nobody_followed_for_years_is_found_at_once_and_bounded() -> None:
    schedule = Schedule.parse("* * * * *", BERLIN)
    now = _instant("2026-06-01T04:00+02:00")
    assert schedule.due(0, now) == [now]
    assert len(schedule.due(0, now, each=True)) == MOST_INSTANTS


@pytest.mark.parametrize("text", ["", "often", "* * * *", "0 0 4 * * *", "60 * * * *", "0 0 30 2 *", "0 0 31 4 *"])
def test_what_is_no_schedule_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"schedule|due"):
        Schedule.parse(text, BERLIN)
