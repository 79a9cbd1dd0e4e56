"""What is set aside for an order, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from corekit.testing.clock import SettableClock

Shop = Callable[..., Any]
PROGRAM = """
[stored_value]
hold_seconds = 60

[[stored_value.bonus]]
id = "big"
from = "500"
give = "50"
"""


@pytest.mark.row("V2", way="python")
def test_what_is_authorised_is_captured_in_part_and_the_rest_is_there_again(shop: Shop) -> None:
    house = shop(PROGRAM)
    house.top_up(500_00)
    placed = house.does("authorised", 110_00, payload={"order_no": "7", "store": "north"})
    assert house.has() == (400_00, 40_00)
    over = house.does("hold.captured", 110_01, payload={"activity": placed.activity_id})
    assert over.code == "OVER_CAPTURE"
    captured = house.does("hold.captured", 55_00, payload={"activity": placed.activity_id})
    assert house.has() == (450_00, 45_00)
    again = house.does("hold.captured", 1, payload={"activity": placed.activity_id})
    assert (again.code, again.parameters["outcome"]) == ("HOLD_RESOLVED", "captured")
    house.kit.reverse(captured.activity_id, amount=11_00)
    assert house.has() == (460_00, 46_00)
    assert house.kit.verify().clean


def test_what_nobody_captures_in_time_is_there_again(shop: Shop, clock: SettableClock) -> None:
    house = shop(PROGRAM)
    house.top_up(500_00)
    placed = [house.does("authorised", 110_00, payload=told) for told in ({}, {"seconds": 120})]
    assert house.has() == (300_00, 30_00)
    clock.advance(seconds=61)
    late, in_time = (house.does("hold.captured", payload={"activity": each.activity_id}) for each in placed)
    assert (late.code, in_time.settled) == ("HOLD_EXPIRED", True)
    assert house.has() == (400_00, 40_00)


def test_what_the_program_has_frozen_is_not_set_aside(shop: Shop) -> None:
    house = shop('[stored_value]\nfrozen = ["stored_value.bonus"]\n')
    house.top_up(500_00)
    for account, code in (("bonus", "STORED_VALUE_KIND_FROZEN"), ("principal", None)):
        held = house.does("hold.placed", 1, payload={"account": f"stored_value.{account}"})
        assert held.code == code
