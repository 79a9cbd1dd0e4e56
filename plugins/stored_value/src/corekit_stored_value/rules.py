"""What the program says about stored value, as frozen values, and the arithmetic of it. Pure: values in and out.

Amounts are whole numbers of minor units of the currency that they belong to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Literal, Protocol

from attrs import field, frozen

from corekit import Expiry, Unit
from corekit_stored_value.entries import Cashback, Fee

PRINCIPAL = "stored_value.principal"
"""The account kind of what members paid; a further currency appends ``.<code>``."""
BONUS = "stored_value.bonus"
"""The account kind of what came with it."""
TOP_UP = "top_up"
"""The rule by which what was paid is credited; a bonus has the name of its step."""

Policy = Literal["pro_rata", "bonus_first", "principal_first"]
"""What is spent first: of each top-up principal and bonus in proportion to what is left, or one before the other."""
Formula = Literal["remaining_principal", "paid_less_face_value"]
"""What is paid out to who leaves: the principal that is left, or what was paid less all that was bought for it."""
Ratio = tuple[int, int]
"""A share as numerator and denominator."""


class Standing(Protocol):
    """What bonuses and limits depend on: who the member is when something occurs, and on which day."""

    @property
    def day(self) -> date:
        """The day on the program's clock."""
        ...

    @property
    def named(self) -> bool:
        """Whether it is known who the member is."""
        ...

    def tier(self, ladder: str | None) -> str | None:
        """Return the code of the tier in which the member stands; None: in none."""
        ...


@frozen(kw_only=True)
class Step:
    """A step of the bonus ladder: a top-up of ``least`` or more brings ``give`` and the share ``rate`` of it.

    ``tiers`` of ``ladder`` (the first one where it is None) get it, all where there are none; on the days from
    ``first`` to ``last``, where they are given. ``caps`` say how much of it a member gets in a window at most.
    """

    id: str
    version: int
    least: int
    give: int
    rate: Ratio
    ladder: str | None
    tiers: frozenset[str]
    first: date | None
    last: date | None
    caps: tuple[tuple[str, str, int], ...]
    """Each with its name in the program, its window, and the amount."""

    @property
    def rule(self) -> str:
        """The rule as the statement shows it."""
        return f"{self.id}@{self.version}"

    @property
    def metric(self) -> str:
        """What was given by it."""
        return f"stored_value.bonus.{self.id}"

    def applies(self, amount: int, who: Standing) -> bool:
        """Say whether a top-up of an amount reaches it."""
        return (
            self.least <= amount
            and (not self.tiers or who.tier(self.ladder) in self.tiers)
            and (self.first is None or self.first <= who.day)
            and (self.last is None or who.day <= self.last)
        )

    def brings(self, amount: int) -> int:
        """Return the bonus of a top-up, rounded down to whole minor units, before any cap."""
        numerator, denominator = self.rate
        return self.give + amount * numerator // denominator


@frozen(kw_only=True)
class Limits:
    """How much members may pay in: at once, on a day, and until they have how much; None: as much as they like.

    ``named`` says for whom it is (None: for all), and so do ``tiers``. The balance counts principal and bonus, what is
    held as well.
    """

    named: bool | None
    ladder: str | None
    tiers: frozenset[str]
    top_up: int | None
    day: int | None
    balance: int | None

    def is_for(self, who: Standing) -> bool:
        """Say whether they hold for somebody."""
        return self.named in (None, who.named) and (not self.tiers or who.tier(self.ladder) in self.tiers)


@frozen(kw_only=True)
class Currency:
    """Money that members can store: two account kinds of one unit. ``code`` is empty for the program's own currency.

    ``approval`` says above which amount a second person has to approve what is done, by what is done.
    """

    code: str
    name: str
    unit: Unit
    bonus_expiry: Expiry | None
    frozen: frozenset[str]
    """The account kinds in which the program lets nothing move."""
    steps: Sequence[Step]
    limits: Sequence[Limits]
    approval: Mapping[str, int]

    @property
    def principal(self) -> str:
        """The account kind of what was paid."""
        return _kind(PRINCIPAL, self.code)

    @property
    def bonus(self) -> str:
        """The account kind of what came with it."""
        return _kind(BONUS, self.code)

    @property
    def paid_in(self) -> str:
        """The metric of what was paid in."""
        return _kind("stored_value.paid_in", self.code)

    def step(self, amount: int, who: Standing) -> Step | None:
        """Return the highest step that a top-up reaches, of several alike the first; None below all of them."""
        reached = (step for step in self.steps if step.applies(amount, who))
        return max(reached, key=lambda step: step.least, default=None)

    def limits_of(self, who: Standing) -> Limits | None:
        """Return the first of the limits that are for somebody."""
        return next((limits for limits in self.limits if limits.is_for(who)), None)


@frozen(kw_only=True)
class Book:
    """What the program says about stored value.

    ``currencies`` by unit. ``named_by`` is the custom attribute of members who are named. A request to pay lapses after
    ``request_hours``, what is authorised after ``hold_seconds``, an approval after ``approval_hours``. ``fees`` by
    their id; what is left is little below ``low_balance``, and what lapses is told ``notices`` days before.
    """

    currencies: Mapping[str, Currency]
    spend: Policy
    withdrawal: Formula
    named_by: str | None
    request_hours: int
    hold_seconds: int
    approval_hours: int
    cashback: Sequence[Cashback] = ()
    fees: Mapping[str, Fee] = field(factory=dict[str, Fee])
    low_balance: int | None = None
    notices: Sequence[int] = ()

    @property
    def own(self) -> Currency:
        """The program's own currency."""
        return next(each for each in self.currencies.values() if not each.code)


@frozen
class Used:
    """What became of a currency since the member last took its money out: paid in, and spent of either account."""

    paid: int = 0
    spent: int = 0


def payable(formula: Formula, principal: int, used: Used) -> int:
    """Return what of the principal that is left is paid out to who leaves.

    ``paid_less_face_value`` is for who leaves by its own choice: what was bought is counted at its price, whether it
    was paid by principal or by bonus.
    """
    if formula == "remaining_principal":
        return principal
    return max(0, min(principal, used.paid - used.spent))


def left_of(caps: Iterable[tuple[str, str, int]], had: Mapping[str, int]) -> tuple[str, int] | None:
    """Return the cap of which least is left, and how much that is; ``had`` says by window what was given before."""
    left = [(name, max(0, most - had[window])) for name, window, most in caps]
    return min(left, key=lambda cap: cap[1], default=None)


def _kind(kind: str, code: str) -> str:
    return f"{kind}.{code}" if code else kind
