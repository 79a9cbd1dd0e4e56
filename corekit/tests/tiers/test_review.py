"""The policy of a ladder as a pure function: tables of dates, and properties."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit.clock import day_number, micros, moment
from corekit.metrics import MEMBERSHIP_YEAR, Window
from corekit.tiers.figures import Figures
from corekit.tiers.ladder import Criterion, Ladder, Tier
from corekit.tiers.policy import Growth, Termination, Validity, last_evaluation, start_of
from corekit.tiers.review import Change, Ending, Notice, Stay, evaluate, expiry, settled

BERLIN = ZoneInfo("Europe/Berlin")
BEIRUT = ZoneInfo("Asia/Beirut")
"""Where the clock leaves out midnight in spring."""
NEW_YORK = ZoneInfo("America/New_York")
UTC_ZONE = ZoneInfo("UTC")


@pytest.mark.row("T3", way="python")
@pytest.mark.parametrize(
    ("first", "months", "until", "joined", "gone"),
    [
        ("2025-03-15", 12, "day", "2020-01-01", "2026-03-15"),
        ("2024-02-29", 12, "day", "2020-01-01", "2025-02-28"),
        ("2024-02-29", 48, "day", "2020-01-01", "2028-02-29"),
        ("2025-01-31", 1, "day", "2020-01-01", "2025-02-28"),
        ("2025-03-15", 12, "month", "2020-01-01", "2026-04-01"),
        ("2025-03-01", 12, "month", "2020-01-01", "2026-03-01"),
        ("2025-01-31", 1, "month", "2020-01-01", "2025-03-01"),
        ("2025-12-31", 0, "month", "2020-01-01", "2026-01-01"),
        ("2025-03-15", 12, "year", "2020-01-01", "2027-01-01"),
        ("2025-03-15", 0, "year", "2020-01-01", "2026-01-01"),
        ("2025-12-31", 12, "year", "2020-01-01", "2027-01-01"),
        ("2026-01-01", 12, "year", "2020-01-01", "2027-01-01"),
        ("2026-01-01", 0, "year", "2020-01-01", "2027-01-01"),
        ("2025-03-15", 12, "membership year", "2020-06-10", "2026-06-10"),
        ("2025-06-10", 12, "membership year", "2020-06-10", "2026-06-10"),
        ("2025-06-09", 0, "membership year", "2020-06-10", "2025-06-10"),
        ("2027-03-01", 12, "membership year", "2024-02-29", "2029-02-28"),
        ("2028-02-29", 12, "membership year", "2024-02-29", "2029-02-28"),
        ("2029-02-28", 12, "membership year", "2024-02-29", "2030-02-28"),
    ],
)
def test_a_stay_is_valid_for_whole_months_and_then_to_the_end_of_a_period(
    first: str, months: int, until: Any, joined: str, gone: str
) -> None:
    found = Validity(months, until).expires(date.fromisoformat(first), date.fromisoformat(joined), BERLIN)
    assert moment(found) == datetime.fromisoformat(gone).replace(tzinfo=BERLIN)


@pytest.mark.row("T3", way="python")
@pytest.mark.parametrize(
    ("day", "zone", "instant"),
    [
        ("2025-03-30", BERLIN, "2025-03-29T23:00:00"),
        ("2025-03-31", BERLIN, "2025-03-30T22:00:00"),
        ("2025-10-26", BERLIN, "2025-10-25T22:00:00"),
        ("2025-10-27", BERLIN, "2025-10-26T23:00:00"),
        ("2025-03-30", BEIRUT, "2025-03-29T22:00:00"),
        ("2025-03-09", NEW_YORK, "2025-03-09T05:00:00"),
        ("2025-11-02", NEW_YORK, "2025-11-02T04:00:00"),
        ("2026-01-01", NEW_YORK, "2026-01-01T05:00:00"),
    ],
)
def test_a_day_begins_at_its_first_instant_also_where_the_clock_changes(day: str, zone: ZoneInfo, instant: str) -> None:
    found = start_of(date.fromisoformat(day), zone)
    assert moment(found).replace(tzinfo=None).isoformat() == instant
    assert moment(found).astimezone(zone).date().isoformat() == day
    assert moment(found - 1).astimezone(zone).date() == date.fromisoformat(day) - timedelta(days=1)


@pytest.mark.parametrize(
    ("every", "at", "instant"),
    [
        ("month", "2024-02-29T12:00:00", "2024-01-31T23:00:00"),
        ("month", "2024-02-29T23:00:00", "2024-02-29T23:00:00"),
        ("quarter", "2024-06-30T21:59:59", "2024-03-31T22:00:00"),
        ("quarter", "2024-06-30T22:00:00", "2024-06-30T22:00:00"),
        ("year", "2024-12-31T22:59:59", "2023-12-31T23:00:00"),
        ("year", "2024-12-31T23:00:00", "2024-12-31T23:00:00"),
    ],
)
def test_evaluation_instants_are_starts_on_the_programs_calendar(every: Any, at: str, instant: str) -> None:
    found = last_evaluation(every, utc(at), BERLIN)
    assert moment(found).replace(tzinfo=None).isoformat() == instant


@pytest.mark.row("T2", way="python")
@pytest.mark.parametrize(
    ("joined", "day", "first", "last"),
    [
        ("2020-06-10", "2025-06-09", "2024-06-10", "2025-06-09"),
        ("2020-06-10", "2025-06-10", "2025-06-10", "2026-06-09"),
        ("2024-02-29", "2025-02-27", "2024-02-29", "2025-02-27"),
        ("2024-02-29", "2025-02-28", "2025-02-28", "2026-02-27"),
        ("2024-02-29", "2028-02-28", "2027-02-28", "2028-02-28"),
        ("2024-02-29", "2028-02-29", "2028-02-29", "2029-02-27"),
        ("2020-12-31", "2021-12-30", "2020-12-31", "2021-12-30"),
        ("2020-01-01", "2019-12-31", "2019-01-01", "2019-12-31"),
    ],
)
def test_a_membership_year_is_counted_from_the_day_of_joining(joined: str, day: str, first: str, last: str) -> None:
    found = MEMBERSHIP_YEAR.days(date.fromisoformat(day), date.fromisoformat(joined))
    assert [each.isoformat() for each in found] == [first, last]


days = st.dates(date(1990, 1, 1), date(2100, 12, 31))


@given(days, days)
def test_membership_years_tile_the_calendar(joined: date, day: date) -> None:
    first, last = MEMBERSHIP_YEAR.days(day, joined)
    assert first <= day <= last
    assert MEMBERSHIP_YEAR.days(last, joined) == (first, last)
    assert MEMBERSHIP_YEAR.days(last + timedelta(days=1), joined)[0] == last + timedelta(days=1)
    low, high = MEMBERSHIP_YEAR.days(day)
    assert low <= first
    assert last <= high


validities = st.builds(
    Validity,
    st.integers(1, 36),
    st.sampled_from(["day", "month", "year", "membership year"]),
    st.booleans(),
)


@given(validities, days, days, st.sampled_from([UTC_ZONE, BERLIN, NEW_YORK]))
def test_a_later_beginning_never_ends_earlier_and_a_validity_is_never_empty(
    validity: Validity, first: date, joined: date, zone: ZoneInfo
) -> None:
    ends = validity.expires(first, joined, zone)
    assert ends > start_of(first, zone)
    assert validity.expires(first + timedelta(days=1), joined, zone) >= ends


def utc(text: str) -> int:
    return micros(datetime.fromisoformat(text).replace(tzinfo=UTC))


def a_ladder(**policies: Any) -> Ladder:
    window = policies.pop("window", Window("year"))
    tiers = [Tier("status", "base", 0, "Base")]
    for rank, (code, at_least) in enumerate((("silver", 100), ("gold", 300), ("black", 900)), 1):
        tiers.append(Tier("status", code, rank, code.title(), (Criterion("spend", window, at_least),)))
    return Ladder("status", "Status", tuple(tiers), **policies)


def spent(spends: dict[date, int], joined: str = "2020-01-01") -> Figures:
    by_day = {day_number(day): amount for day, amount in spends.items()}
    total = sum(spends.values())
    everything = {"spend": total, "growth:status": total}
    return Figures(utc(f"{joined}T12:00:00"), UTC_ZONE, everything, {"spend": by_day})


policies = st.fixed_dictionaries(
    {
        "evaluate": st.sampled_from(["at_once", "scheduled", "on_request"]),
        "validity": st.one_of(st.none(), validities),
        "downgrade": st.sampled_from(["none", "one_step", "to_qualified"]),
        "grace_days": st.sampled_from([0, 30]),
        "warn_days": st.sampled_from([0, 14]),
        "termination": st.one_of(st.none(), st.just(Termination("spend"))),
        "growth": st.one_of(st.none(), st.just(Growth(metric="growth:status", source="spend", keep=40))),
    }
)
spends = st.dictionaries(st.dates(date(2023, 1, 1), date(2026, 12, 31)), st.integers(1, 1000), max_size=8)
instants = st.integers(utc("2024-01-01"), utc("2027-01-01"))


@st.composite
def stays(draw: Any) -> tuple[Ladder, Stay, Figures, int]:
    ladder, figures, at = a_ladder(**draw(policies)), spent(draw(spends)), draw(instants)
    tier, since = draw(st.sampled_from(ladder.tiers)), draw(instants)
    expires = expiry(ladder, tier, figures.day(since), figures)
    reason = draw(st.sampled_from(["qualified", "renewed", "grace", "manual"]))
    lock = draw(st.one_of(st.none(), instants))
    return ladder, Stay(tier, since, expires, reason, lock), figures, at


@given(stays())
def test_nobody_falls_before_the_validity_is_over_or_while_locked_or_at_settlement(
    case: tuple[Ladder, Stay, Figures, int],
) -> None:
    ladder, stay, figures, at = case
    found = evaluate(ladder, stay, figures, at)
    over = stay.expires_at is not None and stay.expires_at <= at
    if stay.is_locked(at):
        assert found is None
    if isinstance(found, Change) and found.tier.rank < stay.tier.rank:
        assert over
        assert ladder.downgrade != "none"
    if isinstance(found, Ending):
        assert over
        assert ladder.termination is not None
    if isinstance(found, Notice):
        assert not over
    now = settled(ladder, stay, figures, at)
    assert now is None or now.tier.rank > stay.tier.rank or stay.reason == "grace"


@given(stays())
def test_it_falls_no_further_than_the_ladder_says(case: tuple[Ladder, Stay, Figures, int]) -> None:
    ladder, stay, figures, at = case
    found = evaluate(ladder, stay, figures, at)
    if isinstance(found, Change) and found.reason == "downgraded" and stay.expires_at is not None:
        # What was reached since counts as well where it lifts at once.
        days = [figures.day(stay.expires_at - 1), *([figures.day(at)] if ladder.evaluate == "at_once" else [])]
        best = max(tier.rank for tier in ladder.tiers for day in days if holds(tier, figures, day))
        assert found.tier.rank >= best
        assert found.tier.rank == (best if ladder.downgrade == "to_qualified" else stay.tier.rank - 1)


@given(stays())
def test_what_is_decided_is_in_the_end_decided_for_good(case: tuple[Ladder, Stay, Figures, int]) -> None:
    """Each decision moves on: applied again and again at one instant, it comes to rest."""
    ladder, stay, figures, at = case
    found = evaluate(ladder, stay, figures, at)
    for _ in range(100):
        if isinstance(found, Change):
            found = evaluate(ladder, Stay(found.tier, at, found.expires_at, found.reason), figures, at)
    assert not isinstance(found, Change)


@given(stays())
def test_asked_twice_it_says_the_same(case: tuple[Ladder, Stay, Figures, int]) -> None:
    assert evaluate(*case) == evaluate(*case)


@given(stays(), st.integers(1, 400))
def test_how_late_one_looks_changes_nothing_but_what_was_reached_since(
    case: tuple[Ladder, Stay, Figures, int], late: int
) -> None:
    ladder, stay, figures, _ = case
    if ladder.evaluate == "at_once" or stay.expires_at is None or stay.locked_until is not None:
        return
    at = stay.expires_at
    assert evaluate(ladder, stay, figures, at) == evaluate(ladder, stay, figures, at + late * 86_400_000_000)


@given(st.integers(-10, 10**6), st.integers(0, 100))
def test_re_rating_takes_and_keeps_the_whole(value: int, keep: int) -> None:
    growth = Growth(metric="growth:status", source="spend", keep=keep)
    taken = growth.taken(value)
    assert 0 <= taken <= max(0, value)
    assert value - taken == (value * keep // 100 if value > 0 else value)


def holds(tier: Tier, figures: Figures, day: date) -> bool:
    return all(figures.sum(each.metric, each.window, day) >= each.at_least for each in tier.criteria)
