"""Paying with points: the tender ``points`` of whatever is paid, as much money as the points are worth.

A purchase with ``tenders = {points = 500}`` is paid with points to 500 minor units of its amount. What comes back of it
gives back its part of the points: the kernel knows the debit, and no rate is asked again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from attrs import frozen

from corekit import Activity, Debit, Facts, Refusal
from corekit_points.rewards import declared
from corekit_points.rewards.catalogue import Pay

if TYPE_CHECKING:
    from corekit_points.rules import Book

TENDER = "points"


def tendered(payload: Mapping[str, Any]) -> int:
    """Return how much money is paid with points, in minor units."""
    tenders: Mapping[str, int] = payload.get("tenders") or {}
    return tenders.get(TENDER, 0)


def paid(activity: Activity, facts: Facts) -> Iterator[Debit]:
    """Yield the points that an activity is paid with; the whole of it is refused where they cannot be taken."""
    money = tendered(activity.payload)
    if not money:
        return
    book: Book = facts.program(activity)
    pay = book.pay
    if pay is None:
        raise Refusal(declared.PAY_OFF.code)
    if money < pay.least:
        raise Refusal(declared.PAY_LEAST.code, least=str(pay.least), asked=str(money))
    if money > pay.most(activity.amount):
        raise Refusal(declared.PAY_SHARE.code, most=str(pay.most(activity.amount)), asked=str(money))
    yield Debit(activity, rule="pay@1", account=pay.account, amount=pay.takes(money), otherwise="refuse")


@frozen
class Payable:
    """How much of an order can be paid with points, in minor units of money, and how many points that takes."""

    account: str
    money: int
    points: int


def payable(pay: Pay, order: int, available: int) -> Payable:
    """Return the most of an order that can be paid with so many points; nothing where that is below the minimum."""
    money = min(pay.most(order), pay.worth(max(0, available)))
    return Payable(pay.account, money, pay.takes(money)) if money >= pay.least else Payable(pay.account, 0, 0)
