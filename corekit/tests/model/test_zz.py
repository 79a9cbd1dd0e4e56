import pytest, os
from corekit_model.machine import House, Machine
from hypothesis import HealthCheck, seed, settings, Phase, Verbosity
from hypothesis.stateful import run_state_machine_as_test


@pytest.mark.parametrize("part", range(int(os.environ.get("A", 0)), int(os.environ.get("B", 1))))
def test_zz(house, part):
    class Play(Machine):
        pass

    Play.house = house
    import time

    t = time.time()
    try:
        run_state_machine_as_test(
            seed(part)(Play),
            settings=settings(
                max_examples=int(os.environ.get("N", 25)),
                stateful_step_count=int(os.environ.get("S", 50)),
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        print("took", time.time() - t)
