"""Whether a member can have a reward, and why not: pure, for settling and for showing alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from attrs import field, frozen

from corekit import Tier, Window
from corekit_points.rewards import declared
from corekit_points.rewards.catalogue import Reward, Why


@frozen(kw_only=True)
class Standing:
    """What decides for a member on a day: its tier, what it may spend, how often it had the reward, what is left.

    ``had`` counts by day. ``left`` is None where nobody counts.
    """

    day: date
    tier: Tier | None
    available: int
    had: Mapping[str, int] = field(factory=dict[str, int])
    left: int | None = None


def reasons(reward: Reward, standing: Standing) -> Iterator[Why]:
    """Yield everything that speaks against it; nothing where the member can have it."""
    first, last = reward.valid
    if first is not None and standing.day < first:
        yield declared.NOT_YET.code, {"first": first.isoformat()}
    if last is not None and standing.day > last:
        yield declared.OVER.code, {"last": last.isoformat()}
    if reward.least_tier is not None:
        code, rank = reward.least_tier
        if standing.tier is None or standing.tier.rank < rank:
            yield declared.TIER.code, {"needed": code, "tier": standing.tier.code if standing.tier else None}
    for window, most in reward.limits:
        if _within(window, standing) >= most:
            yield declared.LIMIT.code, {"limit": "total" if window == "lifetime" else window, "most": most}
    if standing.left == 0:
        yield declared.SOLD_OUT.code, {}
    if standing.available < reward.price.points:
        missing = reward.price.points - max(0, standing.available)
        told = {"needed": str(reward.price.points), "missing": str(missing), "account": reward.price.account}
        yield declared.MISSING.code, told


def _within(window: str, standing: Standing) -> int:
    """Return how often the member had it in the window that holds the day."""
    first, last = Window.parse(window).days(standing.day)
    return sum(number for day, number in standing.had.items() if first <= date.fromisoformat(day) <= last)
