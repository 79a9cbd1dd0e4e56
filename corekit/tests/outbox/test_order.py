"""Whatever happens at the same time and whoever dies: everything is told, and in order per member."""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random
from threading import Event as Flag
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from corekit import Activity, Event, Kit, Unavailable
from corekit.activities.tables import activity, outbox
from corekit.ids import new_id
from corekit.outbox import delivery, horizon
from corekit.outbox.tables import cursor
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit

Joins = Callable[[], str]
Buys = Callable[..., Activity]
postgresql_only = pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)


def nothing(_: Event) -> None:
    """Happens before a call that is well."""


def nobody(*_: object) -> set[str]:
    """Are the members who wait, to a deliverer that does not look."""
    return set()


# Open transactions


@contextmanager
def open_transaction(kit: Kit, member: str) -> Generator[Any]:
    """A transaction that took its place in the outbox and is not committed before the end of the block."""
    with kit.database.write() as connection:
        row = _place(member)
        connection.execute(insert(outbox), row)
        connection.execute(insert(activity), _activity(row, 100))
        yield row


def _place(member: str) -> dict[str, Any]:
    return {"activity_id": new_id(), "member_id": member, "topic": "purchase", "recorded_at": 1}


def _activity(row: dict[str, Any], seq: int) -> dict[str, Any]:
    plain = {"occurred_at": 1, "recorded_at": 1, "source": "api", "amount": 0, "program": 1, "depth": 0}
    known = {"id": row["activity_id"], "member_id": row["member_id"], "external_id": row["activity_id"]}
    return {**plain, **known, "seq": seq, "type": row["topic"], "state": "settled"}


def held_open(kit: Kit, ears: Any, joins: Joins, check: Any) -> None:
    """Somebody takes a place in the outbox, and commits after somebody else who took a later one."""
    ann = joins()
    kit.deliver()
    with open_transaction(kit, ann) as slow:
        bob = joins()
        kit.deliver()
        assert ears.types(bob) == [], "its place is later than one that is still open"
    kit.deliver()
    assert {slow["activity_id"]} < {event.id for event in ears.heard}
    check(kit, ears)


@postgresql_only
def test_a_cursor_does_not_pass_a_transaction_that_is_still_open(kit: Kit, ears: Any, joins: Joins, check: Any) -> None:
    held_open(kit, ears, joins, check)


@postgresql_only
def test_a_cursor_that_trusts_the_last_position_is_found_out(
    kit: Kit, ears: Any, joins: Joins, monkeypatch: pytest.MonkeyPatch, check: Any
) -> None:
    def last_seen(self: Any) -> int:
        with kit.read() as read:
            return read.scalar(select(outbox.c.position).order_by(outbox.c.position.desc()).limit(1)) or 0

    monkeypatch.setattr(horizon.Horizon, "reached", last_seen)
    with pytest.raises(AssertionError):
        held_open(kit, ears, joins, check)


@postgresql_only
def test_what_is_rolled_back_holds_nobody_up(kit: Kit, ears: Any, joins: Joins) -> None:
    ann = joins()
    with kit.database.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        connection.execute(insert(outbox), _place(ann))
        bob = joins()
        connection.exec_driver_sql("ROLLBACK")
    kit.deliver()
    kit.deliver()
    assert {event.member for event in ears.heard} == {ann, bob}


@postgresql_only
def test_whoever_is_slow_before_it_takes_a_place_is_waited_for_as_well(
    kit: Kit, ears: Any, joins: Joins, check: Any
) -> None:
    """It has an older id than whoever took the mark, but its place is later: nothing is lost if nobody waits for it."""
    ann = joins()
    with kit.database.write() as connection:
        connection.exec_driver_sql("SELECT pg_current_xact_id()")
        bob = joins()
        kit.deliver()
        row = _place(ann)
        connection.execute(insert(outbox), row)
        connection.execute(insert(activity), _activity(row, 100))
    kit.deliver()
    kit.deliver()
    assert {event.member for event in ears.heard} == {ann, bob}
    check(kit, ears)


@postgresql_only
def test_an_outbox_in_which_nobody_ever_took_a_place(make_kit: MakeKit, ears: Any) -> None:
    """A sequence that was never asked says 1, as one does that was asked once."""
    kit = make_kit(modules={"ears": ears.module()})
    with kit.database.write() as connection:
        connection.exec_driver_sql("ALTER SEQUENCE core_outbox_position_seq RESTART")
        assert horizon.last(connection) == 0
        connection.execute(update(cursor).values(position=0))
    with open_transaction(kit, new_id()) as row:
        assert kit.deliver() == 0
    assert kit.deliver() + kit.deliver() == 1
    assert [event.id for event in ears.heard] == [row["activity_id"]]


