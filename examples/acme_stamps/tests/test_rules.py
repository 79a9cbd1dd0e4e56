"""The rules by themselves: no kit, no database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from acme_stamps import rules

CARD = rules.Card(size=9, months=6, minimum=250, drinks_a_day=40, drinks_each=1, points=0)


@pytest.mark.parametrize(
    ("amount", "benefits", "stamps"),
    [
        pytest.param(249, {}, 0, id="below the minimum"),
        pytest.param(250, {}, 1, id="at the minimum"),
        pytest.param(99_99, {}, 1, id="a large one earns no more"),
        pytest.param(250, {"lounge": True}, 1, id="a tier without the benefit"),
        pytest.param(250, {"stamps_per_purchase": 2}, 2, id="the top tier"),
        pytest.param(249, {"stamps_per_purchase": 2}, 0, id="below the minimum in the top tier"),
    ],
)
def test_a_purchase_earns(amount: int, benefits: Mapping[str, Any], stamps: int) -> None:
    assert rules.earns(CARD, amount, benefits) == stamps


def test_what_costs_nothing_earns_nothing() -> None:
    assert rules.earns(rules.Card(size=9, months=6, minimum=0, drinks_a_day=1, drinks_each=1, points=0), 0, {}) == 0


@pytest.mark.parametrize(("stamps", "missing"), [(0, 9), (8, 1), (9, 0), (20, 0)])
def test_a_card_lacks(stamps: int, missing: int) -> None:
    assert rules.missing(CARD, stamps) == missing


@pytest.mark.parametrize(("drinks", "enough"), [(0, False), (1, True), (2, True)])
def test_a_member_has_had_enough(drinks: int, *, enough: bool) -> None:
    assert rules.has_had_enough(CARD, drinks) is enough
