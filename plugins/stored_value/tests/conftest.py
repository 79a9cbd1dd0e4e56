"""A shop whose members pay in, spend, and take their money out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from corekit import Activity, Kit, Outcome, balances
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit

HEAD = '[program]\nname = "Corner shop"\n'


class Shop:
    """Does what happens in a shop with one member; amounts are in cents."""

    def __init__(self, kit: Kit, clock: SettableClock) -> None:
        self.kit = kit
        self.clock = clock
        self.member = self.join()

    def join(self, **payload: Any) -> str:
        return self.kit.record(Activity(type="member.registered", payload=payload)).member

    def does(self, what: str, amount: int | None = None, *, unit: str = "USD", **given: Any) -> Outcome:
        """Do something, about an amount of a currency or about none."""
        known: dict[str, Any] = {"member": self.member, **given}
        if amount is not None:
            known |= {"amount": amount, "unit": unit}
        kind = what if "." in what or what == "purchase" else f"stored_value.{what}"
        return self.kit.record(Activity(type=kind, **known))

    def top_up(self, amount: int, **given: Any) -> Outcome:
        told = {"channel": "cash", **given.pop("payload", {})}
        return self.does("topped_up", amount, payload=told, **given)

    def spend(self, amount: int, **given: Any) -> Outcome:
        return self.does("spent", amount, **given)

    def has(self, member: str | None = None, *, debt: bool = False) -> tuple[int, int]:
        """Return what a member may spend of principal and bonus, or what it owes of them."""
        member = member or self.member
        with self.kit.read() as read:
            found = {each.kind: each for each in balances(read, [member], self.kit.now())[member]}
        kinds = [found.get(f"stored_value.{kind}") for kind in ("principal", "bonus")]
        principal, bonus = (0 if each is None else each.debt if debt else each.available for each in kinds)
        return principal, bonus


@pytest.fixture
def shop(make_kit: MakeKit, clock: SettableClock) -> Callable[..., Shop]:
    """Open a shop with what its program says."""

    def open_(program: str = "", plugins: tuple[str, ...] = ("stored_value",), **settings: Any) -> Shop:
        return Shop(make_kit(list(plugins), program=HEAD + program, **settings), clock)

    return open_
