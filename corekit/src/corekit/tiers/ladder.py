"""Ladders: tiers in rising order, each with the criteria that a member must meet to stand in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from attrs import Factory, field, frozen

from corekit.metrics import LIFETIME, Window
from corekit.tiers.policy import BALANCE, Downgrade, Evaluation, Every, Growth, Termination, Validity

Measure = Callable[[str, Window], int]
"""Sums a metric of one member over a window."""


@frozen
class Criterion:
    """A metric over a window must reach a threshold, in minor units of what the metric counts.

    ``key`` is the name under which the measured value is kept: metric and window.
    """

    metric: str
    window: Window
    at_least: int
    key: str = field(
        init=False,
        eq=False,
        default=Factory(lambda criterion: f"{criterion.metric} {criterion.window}", takes_self=True),
    )


@frozen
class Quota:
    """How often a benefit can be claimed in a window; ``limit`` None is as often as one likes."""

    limit: int | None = None
    window: Window = LIFETIME


@frozen
class Tier:
    """One step of a ladder; ``rank`` counts from 0, the tier in which everybody starts.

    ``benefits`` are what the program file says, ``quotas`` those of them that can be claimed.
    """

    ladder: str
    code: str
    rank: int
    name: str
    criteria: tuple[Criterion, ...] = ()
    match: Literal["all", "any"] = "all"
    benefits: Mapping[str, Any] = field(factory=dict[str, Any])
    quotas: Mapping[str, Quota] = field(factory=dict[str, Quota])


@frozen
class Ladder:
    """Tiers in rising order, and the policies by which members climb and fall.

    ``on_reversal`` says what becomes of a tier whose cause was reversed, ``close_at`` from how many percent
    of the way on a member counts as close to the next tier; with ``nudge`` that is told when it happens.
    ``evaluate`` says when a member rises: as soon as it qualifies, at the start of each ``every``, or when it asks.
    Without ``validity`` a tier is for ever; with it, ``downgrade`` says what becomes of who no longer qualifies at its
    end, after ``grace_days`` more in the same tier; who would lose it is told ``warn_days`` ahead.
    """

    code: str
    name: str
    tiers: tuple[Tier, ...]
    on_reversal: Literal["withdraw", "keep"] = "withdraw"
    close_at: int = 80
    nudge: bool = False
    evaluate: Evaluation = "at_once"
    every: Every = "month"
    validity: Validity | None = None
    downgrade: Downgrade = "none"
    grace_days: int = 0
    warn_days: int = 0
    growth: Growth | None = None
    termination: Termination | None = None
    metrics: frozenset[str] = field(init=False, eq=False, repr=False)
    _by_code: Mapping[str | None, Tier] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        asked = {criterion.metric for tier in self.tiers for criterion in tier.criteria}
        object.__setattr__(self, "metrics", frozenset(asked))
        object.__setattr__(self, "_by_code", {tier.code: tier for tier in self.tiers})

    def tier(self, code: str | None) -> Tier:
        """Return the tier of that code; where there is none (any more), the first."""
        return self._by_code.get(code, self.tiers[0])


def claims(ladder: str, benefit: str) -> str:
    """Return the name of the metric that counts the claims of a benefit of a ladder."""
    return f"claims:{ladder}.{benefit}"


def asked(ladder: Ladder) -> Iterator[tuple[str, Window]]:
    """Yield the metrics of a ladder with the windows over which settlement sums them.

    What its criteria ask for, what counts the claims of its benefits, from what its growth value grows, and what shows
    that a member consumes.
    """
    for tier in ladder.tiers:
        for criterion in tier.criteria:
            if not criterion.metric.startswith(BALANCE):
                yield criterion.metric, criterion.window
        for benefit, quota in tier.quotas.items():
            yield claims(ladder.code, benefit), quota.window
    if ladder.growth is not None and ladder.growth.source is not None:
        yield ladder.growth.source, LIFETIME
    if ladder.termination is not None:
        yield ladder.termination.metric, LIFETIME
