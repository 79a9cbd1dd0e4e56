"""How much is played: in `make test` the same each time, in `make fuzz` more, and something else each time."""

from __future__ import annotations

import os

FUZZ = os.environ.get("COREKIT_FUZZ")
"""The number from which `make fuzz` draws what it plays; it prints it, and the same number plays the same."""

EXAMPLES, STEPS, PARTS = (1_000, 100, 50) if FUZZ else (300, 50, 15)
"""Examples for each database, steps of each, and the number of tests among which they are divided."""
SECONDS = 60 if FUZZ else 10
"""How long writers and readers run at once."""


def seed_of(part: int) -> int:
    """Return the number from which a part of the examples is drawn."""
    return int(FUZZ or 0) * PARTS + part
