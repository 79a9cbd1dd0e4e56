"""What is bought and paid with stored value, in part or altogether, alone and beside other plugins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from corekit import Line

Shop = Callable[..., Any]
PROGRAM = """
[[stored_value.bonus]]
id = "big"
from = "500"
give = "50"
"""
EARNING = """
[[points.rules]]
id = "base"
rate = 1
"""


def buy(house: Any, amount: int, tendered: int, **given: Any) -> Any:
    return house.does("purchase", amount, payload={"tenders": {"stored_value": tendered}}, **given)


@pytest.mark.row("V2", way="python")
@pytest.mark.parametrize("plugins", [("stored_value",), ("points", "stored_value")])
def test_a_purchase_is_paid_in_part_and_comes_back_in_parts(shop: Shop, plugins: tuple[str, ...]) -> None:
    house = shop(PROGRAM + EARNING * ("points" in plugins), plugins=plugins)
    house.top_up(500_00)
    bought = buy(house, 220_00, 110_00, lines=(Line(1, 200_00), Line(2, 20_00)))
    assert house.has() == (400_00, 40_00)
    house.kit.reverse(bought.activity_id, lines={2: 20_00})
    assert house.has() == (409_09, 40_91)
    house.kit.reverse(bought.activity_id)
    assert house.has() == (500_00, 50_00)
    assert house.kit.verify().clean


def test_a_purchase_that_cannot_be_paid_earns_nothing_and_spends_nothing(shop: Shop) -> None:
    house = shop(PROGRAM + EARNING, plugins=("points", "stored_value"))
    house.top_up(500_00)
    refused = buy(house, 600_00, 550_01)
    assert (refused.code, refused.effects) == ("INSUFFICIENT", ())
    assert house.has() == (500_00, 50_00)
    assert buy(house, 600_00, 550_00).settled
    assert house.has() == (0, 0)
