"""Invariant 11: what was spent or held out of order is found, and nothing else is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from corekit import Activity, Credit, Effect
from corekit.clock import micros
from corekit.ledger.chart import DAY


@pytest.fixture
def saver(world: Any) -> str:
    """A member with three lots of 10 that lapse after 10, 20 and 30 days."""
    member: str = world.member()
    for days in (10, 20, 30):
        world.does(member, "toy.earn", 10, payload={"days": days})
    return member


def _found(world: Any) -> list[Any]:
    report = world.kit.verify()
    assert set(report.violations) <= {"11"}, report.violations
    return list(report.violations.get("11", ()))


def _lots(world: Any) -> list[str]:
    """Return the lots, the first to lapse first."""
    with world.kit.database.connect() as connection:
        rows = connection.exec_driver_sql("SELECT id FROM core_lot ORDER BY expires_at")
        return [str(row[0]).replace("-", "") for row in rows]


def _set(world: Any, lot: str, expires_at: int) -> None:
    """Plant: a lot that was to lapse at another time than that by which it was spent."""
    with world.kit.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE core_lot SET expires_at = {expires_at} WHERE id = '{lot}'")


def _soon(world: Any) -> int:
    return micros(world.clock() + timedelta(days=1))


def _hold(world: Any, member: str, amount: int) -> str:
    placed = world.does(member, "hold.placed", amount, unit="toys", payload={"account": "toy"})
    assert placed.settled, placed
    return str(placed.effects[0].id)


def test_a_spend_that_passed_over_a_lot_is_found_with_both(world: Any, saver: str) -> None:
    spent = world.does(saver, "toy.spend", 5)
    assert _found(world) == []
    last = _lots(world)[2]
    _set(world, last, _soon(world))
    (row,) = _found(world)
    assert (row["lot"], row["activity"], row["effect"]) == (last, spent.activity_id, spent.effects[0].id)


def test_a_spend_that_left_something_in_a_lot_before_its_last_one_is_found(world: Any, saver: str) -> None:
    world.does(saver, "toy.spend", 15)
    assert _found(world) == []
    _, second, third = _lots(world)
    _set(world, third, _soon(world))
    assert [row["lot"] for row in _found(world)] == [third]
    _set(world, third, _soon(world) + 29 * DAY)
    _set(world, second, _soon(world))  # it was taken from, but 5 of it are left
    assert [row["lot"] for row in _found(world)] == [second]


def test_a_hold_that_passed_over_a_lot_is_found(world: Any, saver: str) -> None:
    _hold(world, saver, 5)
    assert _found(world) == []
    last = _lots(world)[2]
    _set(world, last, _soon(world))
    assert [row["lot"] for row in _found(world)] == [last]


def test_a_capture_takes_from_what_its_hold_set_aside_whatever_came_in_since(world: Any, saver: str) -> None:
    hold = _hold(world, saver, 15)
    world.does(saver, "toy.earn", 10, payload={"days": 1})  # lapses before all that is held
    world.does(saver, "hold.captured", 5, unit="toys", payload={"hold": hold})
    assert _found(world) == []


def test_a_capture_that_passed_over_a_lot_of_its_hold_is_found(world: Any, saver: str) -> None:
    hold = _hold(world, saver, 20)
    captured = world.does(saver, "hold.captured", 5, unit="toys", payload={"hold": hold})
    assert _found(world) == []
    second = _lots(world)[1]
    _set(world, second, _soon(world))
    assert {(row["activity"], row["lot"]) for row in _found(world)} == {(captured.activity_id, second)}


def test_a_clawback_that_funds_a_spend_anew_from_the_wrong_lot_is_found(world: Any) -> None:
    member = world.member()
    first = world.does(member, "toy.earn", 10, payload={"days": 10})
    for days in (20, 30):
        world.does(member, "toy.earn", 10, payload={"days": days})
    world.does(member, "toy.spend", 8)
    taken = world.kit.reverse(first.activity_id)
    assert _found(world) == []
    last = _lots(world)[2]
    _set(world, last, micros(world.clock() + timedelta(days=15)))  # behind the first lot, before the second
    assert {(row["activity"], row["lot"]) for row in _found(world)} == {(taken.activity_id, last)}


def test_what_was_not_available_yet_is_passed_over_and_found_where_it_was_spent(world: Any, toy: Any) -> None:
    def later(activity: Activity) -> Effect:
        opens = world.clock() + timedelta(days=3)
        return Credit(activity, rule="x@1", account="toy", amount=10, available_from=opens, expires_at=opens + WEEK)

    toy.rogue.append(later)
    member = world.member()
    world.does(member, "toy.earn", 20, payload={"days": 60})
    world.does(member, "toy.yield", 1)
    world.does(member, "toy.spend", 5)  # of the lot that lapses last, since the other is not open
    assert _found(world) == []
    awaited = _lots(world)[0]
    world.clock.advance(days=4)
    spent = world.does(member, "toy.spend", 7)
    assert _found(world) == []
    with world.kit.database.write() as connection:
        later_still = micros(world.clock() + timedelta(days=1))
        connection.exec_driver_sql(f"UPDATE core_lot SET available_from = {later_still} WHERE id = '{awaited}'")
    assert [(row["activity"], row["lot"]) for row in _found(world)] == [(spent.activity_id, awaited)]


def test_a_lot_counts_with_the_expiry_that_it_had_when_others_were_spent(world: Any) -> None:
    member = world.member()
    world.does(member, "toy.earn", 10, payload={"days": 2})
    world.does(member, "toy.earn", 10, payload={"days": 30})
    spent = world.does(member, "toy.spend", 10)
    world.clock.advance(days=5)
    world.kit.reverse(spent.activity_id)  # into the first lot, which lapsed meanwhile and gets grace, or lapses
    world.does(member, "toy.earn", 10, payload={"days": 1})
    world.does(member, "toy.spend", 10)
    assert _found(world) == []


def test_one_spend_after_another_through_many_lots_is_in_order(world: Any) -> None:
    member = world.member()
    for days in (9, 3, 7, 5, 8, 4):  # the later one often lapses first
        world.does(member, "toy.earn", 10, payload={"days": days})
        world.does(member, "toy.spend", 7)
    world.clock.advance(days=6)
    world.does(member, "toy.spend", 1)
    assert _found(world) == []


WEEK = timedelta(days=7)


def test_a_clawback_funds_a_spend_from_what_comes_later_and_backs_a_hold_by_what_is_there(world: Any, toy: Any) -> None:
    member = world.member()
    gone = world.does(member, "toy.earn", 10, payload={"days": 40})
    world.does(member, "toy.spend", 2)
    _hold(world, member, 8)
    world.does(member, "toy.earn", 10, payload={"days": 30})
    opens = world.clock() + timedelta(days=5)

    def later(activity: Activity) -> Effect:
        return Credit(
            activity,
            rule="later@1",
            account="toy",
            amount=10,
            available_from=opens,
            expires_at=opens + timedelta(days=7),
        )

    toy.rogue.append(later)
    world.does(member, "toy.yield")
    assert world.kit.reverse(gone.activity_id).settled
    with world.kit.database.connect() as connection:
        rows = connection.exec_driver_sql("SELECT issued, consumed, held FROM core_lot ORDER BY expires_at").all()
    assert [tuple(row) for row in rows] == [(10, 2, 0), (10, 0, 8), (10, 10, 0)]
    assert _found(world) == []
