"""Approval by a second person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from corekit.testing.clock import SettableClock

Shop = Callable[..., Any]
PROGRAM = """
[stored_value.approval]
top_up = "1000"
adjustment = "10"
"""
ADA, BOB = "staff:ada", "staff:bob"


def adjust(house: Any, amount: int, actor: str | None = ADA, **given: Any) -> Any:
    told = {"account": "principal", "reason": "the till was wrong"}
    return house.does("adjusted", amount, payload=told, actor=actor, **given)


def approve(house: Any, hashed: str, actor: str | None = BOB) -> Any:
    return house.does("approved", payload={"hash": hashed}, actor=actor)


@pytest.mark.row("V4", way="python")
def test_above_a_limit_somebody_else_approves_just_that_and_once(shop: Shop) -> None:
    house = shop(PROGRAM)
    assert adjust(house, 10_00).settled
    missing = adjust(house, 10_01, external_id="first")
    assert (missing.code, missing.parameters["limit"]) == ("STORED_VALUE_APPROVAL_MISSING", "1000")
    assert adjust(house, 10_01, external_id="first").replayed
    assert approve(house, missing.parameters["hash"]).settled
    assert adjust(house, 10_02).code == "STORED_VALUE_APPROVAL_MISSING"
    done = adjust(house, 10_01)
    assert done.settled
    assert adjust(house, 10_01).code == "STORED_VALUE_APPROVAL_MISSING"
    house.kit.reverse(done.activity_id)
    assert adjust(house, 10_01).code == "STORED_VALUE_APPROVAL_MISSING"


def test_nobody_approves_what_it_does_itself(shop: Shop) -> None:
    house = shop(PROGRAM)
    wanted = adjust(house, -10_01).parameters["hash"]
    assert approve(house, wanted, None).code == "STORED_VALUE_ACTOR_MISSING"
    approve(house, wanted, ADA)
    refused = adjust(house, -10_01)
    assert (refused.code, refused.parameters) == ("STORED_VALUE_APPROVAL_SAME_PERSON", {"actor": ADA})
    assert adjust(house, -10_01, None).code == "STORED_VALUE_ACTOR_MISSING"


@pytest.mark.row("V4", way="reversal")
def test_an_approval_lapses_and_can_be_withdrawn(shop: Shop, clock: SettableClock) -> None:
    house = shop(PROGRAM)
    wanted = adjust(house, 10_01).parameters["hash"]
    approval = approve(house, wanted)
    clock.advance(hours=24)
    assert adjust(house, 10_01).code == "STORED_VALUE_APPROVAL_MISSING"
    house.kit.reverse(approval.activity_id)
    house.kit.reverse(approve(house, wanted).activity_id)
    assert adjust(house, 10_01).code == "STORED_VALUE_APPROVAL_MISSING"
    assert [each["state"] for each in house.kit.export(house.member)["plugins"]["stored_value"]["approvals"]] == [
        "withdrawn",
        "withdrawn",
    ]


def test_a_request_is_approved_and_not_its_payment(shop: Shop) -> None:
    house = shop(PROGRAM)
    told: dict[str, Any] = {"payload": {"channel": "wechat"}, "actor": ADA}
    approve(house, house.does("requested", 1000_01, **told).parameters["hash"])
    asked = house.does("requested", 1000_01, **told)
    paid = house.does("paid", 1000_01, payload={"channel": "wechat", "request": asked.activity_id})
    assert (asked.settled, paid.settled, house.has()) == (True, True, (1000_01, 0))