@postgresql_only
def test_who_takes_a_place_has_a_transaction_id_before(kit: Kit) -> None:
    """The horizon rests on it."""
    with kit.database.connect() as connection:
        default = connection.exec_driver_sql(
            "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'core_outbox'::regclass"
        ).scalar_one()
    assert default.index("pg_current_xact_id") < default.index("nextval")
    assert default.strip().startswith("CASE")


# At the same time


def run_everything_at_once(kit: Kit, clock: SettableClock, ears: Any, joins: Joins) -> None:
    """Four writers, two deliverers, and ears that fail one time in five."""
    members = [joins() for _ in range(6)]
    chance, done = Random(7), Flag()

    def fail_sometimes(_: Event) -> None:
        if chance.random() < 0.2:
            raise ConnectionError

    ears.before = fail_sometimes

    def write(number: int) -> None:
        random = Random(number)
        for _ in range(25):
            kit.record(Activity(type="purchase", member=random.choice(members), amount=random.randrange(1, 500)))

    def tell(_: int) -> None:
        while not done.is_set():
            clock.advance(seconds=delivery.DELAYS[0])
            kit.deliver("ears")

    with ThreadPoolExecutor(6) as pool:
        tellers = [pool.submit(tell, number) for number in range(2)]
        try:
            list(pool.map(write, range(4)))
        finally:
            done.set()
        for each in tellers:
            each.result()
    ears.before = nothing
    clock.advance(days=1)
    for _ in range(3):
        kit.deliver("ears")


def test_writers_and_deliverers_at_the_same_time(
    kit: Kit, clock: SettableClock, ears: Any, joins: Joins, check: Any
) -> None:
    run_everything_at_once(kit, clock, ears, joins)
    check(kit, ears)
    assert kit.outbox.dead_letters() == []


# Faults that these tests must find


def deaf_for_a_while(kit: Kit, clock: SettableClock, ears: Any, joins: Joins, buys: Buys) -> None:
    ann = joins()
    ears.deaf_to.add(ann)
    for _ in range(3):
        buys(ann)
        kit.deliver("ears")
    ears.deaf_to.clear()
    buys(ann)
    kit.deliver("ears")
    clock.advance(days=1)
    kit.deliver("ears")


def die_in_a_call(kit: Kit, ears: Any, joins: Joins) -> None:
    for _ in range(3):
        joins()

    def die(_: Event) -> None:
        signal.default_int_handler(signal.SIGINT, None)  # what the interpreter calls

    ears.before = die
    with pytest.raises(KeyboardInterrupt):
        kit.deliver("ears")
    ears.before = nothing
    kit.deliver("ears")


def test_the_scenarios_hold(kit: Kit, clock: SettableClock, ears: Any, joins: Joins, buys: Buys, check: Any) -> None:
    deaf_for_a_while(kit, clock, ears, joins, buys)
    die_in_a_call(kit, ears, joins)
    check(kit, ears)


def test_a_cursor_that_moves_before_the_call_is_found_out(
    kit: Kit, ears: Any, joins: Joins, monkeypatch: pytest.MonkeyPatch, check: Any
) -> None:
    tell = delivery._Teller.tell

    def write_first(self: Any, rows: Any) -> None:
        if rows:
            with kit.database.write() as connection:
                delivery._write(connection, "ears", delivery._Turn(cursor=rows[-1].position))
        tell(self, rows)

    monkeypatch.setattr(delivery._Teller, "tell", write_first)
    die_in_a_call(kit, ears, joins)
    with pytest.raises(AssertionError):
        check(kit, ears)


def test_telling_a_member_what_is_new_before_what_was_put_off_is_found_out(
    kit: Kit, clock: SettableClock, ears: Any, joins: Joins, buys: Buys, monkeypatch: pytest.MonkeyPatch, check: Any
) -> None:
    monkeypatch.setattr(delivery, "_waiting", nobody)
    deaf_for_a_while(kit, clock, ears, joins, buys)
    with pytest.raises(AssertionError):
        check(kit, ears)


@postgresql_only
def test_what_is_final_waits_for_who_began_before(kit: Kit, joins: Joins) -> None:
    with open_transaction(kit, joins()), pytest.raises(Unavailable, match="not ended yet"):
        kit.outbox.final(seconds=0)
    with kit.read() as read:
        taken = read.scalar(select(func.max(outbox.c.position)))
    assert kit.outbox.final(seconds=0) == taken
    kit.record(Activity(type="member.registered"))
    assert kit.outbox.final(seconds=0) == taken + 1
