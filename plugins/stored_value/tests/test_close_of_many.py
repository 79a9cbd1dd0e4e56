"""A day of many mixed movements closes, equal to the trial balance of every store and channel."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from corekit import Activity, Kit, Outcome, micros
from corekit.tables import account, activity, entry
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit_stored_value.close import close, unequal

MOVEMENTS = 50_000 if "COREKIT_FUZZ" in os.environ else 4_000
"""`make fuzz` closes a day of 50,000, `make test` a smaller one."""
MEMBERS = MOVEMENTS // 20
STORES, CHANNELS = ("north", "south", "east", None), ("cash", "card", "wechat")
DAY = date(2026, 3, 10)
PROGRAM = """
[program]
name = "Corner shop"

[[stored_value.bonus]]
id = "big"
from = "100"
give = "10"

[[stored_value.cashback]]
id = "back"
rate = "0.05"
"""


class Till:
    """Makes up what happens at tills, the same each time, and records it."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.pick = Random(7)
        self.members = [
            each.member for each in self.settled(Activity(type="member.registered") for _ in range(MEMBERS))
        ]

    def settled(self, activities: Iterator[Activity]) -> list[Outcome]:
        return [each for each in self.kit.record_many(activities) if each.settled]

    def some(self, kind: str, number: int, least: int, most: int, *, unit: str | None = "USD") -> list[Outcome]:
        return self.settled(
            Activity(
                type=kind,
                member=self.pick.choice(self.members),
                amount=self.pick.randrange(least, most),
                unit=unit,
                payload=self._told(kind),
            )
            for _ in range(number)
        )

    def _told(self, kind: str) -> dict[str, Any]:
        store = self.pick.choice(STORES)
        told: dict[str, Any] = {} if store is None else {"store": store}
        if kind == "stored_value.topped_up":
            told["channel"] = self.pick.choice(CHANNELS)
        return told | ({"kind": "service"} if kind == "stored_value.fee_charged" else {})

    def back(self, outcomes: list[Outcome]) -> None:
        taken = self.pick.sample(outcomes, len(outcomes) // 5)
        self.settled(
            Activity(type="reversal", member=each.member, reverses=each.activity_id, amount=self.pick.choice((0, 1)))
            for each in taken
        )

    def capture(self, outcomes: list[Outcome]) -> None:
        self.settled(
            Activity(
                type="hold.captured",
                member=each.member,
                payload={"activity": each.activity_id},
                amount=self.pick.choice((1, 100)),
                unit="USD",
            )
            for each in outcomes
        )


@pytest.mark.row("V7", way="python")
@pytest.mark.row("V7", way="reversal")
def test_a_day_of_many_movements_is_equal_to_the_trial_balance(make_kit: MakeKit, clock: SettableClock) -> None:
    clock.set("2026-03-10T09:00")
    kit = make_kit(["stored_value"], program=PROGRAM, time_zone="UTC")
    till = Till(kit)
    paid = till.some("stored_value.topped_up", MOVEMENTS // 4, 5_00, 300_00)
    spent = till.some("stored_value.spent", MOVEMENTS // 4, 1, 50_00)
    till.some("stored_value.fee_charged", MOVEMENTS // 20, 1, 5_00, unit=None)
    till.some("purchase", MOVEMENTS // 10, 1_00, 90_00, unit=None)
    till.capture(till.some("stored_value.authorised", MOVEMENTS // 20, 1, 30_00))
    till.back([*paid, *spent])
    clock.set("2026-03-11T01:00")
    till.some("stored_value.spent", 50, 1, 50_00)  # of the next day, before the close
    (day,) = close(kit, DAY)
    assert {place: amount for place, amount in day.closing.items() if amount} == _trial_balance(kit, day.ends)
    assert sum(len(line.types) for line in day.lines) > 40
    with kit.read() as read:
        assert unequal(read, day) == []


def _trial_balance(kit: Kit, ends: Any) -> dict[tuple[str, str, str], int]:
    """Sum up the entries of members' accounts until an instant by store and channel, row by row."""
    found: Counter[tuple[str, str, str]] = Counter()
    with kit.read() as read:
        told = {row.id: row for row in read.all(select(activity))}
        kinds = {row.id: row.kind for row in read.all(select(account))}
        for row in read.stream(select(entry).where(entry.c.recorded_at < micros(ends))):
            place = _place(told, told[row.activity_id])
            found[kinds[row.account_id], *place] += row.amount if row.side == "credit" else -row.amount
    return {place: amount for place, amount in found.items() if amount}


def _place(told: Any, did: Any) -> tuple[str, str]:
    """Return the first store and the first channel that an activity, or one that it goes back to, names."""
    found: dict[str, str] = {}
    while did is not None:
        payload: dict[str, Any] = did.payload or {}
        found = {name: payload[name] for name in ("store", "channel") if name in payload} | found
        did = told.get(did.reverses or did.parent_id or payload.get("activity"))
    return found.get("store", ""), found.get("channel", "")
