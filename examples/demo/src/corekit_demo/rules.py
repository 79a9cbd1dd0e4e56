"""When a household spends its points: the demo's own rule, pure."""

from __future__ import annotations

STEP = 500
"""Points are spent by the five hundred."""


def spendable(available: int) -> int:
    """Return how many of the points available a household spends at a basket: all whole steps."""
    return available - available % STEP
