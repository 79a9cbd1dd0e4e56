"""For which tier a member qualifies, and what is missing for the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit.metrics import LIFETIME, Window
from corekit.tiers.evaluate import Progress, Step, progress, qualified
from corekit.tiers.ladder import Criterion, Ladder, Measure, Tier

YEAR = Window("year")
ROLLING = Window("month", 12)


def ladder(*tiers: tuple[str, Literal["all", "any"], list[Criterion]]) -> Ladder:
    steps = [Tier("status", "ordinary", 0, "Ordinary")]
    for rank, (code, match, criteria) in enumerate(tiers, 1):
        steps.append(Tier("status", code, rank, code.title(), tuple(criteria), match))
    return Ladder("status", "Status", tuple(steps))


def member(values: Mapping[tuple[str, Window], int]) -> Measure:
    return lambda metric, window: values.get((metric, window), 0)


BY_SPEND = ladder(
    ("silver", "all", [Criterion("spend", YEAR, 500_00)]),
    ("gold", "all", [Criterion("spend", YEAR, 2_000_00)]),
)
BY_BOTH = ladder(
    ("silver", "any", [Criterion("spend", LIFETIME, 500_00), Criterion("visits", ROLLING, 10)]),
    ("gold", "all", [Criterion("spend", LIFETIME, 2_000_00), Criterion("visits", ROLLING, 20)]),
)


@pytest.mark.row("T1", way="python")
@pytest.mark.parametrize(
    ("spend", "tier"),
    [
        (0, "ordinary"),
        (499_99, "ordinary"),
        (500_00, "silver"),
        (1_999_99, "silver"),
        (2_000_00, "gold"),
        (10**15, "gold"),
    ],
)
def test_a_tier_begins_exactly_at_its_threshold(spend: int, tier: str) -> None:
    assert qualified(BY_SPEND, member({("spend", YEAR): spend}))[0].code == tier


@pytest.mark.row("T2", way="python")
@pytest.mark.parametrize(
    ("spend", "visits", "tier"),
    [
        (499_99, 9, "ordinary"),
        (500_00, 0, "silver"),
        (0, 10, "silver"),
        (2_000_00, 19, "silver"),
        (1_999_99, 20, "silver"),
        (2_000_00, 20, "gold"),
    ],
)
def test_any_needs_one_criterion_and_all_needs_each(spend: int, visits: int, tier: str) -> None:
    measured = member({("spend", LIFETIME): spend, ("visits", ROLLING): visits})
    assert qualified(BY_BOTH, measured)[0].code == tier


@pytest.mark.row("T2", way="python")
def test_a_window_is_measured_for_itself() -> None:
    windows = [Criterion("spend", LIFETIME, 1), Criterion("spend", YEAR, 1), Criterion("spend", ROLLING, 1)]
    for one in windows:
        steps = ladder(("silver", "all", [one]))
        for other in windows:
            tier, _ = qualified(steps, member({("spend", other.window): 1}))
            assert (tier.code == "silver") == (one == other)


@pytest.mark.row("T1", way="python")
def test_a_tier_stands_for_itself_whether_or_not_those_below_are_met() -> None:
    steps = ladder(
        ("silver", "all", [Criterion("spend", LIFETIME, 500_00)]),
        ("critic", "all", [Criterion("count:review", LIFETIME, 3)]),
    )
    assert qualified(steps, member({("count:review", LIFETIME): 3}))[0].code == "critic"


@pytest.mark.row("T1", way="python")
def test_ladders_are_climbed_side_by_side() -> None:
    other = Ladder("service", "Service", (Tier("service", "basic", 0, "Basic"),))
    measured = member({("spend", YEAR): 500_00})
    assert [qualified(each, measured)[0].code for each in (BY_SPEND, other)] == ["silver", "basic"]


def test_what_was_measured_is_kept_by_metric_and_window() -> None:
    _, measured = qualified(BY_BOTH, member({("spend", LIFETIME): 3_000_00, ("visits", ROLLING): 25}))
    assert measured == {"spend lifetime": 3_000_00, "visits rolling 12 months": 25}


def test_each_metric_and_window_is_measured_once() -> None:
    asked: list[tuple[str, Window]] = []

    def measure(metric: str, window: Window) -> int:
        asked.append((metric, window))
        return 0

    qualified(BY_BOTH, measure)
    assert len(asked) == len(set(asked)) == 2


@pytest.mark.row("T6", way="python")
def test_progress_says_what_is_missing_for_the_next_tier() -> None:
    ahead = progress(BY_SPEND, BY_SPEND.tiers[0], member({("spend", YEAR): 420_00}))
    assert ahead.next is not None
    assert ahead.next.code == "silver"
    assert [(step.criterion.metric, step.measured, step.missing, step.percent) for step in ahead.steps] == [
        ("spend", 420_00, 80_00, 84)
    ]


def towards(spend: int, visits: int, rank: int) -> Progress:
    measured = member({("spend", LIFETIME): spend, ("visits", ROLLING): visits})
    return progress(BY_BOTH, BY_BOTH.tiers[rank], measured)


@pytest.mark.row("T6", way="python")
def test_of_any_the_nearest_criterion_counts_and_of_all_the_farthest() -> None:
    assert towards(spend=250_00, visits=9, rank=0).percent == 90
    assert towards(spend=1_900_00, visits=10, rank=1).percent == 50


@pytest.mark.row("T6", way="python")
def test_below_zero_nothing_is_done_even_of_a_criterion_that_asks_for_nothing() -> None:
    step = Step(Criterion("growth:status", LIFETIME, 0), measured=-50)
    assert (step.missing, step.percent) == (50, 0)


@pytest.mark.row("T6", way="python")
@pytest.mark.parametrize(("spend", "close"), [(1_599_99, False), (1_600_00, True), (2_000_00, True)])
def test_a_member_is_close_from_eighty_percent_on(spend: int, close: bool) -> None:  # noqa: FBT001
    assert towards(spend, visits=20, rank=1).close is close


@pytest.mark.row("T6", way="python")
def test_at_the_top_nothing_is_missing() -> None:
    top = towards(spend=0, visits=0, rank=2)
    assert (top.next, top.steps, top.percent, top.close) == (None, (), 100, False)


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_more_never_means_a_lower_tier(one: int, other: int) -> None:
    less, more = sorted((one, other))
    ranks = [qualified(BY_SPEND, member({("spend", YEAR): spend}))[0].rank for spend in (less, more)]
    assert ranks == sorted(ranks)


@given(st.integers(0, 10**7), st.sampled_from(BY_SPEND.tiers[:-1]))
def test_nothing_is_missing_exactly_where_the_next_tier_is_qualified_for(spend: int, tier: Tier) -> None:
    measure = member({("spend", YEAR): spend})
    ahead = progress(BY_SPEND, tier, measure)
    missing = sum(step.missing for step in ahead.steps)
    assert (missing == 0) == (qualified(BY_SPEND, measure)[0].rank > tier.rank) == (ahead.percent == 100)
