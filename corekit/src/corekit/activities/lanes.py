"""Lanes: how what waits is shared out among workers, so that no member is ever in two hands.

The lane of a member follows from its id. A worker claims some lanes for as long as one chunk takes it; the claim is a
lock that is gone with whoever held it, and another worker passes over it.
"""

from __future__ import annotations

LANES = 64
"""How many there are: it cannot be changed while anything waits."""
AT_ONCE = 8
"""How many a worker claims at once: eight workers are busy where much waits."""
MOST = 32
"""How many it claims in the end, where little waits in each: a chunk is worth its transaction only if it is large."""


def lane_of(member: str) -> int:
    """Return the lane in which a member's activities wait."""
    return int(member[-2:], 16) % LANES  # random digits of the id; what a sweep leaves says the same in SQL
