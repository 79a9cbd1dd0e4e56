"""What one can ask of the benchmarks: by how their ids begin, and sweeps over a number of members."""

from __future__ import annotations

import re

import pytest

from bench.__main__ import benchmarks, main
from bench.sweeps import steps


def test_every_benchmark_has_an_id_of_its_own_and_sweeps_tell_their_members() -> None:
    goals = [each.goal for each in benchmarks(150_000)]
    assert len({goal.id for goal in goals}) == len(goals)
    assert [goal.what for goal in goals if goal.id == "sweeps-growth"] == ["sweeps over 150,000 members : over 15,000"]


@pytest.mark.parametrize("text", ["0", "-50000", "75000", "many"])
def test_a_number_of_members_of_which_no_tenth_can_be_made_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        steps(text)
    assert steps("100000") == 100_000


@pytest.mark.parametrize("arguments", [["--members", "75000"], ["sweep-fee"]])
def test_what_cannot_be_measured_stops_before_anything_is(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
