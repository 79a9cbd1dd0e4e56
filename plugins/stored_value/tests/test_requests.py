"""Top-ups that wait to be paid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from corekit import Activity
from corekit.testing.clock import SettableClock

Shop = Callable[..., Any]
PROGRAM = """
[stored_value]
request_hours = 2

[[stored_value.bonus]]
id = "big"
from = "500"
give = "50"
"""
PAYMENT = {"channel": "wechat"}


def request(house: Any, amount: int = 500_00, **given: Any) -> str:
    outcome = house.does("requested", amount, payload=PAYMENT, **given)
    assert outcome.settled, outcome
    return str(outcome.activity_id)


def pay(house: Any, asked: str, amount: int = 500_00, event: str = "event-1", **given: Any) -> Any:
    told = {**PAYMENT, "request": asked}
    return house.does("paid", amount, payload=told, source="wechat-pay", external_id=event, **given)


@pytest.mark.row("V1", way="python")
def test_a_request_credits_nothing_until_it_is_paid_and_then_once(shop: Shop) -> None:
    house = shop(PROGRAM)
    asked = request(house)
    assert house.has() == (0, 0)
    assert pay(house, asked).settled
    again = pay(house, asked)
    assert (again.settled, again.replayed) == (True, True)
    other = pay(house, asked, event="event-2")
    assert (other.code, other.parameters) == ("STORED_VALUE_REQUEST_RESOLVED", {"state": "paid"})
    assert house.has() == (500_00, 50_00)
    assert house.kit.verify().clean


@pytest.mark.row("V1", way="bad_input")
def test_what_is_paid_for_a_cancelled_request_is_refused_and_replayed(shop: Shop) -> None:
    house = shop(PROGRAM)
    asked = request(house)
    assert house.does("cancelled", payload={"request": asked}).settled
    refused = pay(house, asked)
    assert (refused.code, refused.parameters) == ("STORED_VALUE_REQUEST_RESOLVED", {"state": "cancelled"})
    assert pay(house, asked).replayed
    assert house.has() == (0, 0)


def test_a_request_lapses_but_what_was_paid_in_time_counts_however_late_that_is_told(
    shop: Shop, clock: SettableClock
) -> None:
    house = shop(PROGRAM)
    asked, unpaid = request(house), request(house)
    house.kit.jobs.run("stored_value.requests")
    in_time = house.kit.now()
    clock.advance(hours=2)
    assert house.kit.jobs.run("stored_value.requests").settled == 2
    assert pay(house, asked, occurred_at=in_time).settled
    late = pay(house, unpaid, event="event-2")
    assert late.code == "STORED_VALUE_REQUEST_LAPSED"
    assert late.parameters == {"lapsed": clock().isoformat()}
    cancelled = house.does("cancelled", payload={"request": unpaid})
    assert cancelled.parameters == {"state": "lapsed"}


@pytest.mark.parametrize(
    ("amount", "unit", "code"),
    [(499_99, "USD", "STORED_VALUE_PAID_OTHERWISE"), (500_00, "EUR", "STORED_VALUE_PAID_OTHERWISE")],
)
def test_what_is_paid_is_what_was_asked_for(shop: Shop, amount: int, unit: str, code: str) -> None:
    house = shop("[stored_value.currencies.eur]\n")
    asked = request(house)
    assert pay(house, asked, amount, unit=unit).code == code


def test_a_request_is_of_its_member(shop: Shop) -> None:
    house = shop(PROGRAM)
    asked, house.member = request(house), house.join()
    assert pay(house, asked).code == "STORED_VALUE_REQUEST_UNKNOWN"
    early = house.does("lapsed", member=house.member, payload={"request": request(house)})
    assert early.code == "STORED_VALUE_REQUEST_NOT_DUE"


def test_a_chunk_does_what_single_activities_do(shop: Shop) -> None:
    house = shop(PROGRAM)
    usd: dict[str, Any] = {"member": house.member, "amount": 500_00, "unit": "USD"}
    asked = Activity(type="stored_value.requested", external_id="1", payload=PAYMENT, **usd)
    told = {**PAYMENT, "request": asked.id}
    paid = [Activity(type="stored_value.paid", external_id=key, payload=told, **usd) for key in ("2", "3")]
    answers = list(house.kit.record_many([asked, *paid]))
    assert [answer.code for answer in answers] == [None, None, "STORED_VALUE_REQUEST_RESOLVED"]
    assert house.has() == (500_00, 50_00)


@pytest.mark.row("V1", way="reversal")
def test_a_payment_that_is_taken_back_leaves_a_request_that_waits(shop: Shop) -> None:
    house = shop(PROGRAM)
    asked = request(house)
    paid = pay(house, asked)
    assert house.kit.reverse(asked).code == "STORED_VALUE_REQUEST_OVER"
    house.kit.reverse(paid.activity_id)
    assert house.has() == (0, 0)
    assert pay(house, asked, event="event-2").settled
    assert house.kit.verify().clean


def test_requests_go_where_their_member_goes(shop: Shop) -> None:
    house = shop(PROGRAM)
    asked, giver = request(house), house.member
    house.member = house.join()
    house.kit.merge(house.member, giver)
    assert pay(house, asked).settled
    assert house.has() == (500_00, 50_00)
    assert house.kit.export(house.member)["plugins"]["stored_value"]["requests"][0]["state"] == "paid"
