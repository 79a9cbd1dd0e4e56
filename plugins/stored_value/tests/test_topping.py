"""What is paid in: principal and bonus, the steps of the ladder, and limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from corekit import Activity, Invalid
from corekit.testing.clock import SettableClock

Shop = Callable[..., Any]
STEPS = """
[stored_value]
bonus_expiry = {months = 12}

[[stored_value.bonus]]
id = "small"
from = "100"
rate = "0.05"

[[stored_value.bonus]]
id = "big"
from = "500"
give = "50"
"""
EURO = """
[stored_value.currencies.eur]
name = "Euro"

[[stored_value.bonus]]
id = "euro"
currency = "eur"
from = "10"
give = "1"
"""
TIERED = """
[[ladders]]
code = "status"
name = "Status"
tiers = [
  {code = "ordinary", name = "Ordinary"},
  {code = "gold", name = "Gold", criteria = [{metric = "spend", at_least = 100}]},
]

[[stored_value.bonus]]
id = "gold"
from = "100"
rate = "0.1"
tiers = ["gold"]
first_day = 2026-02-01
last_day = 2026-02-28
caps = {month = "15"}
"""
LIMITED = """
[stored_value]
named_by = "id_checked"

[[stored_value.bonus]]
id = "any"
from = "10"
give = "1"

[[stored_value.limits]]
named = true
top_up = "1000"

[[stored_value.limits]]
top_up = "100"
day = "150"
balance = "200"
"""
ATTRIBUTES = {"profile": {"id_checked": {"type": "boolean"}}}


def given_by(outcome: Any) -> list[tuple[str, str, int]]:
    return [(effect.rule, effect.account, effect.amount) for effect in outcome.effects]


@pytest.mark.row("V1", way="python")
def test_a_top_up_brings_principal_and_the_bonus_of_the_highest_step_that_it_reaches(shop: Shop) -> None:
    house = shop(STEPS)
    for paid, bonus in ((99_99, 0), (100_19, 5_00), (500_00, 50_00)):
        before = house.has()
        outcome = house.top_up(paid)
        assert house.has() == (before[0] + paid, before[1] + bonus)
    assert given_by(outcome) == [
        ("top_up@1", "stored_value.principal", 500_00),
        ("big@1", "stored_value.bonus", 50_00),
    ]
    house.kit.reverse(outcome.activity_id)
    assert house.has() == (200_18, 5_00)
    assert house.kit.verify().clean


@pytest.mark.row("V1", way="python")
def test_the_bonus_lapses_and_the_principal_never_does(shop: Shop, clock: SettableClock) -> None:
    house = shop(STEPS)
    house.top_up(500_00)
    clock.advance(days=366)
    assert house.has() == (500_00, 0)
    clock.advance(days=10 * 366)
    assert house.has() == (500_00, 0)


def test_each_currency_has_its_own_accounts_and_steps(shop: Shop) -> None:
    house = shop(EURO)
    assert given_by(house.top_up(10_00, unit="EUR")) == [
        ("top_up@1", "stored_value.principal.eur", 10_00),
        ("euro@1", "stored_value.bonus.eur", 1_00),
    ]
    assert given_by(house.top_up(10_00)) == [("top_up@1", "stored_value.principal", 10_00)]
    with pytest.raises(Invalid, match="UNIT_WRONG"):
        house.top_up(10_00, unit="GBP")


def test_a_step_can_be_for_tiers_and_days_and_is_capped(shop: Shop, clock: SettableClock) -> None:
    house = shop(TIERED)
    clock.set("2026-02-01T12:00")
    house.top_up(100_00)
    assert house.has() == (100_00, 0)
    house.kit.record(Activity(type="purchase", member=house.member, amount=100_00))
    clock.advance(days=1)
    house.top_up(100_00)
    assert house.has() == (200_00, 10_00)
    capped = house.top_up(100_00)
    assert [(each.code, each.parameters) for each in capped.skipped] == [
        ("STORED_VALUE_BONUS_CAP", {"cap": "month", "cut": "500"})
    ]
    assert house.has() == (300_00, 15_00)
    clock.set("2026-03-01T12:00")
    house.top_up(100_00)
    assert house.has() == (400_00, 15_00)


@pytest.mark.row("V4", way="python")
@pytest.mark.row("V4", way="bad_input")
def test_a_top_up_keeps_to_the_first_limits_that_are_for_the_member(shop: Shop, clock: SettableClock) -> None:
    house = shop(LIMITED, **ATTRIBUTES)
    refused = house.top_up(100_01)
    assert (refused.code, refused.parameters) == (
        "STORED_VALUE_LIMIT",
        {"limit": "top_up", "most": "10000", "left": "10000", "asked": "10001"},
    )
    house.top_up(100_00)
    assert house.top_up(50_01).parameters == {"limit": "day", "most": "15000", "left": "5000", "asked": "5001"}
    paid = house.top_up(50_00)
    clock.advance(days=1)
    # What is held counts as well: it is still the member's.
    house.does("hold.placed", 10_00, payload={"account": "stored_value.principal"})
    assert house.top_up(50_00).parameters == {"limit": "balance", "most": "20000", "left": "4800", "asked": "5100"}
    house.kit.reverse(paid.activity_id)
    assert house.top_up(50_00).settled
    house.member = house.join(attributes={"id_checked": True})
    assert house.top_up(1000_00).settled


def test_a_frozen_kind_lets_nothing_in(shop: Shop) -> None:
    house = shop(STEPS.replace("[stored_value]", '[stored_value]\nfrozen = ["stored_value.bonus"]', 1))
    assert house.top_up(99_00).settled
    refused = house.top_up(500_00)
    assert (refused.code, refused.parameters) == ("STORED_VALUE_KIND_FROZEN", {"account": "stored_value.bonus"})


def test_nothing_is_no_top_up(shop: Shop) -> None:
    house = shop()
    assert house.top_up(0).code == "AMOUNT_ZERO"
