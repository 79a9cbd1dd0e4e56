"""Ladders: tiers in rising order, each with the criteria that a member must meet to stand in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from attrs import Factory, field, frozen

from corekit.metrics import Window

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
class Tier:
    """One step of a ladder; ``rank`` counts from 0, the tier in which everybody starts."""

    ladder: str
    code: str
    rank: int
    name: str
    criteria: tuple[Criterion, ...] = ()
    match: Literal["all", "any"] = "all"
    benefits: Mapping[str, Any] = field(factory=dict[str, Any])


@frozen
class Ladder:
    """Tiers in rising order.

    ``on_reversal`` says what becomes of a tier whose cause was reversed, ``close_at`` from how many percent
    of the way on a member counts as close to the next tier.
    """

    code: str
    name: str
    tiers: tuple[Tier, ...]
    on_reversal: Literal["withdraw", "keep"] = "withdraw"
    close_at: int = 80
