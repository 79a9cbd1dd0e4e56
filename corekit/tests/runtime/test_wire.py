"""The wire: while one thread waits for the server, the others run."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import literal, select

from corekit.db.engine import Database
from corekit.db.prepared import Prepared
from corekit.db.wire import Wire

DOOR = 4711
PASS = "SELECT pg_advisory_xact_lock($1), 'inside'"
WAITERS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted"


def begun(wire: Wire) -> list[tuple[object, ...]]:
    """Send it with the beginning of a transaction."""
    return wire.rows(PASS, [DOOR])


def alone(wire: Wire) -> list[tuple[object, ...]]:
    """Send it when the transaction has begun."""
    wire.start()
    return wire.rows(PASS, [DOOR])


def sent(wire: Wire) -> list[tuple[object, ...]]:
    """Send it, and wait for it apart."""
    wire.start()
    wire.send(PASS, [DOOR])
    return wire.received(PASS)


@pytest.mark.parametrize("way", [begun, alone, sent])
@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_who_waits_for_the_server_lets_other_threads_run(
    database: Database, way: Callable[[Wire], list[tuple[object, ...]]]
) -> None:
    def enter() -> object:
        with database.read() as read:
            assert read.source.wire is not None
            return way(read.source.wire)[0][1]

    with database.settle() as lent, ThreadPoolExecutor(1) as pool:
        assert lent.wire is not None
        lent.wire.control(b"BEGIN")
        lent.wire.rows(PASS, [DOOR])
        entering = pool.submit(enter)
        while not entering.done() and lent.wire.rows(WAITERS, [DOOR]) == [(0,)]:
            pass
        lent.wire.control(b"ROLLBACK")  # only this thread opens the door
        assert entering.result() == "inside"


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_a_session_that_ended_while_its_snapshot_was_open_is_replaced(database: Database) -> None:
    one = Prepared(select(literal("here").label("it")))
    with database.connect() as other, database.read() as read:
        read.all(one)
        session = read.source.driver.info.backend_pid
        other.exec_driver_sql(f"SELECT pg_terminate_backend({session})")
        gone = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
        while other.exec_driver_sql(gone, (session,)).scalar():
            pass
    with database.read() as read:
        assert read.all(one)[0].it == "here"
