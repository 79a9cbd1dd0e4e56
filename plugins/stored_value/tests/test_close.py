"""The daily close: opening + in - out = closing, equal to the books, and never changed afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import event, select, update

from corekit import Activity, Integrity, Invalid, Kit, micros
from corekit.migrations import guards
from corekit.tables import account, activity, posting
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit_stored_value import tables
from corekit_stored_value.close import ClosedDay, close, closed, closed_days, unequal

PRINCIPAL, BONUS = "stored_value.principal", "stored_value.bonus"
PROGRAM = """
[program]
name = "Corner shop"

[[stored_value.bonus]]
id = "big"
from = "500"
give = "50"
"""
HISTORY = {"till": {}, "archive": {"historical": True}}
FIRST, SECOND, THIRD = date(2026, 3, 10), date(2026, 3, 11), date(2026, 3, 12)


def pays(kit: Kit, member: str, amount: int, store: str | None = "north", channel: str = "cash", **more: Any) -> str:
    told = {"channel": channel} | ({"store": store} if store else {})
    given: dict[str, Any] = {"source": "till", **more}
    paid = kit.record(
        Activity(type="stored_value.topped_up", member=member, amount=amount, unit="USD", payload=told, **given)
    )
    assert paid.settled, paid
    return str(paid.activity_id)


def books(kit: Kit, day: ClosedDay) -> dict[tuple[str, str, str], int]:
    """Sum up the postings until the end of a day by hand, row by row: the trial balance."""
    with kit.read() as read:
        did = {row.id: row for row in read.all(select(activity))}
        accounts = {row.id: row for row in read.all(select(account))}
        rows = read.all(select(posting))
    found: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        if row.recorded_at >= micros(day.ends):
            continue
        for sign, side in ((1, row.credit_account_id), (-1, row.debit_account_id)):
            own = accounts[side]
            if own.member_id is not None and own.kind.startswith("stored_value."):
                told = did[row.activity_id]
                while told is not None and "channel" not in (told.payload or {}):
                    told = did.get(told.reverses or told.parent_id)
                payload: dict[str, Any] = told.payload if told is not None else {}
                found[own.kind, payload.get("store", ""), payload.get("channel", "")] += sign * row.amount
    return {place: amount for place, amount in found.items() if amount}


def kept(kit: Kit) -> list[Any]:
    with kit.read() as read:
        return [
            tuple(row)
            for table in (tables.closed_day, tables.close)
            for row in read.all(select(table).order_by(*table.primary_key.columns))
        ]


@pytest.fixture
def kit(make_kit: MakeKit, clock: SettableClock) -> Kit:
    clock.set("2026-03-10T09:00")
    return make_kit(["stored_value"], program=PROGRAM, sources=HISTORY)


def test_a_day_is_closed_by_account_store_and_channel(kit: Kit, clock: SettableClock) -> None:
    ann, bob = (kit.record(Activity(type="member.registered")).member for _ in range(2))
    big = pays(kit, ann, 500_00)
    pays(kit, bob, 20_00, channel="card")
    pays(kit, bob, 30_00, store=None)
    clock.set("2026-03-11T09:00")
    kit.reverse(big, amount=100_00)
    pays(kit, bob, 7_00, store="south")
    clock.set("2026-03-12T00:15")
    (first, *others) = close(kit, FIRST)
    assert not others
    assert dict(first.closing) == {
        (PRINCIPAL, "north", "cash"): 500_00,
        (BONUS, "north", "cash"): 50_00,
        (PRINCIPAL, "north", "card"): 20_00,
        (PRINCIPAL, "", "cash"): 30_00,
    }
    run = kit.jobs.run("stored_value.close")
    assert run.told == {"closed": ["2026-03-11"]}
    with kit.read() as read:
        second = closed(read, SECOND)
        assert second is not None
        assert unequal(read, second) == []
    lines = {(line.kind, line.store, line.channel): line for line in second.lines}
    line = lines[PRINCIPAL, "north", "cash"]
    assert (line.opening, line.ins, line.outs, line.closing) == (500_00, 0, 100_00, 400_00)
    assert line.types == {"reversal": (0, 100_00)}
    assert lines[PRINCIPAL, "south", "cash"].types == {"stored_value.topped_up": (7_00, 0)}
    assert {place: amount for place, amount in second.closing.items() if amount} == books(kit, second)
    assert close(kit, FIRST) == []


def test_a_closed_day_never_changes_and_what_comes_late_falls_into_the_next(kit: Kit, clock: SettableClock) -> None:
    ann, bob = (kit.record(Activity(type="member.registered")).member for _ in range(2))
    paid = pays(kit, ann, 100_00)
    clock.set("2026-03-11T00:30")
    pays(kit, ann, 1_00)  # before the close, but of the next day
    close(kit, FIRST)
    before = kept(kit)
    clock.set("2026-03-11T10:00")
    pays(kit, bob, 40_00, source="archive", occurred_at=datetime(2026, 3, 10, 20, tzinfo=UTC))
    kit.reverse(paid, amount=30_00)
    clock.set("2026-03-13T10:00")
    (second, third) = close(kit)
    assert kept(kit)[0] == before[0]
    assert [row for row in kept(kit) if row[0] == "2026-03-10"] == before
    (line,) = second.lines
    assert (line.opening, line.ins, line.outs, line.late, line.closing) == (100_00, 41_00, 30_00, 40_00, 111_00)
    assert (third.day, third.lines[0].opening, third.lines[0].closing) == (THIRD, 111_00, 111_00)
    with kit.read() as read:
        assert unequal(read, second) == [] == unequal(read, third)
        second.lines[0].ins += 1
        assert unequal(read, second) == [((PRINCIPAL, "north", "cash"), 111_01, 111_00)]


def test_what_an_older_version_posted_without_a_segment_is_not_left_out(kit: Kit, clock: SettableClock) -> None:
    pays(kit, kit.record(Activity(type="member.registered")).member, 20_00)
    (guard,) = (each for each in guards.GUARDS if each.table == posting.name)
    with kit.database.write() as connection:
        guards.lift(connection, guard, posting.metadata)
        connection.execute(update(posting).values(segment_id=None))
    clock.set("2026-03-12T00:15")
    with pytest.raises(Integrity, match="no segment"):
        close(kit)
    assert kept(kit) == []


@pytest.mark.row("V7", way="bad_input")
def test_a_day_that_is_not_over_is_not_closed(kit: Kit, clock: SettableClock) -> None:
    with pytest.raises(Invalid) as refused:
        close(kit, FIRST)
    assert [(each.code, each.parameters) for each in refused.value.problems] == [
        ("STORED_VALUE_DAY_NOT_OVER", {"day": "2026-03-10"})
    ]
    clock.set("2026-03-11T00:00")
    assert [day.lines for day in close(kit, FIRST)] == [()]


def while_it_is_written(kit: Kit, act: Callable[[], Any]) -> None:
    """Do something once, in a thread, where a day was summed up and is about to be written."""
    acts = [act]

    def meanwhile(_connection: Any, _cursor: Any, sent: str, *_: Any) -> None:
        if sent.startswith("BEGIN") and acts:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(acts.pop()).result()

    event.listen(kit.database.engine, "before_cursor_execute", meanwhile)


def test_of_two_who_close_different_days_first_at_once_none_leaves_a_hole(kit: Kit, clock: SettableClock) -> None:
    pays(kit, kit.record(Activity(type="member.registered")).member, 20_00)
    clock.set("2026-03-13T10:00")
    while_it_is_written(kit, lambda: close(kit, THIRD))
    assert close(kit, FIRST) == []
    with kit.read() as read:
        assert [each.day for each in closed_days(read, FIRST, THIRD)] == [THIRD]


def test_of_two_who_close_a_day_at_once_one_does_and_both_return_it(kit: Kit, clock: SettableClock) -> None:
    pays(kit, kit.record(Activity(type="member.registered")).member, 20_00)
    clock.set("2026-03-13T10:00")
    theirs: list[ClosedDay] = []
    while_it_is_written(kit, lambda: theirs.extend(close(kit, FIRST)))
    assert [each.day for each in close(kit, FIRST)] == [each.day for each in theirs] == [FIRST]
    assert [row[0] for row in kept(kit)] == ["2026-03-10"] * 2
