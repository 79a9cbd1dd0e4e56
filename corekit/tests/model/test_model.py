"""The kernel against the rules in plain Python: whatever happens to two members, answers and books agree.

`make test` plays the same examples each time, so a failure is one for everybody; `make fuzz` plays others.
"""

from __future__ import annotations

import pytest
from corekit_model.machine import House, playing
from corekit_model.size import EXAMPLES, PARTS, STEPS, seed_of
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test


@pytest.mark.parametrize("part", range(PARTS))
def test_answers_and_books_are_those_of_the_rules(house: House, part: int) -> None:
    plays = settings(
        max_examples=EXAMPLES // PARTS,
        stateful_step_count=STEPS,
        database=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    run_state_machine_as_test(seed(seed_of(part))(playing(house)), settings=plays)
