"""What earns how many stamps, and what speaks against a free drink. Pure: nothing but values in and out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

CARD = "stamps"
"""The account kind of the stamps."""

BENEFIT = "stamps_per_purchase"
"""The benefit of a tier that says how many stamps a purchase brings; 1 where it says nothing."""


@frozen(kw_only=True)
class Card:
    """The card as the program describes it.

    A drink takes ``size`` stamps. They lapse ``months`` after they were earned, at the end of the day. A purchase of
    less than ``minimum`` (minor units of the program's currency) earns none. ``drinks_a_day`` are free for all members
    together, ``drinks_each`` of them for one member, and each brings ``points``.
    """

    size: int
    months: int
    minimum: int
    drinks_a_day: int
    drinks_each: int
    points: int


def earns(card: Card, amount: int, benefits: Mapping[str, Any]) -> int:
    """Return how many stamps a purchase brings; ``benefits`` are those of the member's tier."""
    if amount <= 0 or amount < card.minimum:
        return 0
    stamps: int = benefits.get(BENEFIT, 1)
    return stamps


def missing(card: Card, stamps: int) -> int:
    """Return how many stamps a card lacks to be full."""
    return max(0, card.size - stamps)


def has_had_enough(card: Card, drinks: int) -> bool:
    """Say whether a member who had so many free drinks on a day gets no more on it."""
    return drinks >= card.drinks_each
