"""Fees: when they come due, how they are paid, and what is waived."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import Activity, Kit, balances
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit

PROGRAM = """
[program]
name = "Corner shop"

[stored_value]
spend = "bonus_first"
low_balance = "5.00"

[[stored_value.bonus]]
id = "big"
from = "20"
give = "3"

[[stored_value.fees]]
id = "year"
kind = "annual"
amount = "12.00"

[[stored_value.fees]]
id = "card"
kind = "joining"
amount = "2.00"

[[stored_value.fees]]
id = "delivery"
kind = "service"
amount = "4.00"
"""


def has(kit: Kit, member: str) -> dict[str, int]:
    with kit.read() as read:
        found = balances(read, [member], kit.now())[member]
    return {each.kind.removeprefix("stored_value."): each.available for each in found}


def pays(kit: Kit, member: str, amount: int) -> None:
    told = {"channel": "cash", "store": "north"}
    paid = Activity(type="stored_value.topped_up", member=member, amount=amount, unit="USD", payload=told)
    assert kit.record(paid).settled


@pytest.mark.row("V6", way="python")
@pytest.mark.row("V6", way="reversal")
@pytest.mark.row("V6", way="bad_input")
def test_fees_come_due_are_paid_or_stay_unpaid_and_are_waived(make_kit: MakeKit, clock: SettableClock) -> None:
    clock.set("2025-03-31T23:00")
    kit = make_kit(["stored_value"], program=PROGRAM, time_zone="UTC")
    joined = kit.record(Activity(type="member.registered"))
    ann = joined.member
    bob = kit.record(Activity(type="member.registered", payload={"fee_paid": 200})).member
    (card,) = joined.follow_ons
    assert [(each.state, each.code) for each in card.effects] == [("dropped", "INSUFFICIENT")]
    clock.set("2025-04-02T10:00")
    pays(kit, ann, 20_00)
    late = kit.record(Activity(type="member.registered", payload={"fee_paid": 200})).member
    clock.set("2026-02-28T12:00")
    assert kit.jobs.run("stored_value.annual_fees").found == 0
    clock.set("2026-03-01T12:00")
    assert kit.jobs.run("stored_value.annual_fees", go=True).found == 2
    assert kit.jobs.run("stored_value.annual_fees", go=True).found == 0
    assert has(kit, ann) == {"principal": 11_00, "bonus": 0}
    assert late
    due = kit.record(
        Activity(
            type="stored_value.fee_due", member=ann, payload={"fee": "delivery", "store": "north"}, actor="staff:mira"
        )
    )
    (charged,) = due.follow_ons
    assert has(kit, ann)["principal"] == 7_00
    waiver: dict[str, Any] = {"type": "stored_value.fee_waived", "member": ann, "payload": {"reason": "it came late"}}
    assert kit.record(Activity(reverses=charged.activity_id, amount=1_00, **waiver)).settled
    assert kit.record(Activity(reverses=card.activity_id, **waiver)).settled
    assert has(kit, ann)["principal"] == 8_00
    again = kit.record(Activity(reverses=card.activity_id, **waiver))
    assert (again.outcome, again.code) == ("refused", "ALREADY_REVERSED")
    no_fee = kit.record(Activity(reverses=due.activity_id, **waiver))
    assert (no_fee.outcome, no_fee.code) == ("refused", "STORED_VALUE_NO_FEE")
    unknown = kit.record(Activity(type="stored_value.fee_due", member=bob, payload={"fee": "delivry"}))
    assert (unknown.outcome, unknown.code) == ("refused", "STORED_VALUE_FEE_UNKNOWN")
    assert kit.verify().clean
