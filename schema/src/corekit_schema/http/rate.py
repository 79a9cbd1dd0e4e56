"""The rate at which one viewer may spend: a bucket of cost units that fills evenly, kept in this process."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from graphql import GraphQLError

MOST_VIEWERS = 100_000
"""Buckets that are remembered; whoever asked longest ago begins with a full one again."""


class RateLimited(GraphQLError):
    """The viewer has spent what it may; ``wait`` seconds from now it may spend so much again."""

    def __init__(self, wait: int, limit: int) -> None:
        message = f"Too much was asked for within a minute; ask again in {wait} seconds."
        super().__init__(message, extensions={"code": "RATE_LIMITED", "limit": limit, "retryAfter": wait})
        self.wait = wait


class Rate:
    """Lets each viewer spend so many units per minute, all of them at once if need be. Threads may share it."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def spend(self, viewer: str, cost: int) -> None:
        """Take a cost from a viewer's bucket, all of it where there is more to pay; raises :class:`RateLimited`."""
        cost = min(max(cost, 1), self.per_minute)
        with self._lock:
            now = self._clock()
            left, at = self._buckets.pop(viewer, (float(self.per_minute), now))
            left = min(self.per_minute, left + (now - at) * self.per_minute / 60)
            is_covered = left >= cost
            self._buckets[viewer] = (left - cost if is_covered else left), now
            if len(self._buckets) > MOST_VIEWERS:
                self._buckets.popitem(last=False)
        if not is_covered:
            raise RateLimited(int((cost - left) * 60 / self.per_minute) + 1, self.per_minute)
