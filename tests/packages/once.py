"""What is made once for a whole run of tests, by the first of its processes that wants it."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path


def once(place: Path, make: Callable[[Path], object]) -> Path:
    """Return a place that ``make`` has made; whoever comes meanwhile waits for it."""
    done = place.with_name(f"{place.name}.done")
    with place.with_name(f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            make(place)
            done.touch()
    return place
