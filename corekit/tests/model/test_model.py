"""The kernel against the rules in plain Python: whatever happens to two members, answers and books agree."""

from __future__ import annotations

import pytest
from corekit_model.machine import House, Machine
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

EXAMPLES, STEPS, PARTS = 300, 50, 12


@pytest.mark.parametrize("part", range(PARTS))
def test_the_kernel_keeps_the_rules(house: House, part: int) -> None:
    play = seed(part)(type("Play", (Machine,), {"house": house}))
    run_state_machine_as_test(
        play,
        settings=settings(
            max_examples=EXAMPLES // PARTS,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
