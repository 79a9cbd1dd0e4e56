"""Races: whoever finds that others changed what a plan was made from plans again, and gives up in the end."""

from __future__ import annotations

import time

from corekit.errors import Busy

MOST_TRIES = 12


class Race:
    """How often others were faster, with what the caller is told where they stay so: ``advice``."""

    def __init__(self, advice: str) -> None:
        self._advice = advice
        self.lost = 0

    def lose(self) -> None:
        """Count a race that was lost, and let the others go first; raises Busy where that was so too often."""
        self.lost += 1
        if self.lost > MOST_TRIES:
            raise Busy(self._advice) from None
        time.sleep(0.001 * self.lost)
