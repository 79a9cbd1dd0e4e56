"""What is spent, in which order, and how it comes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from corekit.program import apply
from corekit.testing.clock import SettableClock

Shop = Callable[..., Any]
PROGRAM = """
[stored_value]
spend = "{spend}"

[[stored_value.bonus]]
id = "big"
from = "500"
give = "50"
"""


@pytest.mark.row("V2", way="python")
@pytest.mark.parametrize(
    ("policy", "left"),
    [("pro_rata", (200_00, 20_00)), ("bonus_first", (220_00, 0)), ("principal_first", (170_00, 50_00))],
)
def test_the_program_says_what_is_spent_first(shop: Shop, policy: str, left: tuple[int, int]) -> None:
    house = shop(PROGRAM.format(spend=policy))
    house.top_up(500_00)
    assert house.spend(330_00, payload={"store": "north", "order_no": "7"}).settled
    assert house.has() == left
    assert house.kit.verify().clean


@pytest.mark.row("V3", way="python")
@pytest.mark.row("V2", way="reversal")
@pytest.mark.row("V3", way="reversal")
def test_a_refund_goes_back_where_it_came_from_in_any_number_of_parts(shop: Shop) -> None:
    house = shop(PROGRAM.format(spend="pro_rata"))
    house.top_up(500_00)
    spent = house.spend(333_33)
    for part in (1, 33_33, 100_00, 1_99):
        house.kit.reverse(spent.activity_id, amount=part)
    assert house.kit.reverse(spent.activity_id, amount=333_33).code == "OVER_RETURN"
    house.kit.reverse(spent.activity_id)
    assert house.has() == (500_00, 50_00)
    assert house.kit.verify().clean


def test_groups_are_spent_one_after_the_other(shop: Shop, clock: SettableClock) -> None:
    house = shop(PROGRAM.format(spend="pro_rata"))
    house.top_up(500_00)
    clock.advance(days=1)
    house.top_up(10_00)
    house.spend(550_00)
    assert house.has() == (10_00, 0)


@pytest.mark.row("V2", way="bad_input")
def test_more_than_there_is_is_refused_with_what_is_held(shop: Shop) -> None:
    house = shop(PROGRAM.format(spend="pro_rata"))
    house.top_up(500_00)
    house.does("hold.placed", 100_00, payload={"account": "stored_value.principal"})
    refused = house.spend(450_01)
    assert refused.code == "INSUFFICIENT"
    assert {name: refused.parameters[name] for name in ("available", "held", "needed")} == {
        "available": "45000",
        "held": "10000",
        "needed": "45001",
    }
    assert house.spend(450_00).settled


@pytest.mark.row("V4", way="python")
def test_what_the_program_has_frozen_is_not_spent(shop: Shop, tmp_path: Path) -> None:
    house = shop(PROGRAM.format(spend="bonus_first"))
    house.top_up(500_00)
    program = tmp_path / "frozen.toml"
    for frozen in (["stored_value.bonus"], ["stored_value.bonus", "stored_value.principal"]):
        program.write_text(f'[program]\nname = "Corner shop"\n[stored_value]\nfrozen = {frozen}\n')
        apply(house.kit, program)
        answer = house.spend(500_00) if len(frozen) == 1 else house.spend(1)
    assert (answer.code, answer.parameters) == ("STORED_VALUE_KIND_FROZEN", {"account": "stored_value.principal"})
    assert house.has() == (0, 50_00)


def test_nothing_cannot_be_spent(shop: Shop) -> None:
    assert shop().does("spent", 0).code == "AMOUNT_ZERO"
