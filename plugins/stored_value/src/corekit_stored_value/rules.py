"""Currencies and the bonus that a top-up brings, as frozen values. Pure: nothing but values in and out.

Amounts are whole numbers of minor units of the currency that they belong to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from attrs import field, frozen

from corekit import Expiry, Unit
from corekit_stored_value.cashback import Cashback
from corekit_stored_value.fees import Fee

Policy = Literal["pro_rata", "bonus_first", "principal_first"]
"""How a spend is split between principal and bonus."""

PRINCIPAL = "stored_value.principal"
"""The account kind of what members paid; a further currency appends ``.<code>``."""
BONUS = "stored_value.bonus"
"""The account kind of what came with it."""
TOP_UP = "top_up"
"""The rule by which what was paid is credited; the bonus has the names of its steps."""


@frozen(kw_only=True)
class Currency:
    """Money that members can store: two account kinds of one unit. ``code`` is empty for the program's own currency."""

    code: str
    name: str
    unit: Unit
    bonus_expiry: Expiry | None = None

    @property
    def principal(self) -> str:
        """The account kind of what was paid."""
        return _kind(PRINCIPAL, self.code)

    @property
    def bonus(self) -> str:
        """The account kind of what came with it."""
        return _kind(BONUS, self.code)


@frozen(kw_only=True)
class Step:
    """A step of the bonus ladder: a top-up of ``least`` or more brings ``give``."""

    id: str
    version: int
    unit: str
    least: int
    give: int

    @property
    def name(self) -> str:
        """The rule as the statement shows it."""
        return f"{self.id}@{self.version}"


@frozen(kw_only=True)
class Book:
    """What the program says about stored value: its currencies by unit, and the steps of the bonus ladder."""

    currencies: Mapping[str, Currency]
    steps: Sequence[Step]
    policy: Policy = "pro_rata"
    cashback: Sequence[Cashback] = ()
    fees: Mapping[str, Fee] = field(factory=dict[str, Fee])
    low_balance: int | None = None
    notices: Sequence[int] = ()

    @property
    def own(self) -> Currency:
        """The program's own currency."""
        return next(each for each in self.currencies.values() if not each.code)

    @property
    def split(self) -> Literal["pro_rata", "in_turn"]:
        """How the kernel takes a spend from the accounts of :meth:`order`."""
        return "pro_rata" if self.policy == "pro_rata" else "in_turn"

    def order(self, currency: Currency) -> tuple[str, str]:
        """Return the account kinds of a currency, that which is spent first in front."""
        kinds = (currency.principal, currency.bonus)
        return kinds[::-1] if self.policy == "bonus_first" else kinds

    def step(self, unit: str, amount: int) -> Step | None:
        """Return the highest step that a top-up reaches; None below the first."""
        reached = [step for step in self.steps if step.unit == unit and step.least <= amount]
        return max(reached, key=lambda step: step.least, default=None)


def _kind(kind: str, code: str) -> str:
    return f"{kind}.{code}" if code else kind
