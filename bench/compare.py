"""Two ways of doing something, measured in turns, and what the ratio of the two must be.

Times of one machine say little and change by the minute, so nothing here is a time: a round measures both ways one
right after the other, and its ratio is what counts; the median over the rounds is the result. The two take turns in
going first. Garbage is collected before each measurement and not during it; the collector stays on while measuring.
"""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

from attrs import frozen

ROUNDS = 7
LEAST = 0.3
"""Seconds that one measurement takes at least."""

Way = Callable[[int], float]
"""Does so many operations and returns the seconds they took."""


def timed(prepare: Callable[[int], Callable[[], object]]) -> Way:
    """Make a way of a function that prepares so many operations and returns what does them."""

    def way(number: int) -> float:
        run = prepare(number)
        gc.collect()
        began = time.perf_counter()
        run()
        return time.perf_counter() - began

    return way


def enough(way: Way, start: int) -> int:
    """Warm up, and return how many operations take long enough to be measured; never fewer than ``start``."""
    way(start)
    seconds = way(start)
    return max(start, math.ceil(start * LEAST * 1.2 / seconds))


def ratios(
    one: Way,
    other: Way,
    *,
    numbers: tuple[int, int] | None = None,
    starts: tuple[int, int] = (1, 1),
    rounds: int = ROUNDS,
) -> list[float]:
    """Return, per round, how many times as long an operation takes the other way as it takes the one way.

    ``numbers`` are the operations of a round, per way; where they are left out, both are warmed up with ``starts`` and
    get as many as take long enough.
    """
    first, second = numbers or (enough(one, starts[0]), enough(other, starts[1]))
    found: list[float] = []
    for index in range(rounds):
        if index % 2 == 0:
            cost = one(first) / first
            found.append(other(second) / second / cost)
        else:
            cost = other(second) / second
            found.append(cost / (one(first) / first))
    return found


@frozen
class Found:
    """What was found: the ratio of each round, and figures of this machine beside it, by what they are."""

    ratios: Sequence[float]
    beside: Mapping[str, float]


@frozen(kw_only=True)
class Goal:
    """What a ratio must be and what it should be; ``at_most`` where less is better."""

    id: str
    what: str
    must: float
    aim: float | None = None
    at_most: bool = False

    def holds(self, ratio: float) -> bool:
        """Say whether a ratio is what it must be."""
        return ratio <= self.must if self.at_most else ratio >= self.must


def report(goal: Goal, measured: Sequence[float] | Found) -> dict[str, object]:
    """Return what is written to the file of results about one goal and what was found."""
    found = measured.ratios if isinstance(measured, Found) else measured
    ratio = statistics.median(found)
    row: dict[str, object] = {
        "id": goal.id,
        "what": goal.what,
        "ratio": round(ratio, 3),
        "min": round(min(found), 3),
        "max": round(max(found), 3),
        "rounds": len(found),
        "must": goal.must,
        "aim": goal.aim,
        "holds": goal.holds(ratio),
    }
    if goal.at_most:
        row["at_most"] = True
    if isinstance(measured, Found):
        row["beside"] = {what: round(figure, 3) for what, figure in measured.beside.items()}
    return row
