"""Notices: once when a spend leaves little, and once for each period of notice before something lapses."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from corekit import Activity, Kit
from corekit.tables import activity
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit

PROGRAM = """
[program]
name = "Corner shop"

[stored_value]
low_balance = "5.00"
notices = [7, 30]
bonus_expiry = {months = 2}

[[stored_value.bonus]]
id = "big"
from = "20"
give = "3"
"""


def notes(kit: Kit, kind: str) -> list[dict[str, Any]]:
    with kit.read() as read:
        rows = read.all(select(activity).where(activity.c.type == f"stored_value.{kind}").order_by(activity.c.seq))
    return [row.payload for row in rows]


def does(kit: Kit, member: str, what: str, amount: int, **payload: Any) -> None:
    unit = "USD" if what == "topped_up" else None
    done = kit.record(Activity(type=f"stored_value.{what}", member=member, amount=amount, unit=unit, payload=payload))
    assert done.settled, done


def test_a_spend_that_leaves_little_is_told_once(make_kit: MakeKit) -> None:
    kit = make_kit(["stored_value"], program=PROGRAM)
    ann = kit.record(Activity(type="member.registered")).member
    does(kit, ann, "topped_up", 10_00, channel="cash")
    for amount in (5_00, 2_00, 1_00, 9_00):  # the last is more than there is, and stays unpaid
        does(kit, ann, "fee_charged", amount, kind="service")
    assert notes(kit, "low_balance") == [{"currency": "USD", "left": 3_00, "threshold": 5_00}]
    does(kit, ann, "fee_charged", 1_50, kind="service", channel="cash")
    does(kit, ann, "topped_up", 8_00, channel="cash")
    does(kit, ann, "fee_charged", 6_00, kind="service")
    assert [each["left"] for each in notes(kit, "low_balance")] == [3_00, 4_00]


def test_what_lapses_is_told_once_for_each_period_of_notice(make_kit: MakeKit, clock: SettableClock) -> None:
    clock.set("2026-01-01T12:00")
    kit = make_kit(["stored_value"], program=PROGRAM)
    ann, bob = (kit.record(Activity(type="member.registered")).member for _ in range(2))
    for member in (ann, ann, bob):
        does(kit, member, "topped_up", 20_00, channel="cash")
    told: list[int] = []
    for day in ("2026-01-29", "2026-01-31", "2026-02-10", "2026-02-23", "2026-02-24"):
        clock.set(f"{day}T12:00")
        told.append(kit.jobs.run("stored_value.expiring").found)
    assert told == [0, 2, 0, 2, 0]
    lapses = {"account": "stored_value.bonus", "at": 1772366400000000}
    assert sorted(notes(kit, "expiring"), key=lambda each: (each["days"], each["amount"])) == [
        {**lapses, "amount": amount, "days": days} for days in (7, 30) for amount in (3_00, 6_00)
    ]
