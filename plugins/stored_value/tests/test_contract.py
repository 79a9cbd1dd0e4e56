"""Stored value keeps what every plugin promises, in a history in which each of its activities occurs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from corekit import Activity
from corekit.testing import House, PluginContract
from corekit_stored_value.approvals import hash_of
from corekit_stored_value.quotes import quoted
from corekit_stored_value.rules import Used

PROGRAM = """
[program]
name = "Corner shop"

[stored_value]
bonus_expiry = {months = 12}
withdrawal = "paid_less_face_value"

[stored_value.approval]
adjustment = "100"

[[stored_value.bonus]]
id = "small"
from = "10"
rate = "0.1"
caps = {day = "50"}

[[stored_value.bonus]]
id = "big"
from = "500"
give = "60"

[[stored_value.limits]]
top_up = "1000"
day = "10000"
balance = "20000"

[stored_value.currencies.eur]

[[stored_value.cashback]]
id = "back"
rate = "0.02"

[[stored_value.fees]]
id = "card"
kind = "joining"
amount = "2"

[[stored_value.fees]]
id = "delivery"
kind = "service"
amount = "3"
"""
PAYMENT = {"channel": "wechat"}


class TestStoredValue(PluginContract):
    """Stored value keeps all promises."""

    plugin = "stored_value"
    program = PROGRAM
    kept: ClassVar = {"stored_value_approval": "what was approved counts once, also when it was taken back"}

    def history(self, house: House) -> Iterator[Activity]:
        """Add what is paid in, asked for, spent, set aside, given by hand and taken out."""
        yield from super().history(house)
        for member in house.members:
            yield from _paid_in(house, member)
            yield from _given(house, member)
            yield house.does(member, "stored_value.fee_due", payload={"fee": "delivery"}, days=6.9)
            fee = {"kind": "cards.replacement", "store": "north"}
            yield house.does(member, "stored_value.fee_charged", 1_50, payload=fee, days=6.95)
            yield house.does(member, "stored_value.spent", 45_67, unit="USD", days=7)
            yield house.does(member, "purchase", 30_00, payload={"tenders": {"stored_value": 20_01}}, days=7.05)
            placed = house.does(
                member, "stored_value.authorised", 30_00, unit="USD", payload={"seconds": 86_400}, days=7.1
            )
            yield placed
            yield house.does(member, "hold.captured", 12_34, payload={"activity": placed.id}, unit="USD", days=7.2)
            yield _taken_out(house, member)


def _paid_in(house: House, member: str) -> Iterator[Activity]:
    for unit, amount in (("USD", 100_01), ("EUR", 20_00), ("USD", 500_00)):
        yield house.does(member, "stored_value.topped_up", amount, unit=unit, payload=PAYMENT, days=6)
    for number, end in enumerate(("paid", "cancelled")):
        asked = house.does(member, "stored_value.requested", 33_33, unit="USD", payload=PAYMENT, days=6.1)
        yield asked
        told: dict[str, Any] = {"payload": {"request": asked.id}}
        if end == "paid":
            told = {"payload": {**PAYMENT, "request": asked.id}, "amount": 33_33, "unit": "USD"}
        yield house.does(member, f"stored_value.{end}", days=6.2 + number / 10, **told)


def _given(house: House, member: str) -> Iterator[Activity]:
    told = {"account": "bonus", "reason": "for the wait"}
    given = house.does(member, "stored_value.adjusted", 200_00, unit="USD", payload=told, days=6.5, actor="staff:ada")
    approval = {"hash": hash_of(given)}
    yield house.does(member, "stored_value.approved", payload=approval, days=6.4, actor="staff:bob")
    yield given


def _taken_out(house: House, member: str) -> Activity:
    book = house.kit.program.sections["stored_value"]
    told = quoted(book, book.currencies["EUR"], member, principal=20_00, bonus=0, held=0, used=Used(20_00, 0))
    payload = {**PAYMENT, "quote": told.hash}
    return house.does(member, "stored_value.withdrawn", 20_00, unit="EUR", payload=payload, days=8)
