"""Counting what a process does, for whoever watches it."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock


class Tally:
    """Counts by label, from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counted: dict[str, int] = {}

    def add(self, labels: Iterable[str]) -> None:
        """Count each label once more."""
        with self._lock:
            for label in labels:
                self._counted[label] = self._counted.get(label, 0) + 1

    def counted(self) -> dict[str, int]:
        """Return how often each label was counted, by the label's name."""
        with self._lock:
            return dict(sorted(self._counted.items()))
