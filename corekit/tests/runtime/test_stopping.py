"""Whoever waits for the end is told of it, whatever it was just doing: a signal asks nobody."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from corekit.cli.stopping import Stop

LONG = 60.0


def comes_in_between(tell: Callable[[], object], step: int) -> Any:
    """Trace a thread as a signal would come in between: before the line of that number."""
    lines = iter(range(step + 1))

    def traced(_frame: FrameType, event: str, _told: Any) -> Any:
        if event == "line" and next(lines, None) == step:
            tell()
        return traced

    return traced


@pytest.mark.parametrize("step", range(4))
def test_it_may_be_told_at_any_moment_of_waiting(step: int) -> None:
    stop = Stop()
    found: list[bool] = []

    def waits() -> None:
        sys.settrace(comes_in_between(stop.set, step))
        found.append(stop.wait(0.01))
        sys.settrace(None)
        found.append(stop.wait(LONG))

    thread = threading.Thread(target=waits, daemon=True)
    thread.start()
    thread.join(LONG / 2)
    assert found == [True, True]


def test_all_who_wait_are_told() -> None:
    stop, found = Stop(), list[bool]()
    threads = [threading.Thread(target=lambda: found.append(stop.wait(LONG))) for _ in range(3)]
    for each in threads:
        each.start()
    stop.set()
    for each in threads:
        each.join()
    assert found == [True, True, True]
    assert stop.is_set()


def test_who_is_not_told_waits_as_long_as_was_said() -> None:
    stop = Stop()
    assert not stop.wait(0.01)
    assert not stop.is_set()
