"""What members can have for points, and what points are worth at the till: frozen values, ready to run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from attrs import field, frozen

Why = tuple[str, Mapping[str, Any]]
"""Why a reward cannot be had: a code of the plugin's, and what fills in its sentence."""


@frozen(kw_only=True)
class Words:
    """What a reward is called in a language, and what is said of it."""

    name: str
    description: str = ""


@frozen(kw_only=True)
class Gift:
    """An activity of another plugin by which a reward is given at once: its type, amount, unit and payload."""

    activity: str
    amount: int = 0
    unit: str | None = None
    payload: Mapping[str, Any] = field(factory=dict[str, Any])


@frozen(kw_only=True)
class Price:
    """What a reward costs: minor units of a currency of points, and money on top, in minor units of ``money_unit``."""

    currency: str
    account: str
    points: int
    money: int = 0
    money_unit: str = ""


@frozen(kw_only=True)
class Reward:
    """One reward of the catalogue.

    ``limits`` are windows and how many a member gets within each. ``least_tier`` is the code and rank of the lowest
    tier of ``ladder`` (None: the first) that may have it. It is ``valid`` from the first to the last day, both
    included. Of what is ``stocked`` there are only so many. It is to be fetched within ``collect_days`` days after
    that of the redemption. ``gives`` is an activity that gives it at once, so that there is nothing to fetch.
    """

    id: str
    version: int
    kind: Literal["goods", "service", "digital"]
    price: Price
    words: Mapping[str, Words]
    pictures: tuple[str, ...] = ()
    stocked: bool = False
    limits: tuple[tuple[str, int], ...] = ()
    ladder: str | None = None
    least_tier: tuple[str, int] | None = None
    valid: tuple[date | None, date | None] = (None, None)
    collect_days: int | None = None
    gives: Gift | None = None
    rule: str = field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "rule", f"{self.id}@{self.version}")

    def said(self, language: str) -> Words:
        """Return the words in a language; those of the first language where there are none in it."""
        return self.words.get(language) or next(iter(self.words.values()))

    def holds(self, day: date) -> bool:
        """Say whether it can be redeemed on a day, on the program's clock."""
        first, last = self.valid
        return (first is None or first <= day) and (last is None or day <= last)


@frozen(kw_only=True)
class Pay:
    """How orders are paid with points.

    ``points`` of the account, in minor units, are worth ``money`` minor units of the program's currency; what comes to
    a part of a point takes a whole one. At least ``least`` of money is paid so, and at most the ``share`` (numerator,
    denominator) of the order.
    """

    account: str
    points: int
    money: int
    share: tuple[int, int] = (1, 1)
    least: int = 1

    def takes(self, money: int) -> int:
        """Return how many points pay so much money, rounded up."""
        return -(-money * self.points // self.money)

    def worth(self, points: int) -> int:
        """Return how much money so many points pay at most, rounded down."""
        return points * self.money // self.points

    def most(self, order: int) -> int:
        """Return how much of an order can be paid with points, rounded down."""
        numerator, denominator = self.share
        return order * numerator // denominator
