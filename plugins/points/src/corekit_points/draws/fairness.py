"""How a pull is decided: arithmetic that anybody can repeat, and nothing else.

A draw has a seed for each period. Its SHA-256 is published before the first pull, the seed itself when the period is
over. A pull is named by the draw, the period, a ticket, which stands for the member, its number among the pulls of that
ticket, and what the member added to chance. HMAC-SHA256 of that name, under the seed, is a number below 2^256; where it
is not below the largest multiple of the sum of the weights, the next attempt counts, so that no prize is favoured. Its
remainder points at a prize in the row of weights.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from hashlib import sha256
from itertools import count
from typing import Any

_ALL = 2**256


def commitment(seed: bytes) -> str:
    """Return what is published of a seed before it is used."""
    return sha256(seed).hexdigest()


def ticket_of(draw: str, period: str, member: str) -> str:
    """Return what stands for a member in one period of a draw; whoever knows the member's id can say that it does."""
    return sha256(f"{draw}:{period}:{member}".encode()).hexdigest()[:32]


def number_below(most: int, seed: bytes, name: str) -> int:
    """Return a number from 0 to ``most`` - 1 that follows from a seed and a name, each as likely as the others."""
    fair = _ALL // most * most
    for attempt in count():
        drawn = int.from_bytes(hmac.digest(seed, f"{name}:{attempt}".encode(), "sha256"), "big")
        if drawn < fair:
            return drawn % most
    raise AssertionError("count() never ends")


def won(
    *, seed: bytes, draw: str, period: str, ticket: str, number: int, client_seed: str, weights: Sequence[Sequence[Any]]
) -> str:
    """Return the prize of a pull, by the weights in force."""
    name = f"{draw}:{period}:{ticket}:{number}:{client_seed}"
    place = number_below(sum(weight for _, weight in weights), seed, name)
    for prize, weight in weights:
        if place < weight:
            return str(prize)
        place -= weight
    raise AssertionError("the place is below the sum of the weights")
