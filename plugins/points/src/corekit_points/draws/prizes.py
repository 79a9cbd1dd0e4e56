"""Draws as frozen values: what a pull costs, what can be won by it, and which weights are in force."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from attrs import field, frozen

from corekit import Window

if TYPE_CHECKING:
    from corekit_points.rules import Terms

MOST_PULLS = 100
"""Pulls of one activity at most."""
_NAMED = {"day": 10, "month": 7, "year": 4}

Weights = list[list[Any]]
"""Prize and weight, in the order of the program; 0 for what cannot be won."""


@frozen(kw_only=True)
class Prize:
    """What can be won: ``points`` in minor units of the draw's currency, an activity of some type, both, or nothing.

    ``gives`` is that type and its payload. There are ``stock`` of it at most, over all periods; None: no end of it.
    """

    id: str
    name: str
    weight: int
    points: int = 0
    gives: tuple[str, Mapping[str, Any]] | None = None
    stock: int | None = None
    rank: str | None = None


@frozen(kw_only=True)
class Guarantee:
    """Who had no prize of ``rank`` in the ``by`` - 1 pulls before gets one of them."""

    rank: str
    by: int


@frozen(kw_only=True, eq=False)
class Draw:
    """A draw: a pull costs ``price`` minor units of a currency, and wins one of the prizes by their weights.

    Each ``per`` of the program's calendar has a seed of its own. ``limits`` are windows and how many pulls of one
    a member has.
    """

    id: str
    name: str
    version: int
    kind: str
    price: int
    prizes: tuple[Prize, ...]
    per: Literal["day", "month", "year"] = "day"
    limits: tuple[tuple[str, int], ...] = ()
    guarantee: Guarantee | None = None
    terms: Terms
    rule: str = field(init=False)
    stocked: Mapping[str, int] = field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "rule", f"{self.id}@{self.version}")
        stocked = {prize.id: prize.stock for prize in self.prizes if prize.stock is not None}
        object.__setattr__(self, "stocked", stocked)

    def prize_rule(self, prize: Prize) -> str:
        """Return the name of the rule by which a prize is given."""
        return f"{self.id}.{prize.id}@{self.version}"

    def is_due(self, dry: int) -> bool:
        """Say whether the guarantee decides the next pull, after so many without a prize that it names."""
        return self.guarantee is not None and dry >= self.guarantee.by - 1

    def hits(self, prize: Prize) -> bool:
        """Say whether a prize is one that the guarantee names."""
        return self.guarantee is not None and prize.rank == self.guarantee.rank

    def in_force(self, gone: Collection[str], dry: int) -> Weights:
        """Return the weights in force, after so many pulls without a prize that the guarantee names.

        Where it decides, only its prizes can be won. The weight of a prize that is gone falls to the next one that is
        not, in the order of the program; after the last comes the first.
        """
        due = self.is_due(dry)
        standing = [prize for prize in self.prizes if not due or self.hits(prize)]
        weights = {prize.id: 0 for prize in self.prizes}
        for at, prize in enumerate(standing):
            heir = next(each for each in (*standing[at:], *standing[:at]) if each.id not in gone)
            weights[heir.id] += prize.weight
        return [[prize, weight] for prize, weight in weights.items()]


@lru_cache(maxsize=1024)
def period_of(per: str, day: date) -> tuple[str, date, date]:
    """Return the name of the period that holds a day, such as ``2026-01``, its first day and the day after its last."""
    first, last = Window.parse(per).days(day)
    return first.isoformat()[: _NAMED[per]], first, last + timedelta(days=1)
