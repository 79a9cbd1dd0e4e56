"""What earns a stamp, and when a card is full."""

from __future__ import annotations

SIZE = 3
"""Stamps on a full card."""

PRIZE = "mug"
POINTS = 50
"""What comes with a prize."""

LEAST = 500
"""A purchase of less, in minor units, earns no stamp."""


def earns_stamp(amount: int) -> bool:
    """Say whether a purchase earns a stamp."""
    return amount >= LEAST


def fills_card(stamps: int) -> bool:
    """Say whether the stamp after so many others fills a card."""
    return (stamps + 1) % SIZE == 0
