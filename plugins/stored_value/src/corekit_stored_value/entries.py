"""Cash-back and fees as the program prices them: frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal

from attrs import frozen

ANNUAL, JOINING, SERVICE = "annual", "joining", "service"
"""The kinds of fees that the plugin knows by itself."""
LeftOut = Literal["nothing", "bonus", "stored_value"]
"""What of a purchase earns nothing: nothing, what was paid with bonus, or all that was paid with stored value."""


@frozen(kw_only=True)
class Cashback:
    """An entry: ``rate``, or that of the member's tier in ``tiers``, of the lines of ``categories``, or of all lines.

    ``minimum`` is the least that the lines must come to, ``most`` the most that a purchase brings, in minor units of
    the program's currency.
    """

    id: str
    version: int
    rate: Fraction
    tiers: Mapping[str, Fraction]
    categories: frozenset[str]
    excluded: frozenset[str]
    minimum: int
    most: int | None
    leaves_out: LeftOut

    @property
    def rule(self) -> str:
        """The rule as the statement shows it."""
        return f"{self.id}@{self.version}"

    def takes(self, category: str | None) -> bool:
        """Say whether a line of a category earns by it."""
        return category not in self.excluded and (not self.categories or category in self.categories)


@frozen(kw_only=True)
class Fee:
    """A fee that the program prices: ``amount``, or that of the member's tier in ``tiers``, in minor units.

    ``kind`` is ``joining``, ``annual``, ``service``, or that of another plugin, such as ``cards.replacement``.
    """

    id: str
    version: int
    kind: str
    amount: int
    tiers: Mapping[str, int]

    @property
    def rule(self) -> str:
        """The rule as the statement shows it."""
        return f"{self.id}@{self.version}"

    def costs(self, tier: str | None) -> int:
        """Return what it costs a member of a tier."""
        return self.tiers.get(tier, self.amount) if tier is not None else self.amount
