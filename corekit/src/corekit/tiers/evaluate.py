"""For which tier a member qualifies, and what is missing for the next: pure, of what was measured."""

from __future__ import annotations

from attrs import frozen

from corekit.tiers.ladder import Criterion, Ladder, Measure, Tier


@frozen
class Step:
    """One criterion of the next tier: how far the member is. Amounts are in minor units of the metric."""

    criterion: Criterion
    measured: int

    @property
    def missing(self) -> int:
        """How much more it takes; 0 where the criterion holds."""
        return max(0, self.criterion.at_least - self.measured)

    @property
    def percent(self) -> int:
        """How much of it is done, in whole percent rounded down."""
        goal = self.criterion.at_least
        return 100 if self.measured >= goal else max(0, self.measured) * 100 // max(1, goal)


@frozen
class Progress:
    """Where a member stands on a ladder and how far the next tier is; ``next`` is None at the top."""

    ladder: Ladder
    tier: Tier
    next: Tier | None
    steps: tuple[Step, ...]

    @property
    def percent(self) -> int:
        """The share of the way that is done: of all criteria the least, of any the most."""
        if self.next is None:
            return 100
        return (min if self.next.match == "all" else max)(step.percent for step in self.steps)

    @property
    def close(self) -> bool:
        """Whether the next tier is near enough for a nudge."""
        return self.next is not None and self.percent >= self.ladder.close_at


def qualified(ladder: Ladder, measure: Measure) -> tuple[Tier, dict[str, int]]:
    """Return the highest tier whose criteria hold, and what was measured to find it, by criterion key.

    A tier stands for itself: whoever meets its criteria stands in it, met or not are those below.
    """
    measured: dict[str, int] = {}
    for tier in reversed(ladder.tiers[1:]):
        if _holds(tier, measure, measured):
            return tier, measured
    return ladder.tiers[0], measured


def progress(ladder: Ladder, tier: Tier, measure: Measure) -> Progress:
    """Return how far a member who stands in ``tier`` is from the next one of the ladder."""
    if tier.rank + 1 == len(ladder.tiers):
        return Progress(ladder, tier, None, ())
    following = ladder.tiers[tier.rank + 1]
    steps = tuple(Step(criterion, measure(criterion.metric, criterion.window)) for criterion in following.criteria)
    return Progress(ladder, tier, following, steps)


def _holds(tier: Tier, measure: Measure, measured: dict[str, int]) -> bool:
    """Say whether the tier's criteria hold; each metric and window is measured once."""
    met: list[bool] = []
    for criterion in tier.criteria:
        value = measured.get(criterion.key)
        if value is None:
            value = measured[criterion.key] = measure(criterion.metric, criterion.window)
        met.append(value >= criterion.at_least)
    return all(met) if tier.match == "all" else any(met)
