from __future__ import annotations

import pytest

from bench.compare import LEAST, Goal, Way, enough, ratios, report


def steady(seconds_each: float, calls: list[tuple[str, int]] | None = None, name: str = "") -> Way:
    def way(number: int) -> float:
        if calls is not None:
            calls.append((name, number))
        return number * seconds_each

    return way


def test_a_ratio_says_how_many_times_as_long_the_other_way_takes_per_operation() -> None:
    found = ratios(steady(0.002), steady(0.006), numbers=(500, 100), rounds=3)

    assert found == pytest.approx([3.0, 3.0, 3.0])


def test_the_two_ways_take_turns_in_going_first() -> None:
    calls: list[tuple[str, int]] = []

    ratios(steady(1, calls, "one"), steady(1, calls, "other"), numbers=(2, 3), rounds=3)

    assert calls == [("one", 2), ("other", 3), ("other", 3), ("one", 2), ("one", 2), ("other", 3)]


def test_a_ratio_is_that_of_its_own_round() -> None:
    costs = iter([1.0, 2.0, 5.0, 1.0])

    def drifting(number: int) -> float:
        return next(costs) * number

    # One after the other in the first round: 2 / 1. The other way first in the second: 5 / 1.
    assert ratios(drifting, drifting, numbers=(10, 10), rounds=2) == pytest.approx([2.0, 5.0])


def test_as_many_operations_are_measured_as_take_long_enough() -> None:
    number = enough(steady(0.001), start=10)

    assert number * 0.001 >= LEAST


def test_what_takes_long_is_not_made_longer() -> None:
    assert enough(steady(1.0), start=10) == 10


@pytest.mark.parametrize(
    ("ratio", "at_most", "holds"),
    [
        (3.0, False, True),
        (2.999, False, False),
        (4.0, False, True),
        (3.0, True, True),
        (3.001, True, False),
        (1.0, True, True),
    ],
)
def test_a_goal_holds_at_its_limit_and_on_its_good_side(ratio: float, *, at_most: bool, holds: bool) -> None:
    assert Goal(id="it", what="this : that", must=3, at_most=at_most).holds(ratio) is holds


def test_the_median_is_reported_with_the_extremes() -> None:
    row = report(Goal(id="it", what="this : that", must=3, aim=6), [2.0, 9.0, 4.0])

    assert row == {
        "id": "it",
        "what": "this : that",
        "ratio": 4.0,
        "min": 2.0,
        "max": 9.0,
        "rounds": 3,
        "must": 3,
        "aim": 6,
        "holds": True,
    }


def test_what_is_shown_cannot_round_a_miss_into_a_hit() -> None:
    row = report(Goal(id="it", what="this : that", must=3), [2.9996])

    assert row["ratio"] == 3.0
    assert row["holds"] is False


def test_only_where_less_is_better_the_report_says_so() -> None:
    assert report(Goal(id="it", what="", must=1.3, at_most=True), [1.2])["at_most"] is True
    assert "at_most" not in report(Goal(id="it", what="", must=1.3), [1.2])
