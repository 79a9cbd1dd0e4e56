"""Money that is taken out, payments that are charged back, and what is given by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from corekit import Activity
from corekit_stored_value.quotes import Quote, quotes

Shop = Callable[..., Any]
PROGRAM = """
[stored_value]
withdrawal = "{formula}"

[[stored_value.bonus]]
id = "big"
from = "500"
give = "50"
"""
NEUTRAL, OWN_CHOICE = (PROGRAM.format(formula=each) for each in ("remaining_principal", "paid_less_face_value"))


def quote(house: Any) -> Quote:
    book = house.kit.program.sections["stored_value"]
    with house.kit.read() as read:
        return quotes(read, book, book.currencies["USD"], [house.member], house.kit.now())[house.member]


def withdraw(house: Any, amount: int, hashed: str, **given: Any) -> Any:
    return house.does("withdrawn", amount, payload={"channel": "cash", "quote": hashed}, **given)


@pytest.mark.row("V3", way="python")
@pytest.mark.parametrize(
    ("program", "payable"), [pytest.param(NEUTRAL, 300_00, id="neutral"), pytest.param(OWN_CHOICE, 280_00, id="own")]
)
@pytest.mark.row("V3", way="bad_input")
def test_who_leaves_is_paid_what_the_quote_said_and_the_bonus_is_taken_back(
    shop: Shop, program: str, payable: int
) -> None:
    house = shop(program)
    house.top_up(500_00)
    house.spend(220_00)
    told = quote(house)
    assert (told.principal, told.bonus, told.payable) == (300_00, 30_00, payable)
    assert withdraw(house, payable, "0" * 64).code == "STORED_VALUE_QUOTE_CHANGED"
    assert withdraw(house, payable - 1, told.hash).code == "STORED_VALUE_NOT_IN_PART"
    cash = withdraw(house, payable + 30_00, told.hash)
    assert (cash.code, cash.parameters["bonus"]) == ("STORED_VALUE_BONUS_NOT_CASH", "3000")
    paid = withdraw(house, payable, told.hash)
    assert [(each.rule, each.amount) for each in paid.effects] == [
        ("withdrawn@1", payable),
        *([("withdrawal_kept@1", 300_00 - payable)] if payable < 300_00 else []),
        ("bonus_taken_back@1", 30_00),
    ]
    assert house.has() == (0, 0)
    assert withdraw(house, 0, quote(house).hash).code == "STORED_VALUE_NOTHING_LEFT"
    house.kit.reverse(paid.activity_id)
    assert quote(house) == told
    assert house.kit.verify().clean


def test_a_quote_counts_from_the_last_time_that_money_was_taken_out(shop: Shop) -> None:
    house = shop(OWN_CHOICE)
    for _ in range(2):
        house.top_up(500_00)
        house.spend(220_00)
        told = quote(house)
        assert told.payable == 280_00
        assert withdraw(house, told.payable, told.hash).settled


def test_a_quote_is_of_the_present_also_within_a_chunk(shop: Shop) -> None:
    house = shop(OWN_CHOICE)
    house.top_up(500_00)
    told = quote(house)
    usd: dict[str, Any] = {"member": house.member, "unit": "USD"}
    payload = {"channel": "cash", "quote": told.hash}
    taking: dict[str, Any] = {"type": "stored_value.withdrawn", "amount": told.payable, "payload": payload, **usd}
    spent = Activity(type="stored_value.spent", external_id="1", amount=1, **usd)
    back = Activity(type="reversal", external_id="3", member=house.member, reverses=spent.id)
    first, second = (Activity(external_id=key, **taking) for key in ("2", "4"))
    answers = list(house.kit.record_many([spent, first, back, second]))
    assert [answer.code for answer in answers] == [None, "STORED_VALUE_QUOTE_CHANGED", None, None]
    assert house.has() == (0, 0)


def test_nobody_takes_out_while_something_is_set_aside(shop: Shop) -> None:
    house = shop(NEUTRAL)
    house.top_up(500_00)
    placed = house.does("authorised", 110_00)
    told = quote(house)
    refused = withdraw(house, told.payable, told.hash)
    assert (refused.code, refused.parameters) == ("STORED_VALUE_HELD", {"held": "11000"})
    house.does("hold.released", payload={"activity": placed.activity_id})
    told = quote(house)
    assert withdraw(house, told.payable, told.hash).settled


@pytest.mark.row("V3", way="python")
def test_a_top_up_that_is_charged_back_takes_both_lots_along_and_what_is_missing_is_owed(shop: Shop) -> None:
    house = shop(NEUTRAL)
    paid = house.top_up(500_00)
    house.spend(110_00)
    back = house.does("charged_back", reverses=paid.activity_id, payload={"reference": "case-7"})
    assert back.settled
    assert house.has() == (0, 0)
    assert house.has(debt=True) == (100_00, 10_00)
    house.top_up(500_00)
    assert house.has() == (400_00, 40_00)
    stopped = house.spend(1)
    assert (stopped.code, stopped.parameters["state"]) == ("ACCOUNT_CLOSED_TO_DEBITS", "no_debit")
    assert house.kit.verify().clean


def test_a_charge_back_opens_nothing_that_is_frozen(shop: Shop) -> None:
    house = shop(NEUTRAL)
    paid = house.top_up(500_00)
    told = {"account": "stored_value.principal", "reason": "an inquiry"}
    house.does("account.frozen", payload=told)
    assert house.top_up(1_00).code == "ACCOUNT_FROZEN"
    back = house.does("charged_back", reverses=paid.activity_id)
    assert [each.kind for each in back.effects].count("SetAccountState") == 1
    assert house.top_up(1_00).code == "ACCOUNT_FROZEN"


def test_only_a_top_up_is_charged_back(shop: Shop) -> None:
    house = shop(NEUTRAL)
    house.top_up(500_00)
    spent = house.spend(1_00)
    refused = house.does("charged_back", reverses=spent.activity_id)
    assert (refused.code, refused.parameters) == ("STORED_VALUE_NO_TOP_UP", {"activity": spent.activity_id})
    assert house.has(debt=True) == (0, 0)


def test_principal_and_bonus_are_given_and_taken_by_hand(shop: Shop) -> None:
    house = shop(NEUTRAL)
    for account, amount in (("principal", 5_00), ("bonus", 3_00), ("bonus", -1_00)):
        assert house.does("adjusted", amount, payload={"account": account, "reason": "a mistake"}).settled
    assert house.has() == (5_00, 2_00)
    assert house.does("adjusted", -6_00, payload={"account": "principal", "reason": "x"}).code == "INSUFFICIENT"
