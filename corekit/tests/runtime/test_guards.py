"""Guards: what was written stays as it was, whoever writes."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from sqlalchemy import Connection, Table, insert
from sqlalchemy.exc import DBAPIError

from corekit.db import lineage
from corekit.db.engine import Database
from corekit.ids import named_id
from corekit.migrations import guards
from corekit.migrations.guards import GUARDS, Guard

METADATA = lineage.core().metadata
ONE, TWO = named_id("one"), named_id("two")
AT = {"recorded_at": 1}
ROWS: dict[str, dict[str, Any]] = {
    "core_unit": {"code": "points", "scale": 0, "class": "points"},
    "core_account_kind": {"code": "points", "unit": "points", "system": 0, "lots": 1, "clawback": "debt", "owner": "x"},
    "core_member": {"id": ONE, "state": "active", "seq": 0, "last_at": 0, "joined_at": 0},
    "core_request": {"scope": "s", "key": "k", "hash": "h", "outcome": "settled", "member_id": ONE, **AT},
    "core_line": {"activity_id": ONE, "no": 1, "amount": 5, "quantity": 1000},
    "core_segment": {"id": ONE, "type": "purchase", "dimensions": {"store": "north"}},
    "core_posting": {
        "id": ONE, "activity_id": ONE, "effect_id": ONE, "unit": "points",
        "debit_account_id": ONE, "credit_account_id": TWO, "amount": 5, **AT,
    },
    "core_entry": {
        "account_id": ONE, "seq": 1, "posting_id": ONE, "activity_id": ONE, "side": "credit",
        "amount": 5, "balance_after": 5, "available_after": 5, **AT,
    },
    "core_lot_movement": {
        "lot_id": ONE, "seq": 1, "activity_id": ONE, "effect_id": ONE, "kind": "issue", "amount": 5
    },
    "core_outbox": {"position": 1, "activity_id": ONE, "member_id": ONE, "topic": "settled", **AT},
    "core_program": {"version": 1, "content": "", "hash": "h", "applied_at": 1},
    "core_audit": {
        "id": ONE, "at": 1, "actor": "staff:mira", "kind": "staff", "what": "job.asked", "subject": "expiry",
        "parameters": {},
    },
    "core_activity": {
        "id": ONE, "member_id": ONE, "seq": 1, "type": "purchase", "occurred_at": 1, "source": "s",
        "external_id": "e", "amount": 0, "program": 0, "depth": 0, "state": "settled", **AT,
    },
    "core_effect": {
        "id": ONE, "activity_id": ONE, "no": 1, "owner": "x", "kind": "credit", "rule": "r@1", "amount": 5,
        "state": "applied", "undone": 0, "unfunded": 0,
    },
    "core_lot": {
        "id": ONE, "account_id": ONE, "activity_id": ONE, "effect_id": ONE, "issued": 5, "issued_at": 1, "seq": 1
    },
    "core_hold": {"id": ONE, "activity_id": ONE, "account_id": ONE, "amount": 5, "captured": 0},
    "core_job_run": {
        "id": ONE,
        "job": "expiry",
        "state": "done",
        "origin": "hand",
        "as_of": 1,
        "historical": False,
        "go": False,
        "asked_at": 1,
        "found": 0,
        "settled": 0,
        "waiting": 0,
        "refused": 0,
    },
    "core_account": {
        "id": ONE, "kind": "points", "member_id": ONE, "state": "open", "debits_posted": 0, "credits_posted": 0,
        "debits_pending": 0, "credits_pending": 0, "overdraft_limit": 0, "seq": 0, "last_at": 0,
    },
}  # fmt: skip
APPEND_ONLY = [
    "core_unit", "core_request", "core_line", "core_segment", "core_posting", "core_entry", "core_lot_movement",
    "core_outbox", "core_program", "core_audit",
]  # fmt: skip
GUARDED = [guard.table for guard in GUARDS]


def whole(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """Fill in zero for what the row leaves out and the table wants."""
    return {column.name: 0 for column in table.columns if not column.nullable and column.name not in row} | row


@pytest.fixture
def filled(database: Database) -> Database:
    with database.write() as connection:
        for name, row in ROWS.items():
            table = METADATA.tables[name]
            connection.execute(insert(table), whole(table, row))
    return database


def refused(database: Database, statement: str, *said: str) -> None:
    with pytest.raises(DBAPIError) as caught, database.write() as connection:
        connection.exec_driver_sql(statement)
    assert all(word in str(caught.value.orig) for word in said)


def done(database: Database, statement: str) -> int:
    with database.write() as connection:
        return connection.exec_driver_sql(statement).rowcount


def rows(database: Database, table: str) -> int:
    with database.connect() as connection:
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())


def key_of(table: str) -> str:
    return next(iter(METADATA.tables[table].primary_key.columns)).name


def test_the_tables_that_only_grow_are_guarded() -> None:
    frozen = {guard.table for guard in GUARDS if not (guard.updates or guard.updatable or guard.mutable)}
    assert frozen == {*APPEND_ONLY, "core_activity"}, "of activities only a failed one is replaced"


def test_no_row_is_ever_deleted(filled: Database) -> None:
    for table in GUARDED:
        refused(filled, f"DELETE FROM {table}", table)
        assert rows(filled, table) == 1


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_no_table_is_emptied(filled: Database) -> None:
    for table in GUARDED:
        refused(filled, f"TRUNCATE {table} CASCADE", "TRUNCATE is refused")
        assert rows(filled, table) == 1


def test_what_only_grows_is_not_updated(filled: Database) -> None:
    for table in APPEND_ONLY:
        refused(filled, f"UPDATE {table} SET {key_of(table)} = {key_of(table)}", table, "what is written stays")


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_no_row_of_sqlite_is_replaced_even_by_a_connection_of_somebody_else(filled: Database) -> None:
    stranger = sqlite3.connect(filled.url.database or "", isolation_level=None)
    for table in GUARDED:
        statement = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"
        refused(filled, statement, f"{table}: the key exists")
        with pytest.raises(sqlite3.IntegrityError, match="the key exists"):
            stranger.execute(statement)
    stranger.close()


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("table", "key"),
    [("core_activity", "id"), ("core_effect", "id"), ("core_account", "id")],
)
def test_nor_by_way_of_another_unique_key(filled: Database, table: str, key: str) -> None:
    columns = [column.name for column in METADATA.tables[table].columns if column.name != key]
    names = ", ".join(columns)
    statement = f"INSERT OR REPLACE INTO {table} ({key}, {names}) SELECT '{TWO}', {names} FROM {table}"
    refused(filled, statement, f"{table}: the key exists")


def test_new_rows_are_free(filled: Database) -> None:
    others: dict[str, dict[str, Any]] = {
        "core_unit": {"code": "gold"},
        "core_request": {"key": "other"},
        "core_entry": {"seq": 2},
        "core_activity": {"id": TWO, "seq": 2},
        "core_outbox": {"position": 2},
        "core_program": {"version": 2},
        "core_account": {"id": TWO, "member_id": None},
    }
    for name in GUARDED:
        table = METADATA.tables[name]
        new = others.get(name) or {key: TWO for key in ("id", "activity_id", "lot_id") if key in ROWS[name]}
        with filled.write() as connection:
            connection.execute(insert(table), whole(table, ROWS[name] | new))
        assert rows(filled, name) == 2


def test_a_settled_activity_stays_and_a_failed_one_is_replaced(filled: Database) -> None:
    refused(filled, "UPDATE core_activity SET amount = 9", "core_activity")
    failed = ROWS["core_activity"] | {"id": TWO, "seq": None, "state": "failed", "external_id": "f"}
    with filled.write() as connection:
        connection.execute(insert(METADATA.tables["core_activity"]), failed)
    refused(filled, f"UPDATE core_activity SET state = 'settled', seq = 2 WHERE id = '{TWO}'", "core_activity")
    assert done(filled, f"DELETE FROM core_activity WHERE id = '{TWO}'") == 1


@pytest.mark.parametrize("column", ["undone", "unfunded"])
def test_of_an_effect_only_what_came_back_changes(filled: Database, column: str) -> None:
    assert done(filled, f"UPDATE core_effect SET {column} = {column} + 1") == 1
    refused(filled, f"UPDATE core_effect SET {column} = {column} + 1, amount = 9", "core_effect")
    refused(filled, "UPDATE core_effect SET state = 'dropped'", "core_effect")


@pytest.mark.parametrize("table", ["core_lot", "core_account"])
def test_lots_and_accounts_change(filled: Database, table: str) -> None:
    assert done(filled, f"UPDATE {table} SET seq = seq + 1") == 1


# ----------------------------------------------------------------------------------------------- that they exist


def missing(database: Database) -> list[str]:
    with database.read() as read:
        return guards.missing(read, GUARDS, METADATA)


def drop(connection: Connection, trigger: str, table: str) -> None:
    on = f" ON {table}" if connection.dialect.name == "postgresql" else ""
    connection.exec_driver_sql(f"DROP TRIGGER {trigger}{on}")


def test_a_guard_that_was_dropped_is_missed(database: Database) -> None:
    assert missing(database) == []
    with database.write() as connection:
        drop(connection, "core_posting_guard_update", "core_posting")
    assert missing(database) == ["core_posting_guard_update"]


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_a_guard_that_was_disabled_is_missed(database: Database) -> None:
    done(database, "ALTER TABLE core_posting DISABLE TRIGGER core_posting_guard_delete")
    assert missing(database) == ["core_posting_guard_delete"]


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_a_guard_on_fewer_events_is_missed(database: Database) -> None:
    done(database, "DROP TRIGGER core_posting_guard_delete ON core_posting")
    done(
        database,
        "CREATE TRIGGER core_posting_guard_delete BEFORE TRUNCATE ON core_posting EXECUTE FUNCTION corekit_guard()",
    )
    assert missing(database) == ["core_posting_guard_delete"]


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_guards_that_were_made_toothless_are_missed(database: Database) -> None:
    done(
        database,
        "CREATE OR REPLACE FUNCTION corekit_guard() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
    )
    assert len(missing(database)) == sum(1 + (not guard.updates) + bool(guard.deletable) for guard in GUARDS)


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_a_guard_that_was_changed_is_missed(database: Database) -> None:
    with database.write() as connection:
        drop(connection, "core_posting_guard_delete", "core_posting")
        connection.exec_driver_sql(
            "CREATE TRIGGER core_posting_guard_delete BEFORE DELETE ON core_posting BEGIN SELECT 1; END"
        )
    assert missing(database) == ["core_posting_guard_delete"]


def test_a_migration_may_lift_a_guard_and_sets_it_up_again(filled: Database) -> None:
    guard: Guard = next(guard for guard in GUARDS if guard.table == "core_posting")
    with filled.write() as connection:
        guards.lift(connection, guard, METADATA)
        connection.exec_driver_sql("UPDATE core_posting SET amount = 7")
        guards.install(connection, [guard], METADATA)
    assert missing(filled) == []
    refused(filled, "UPDATE core_posting SET amount = 8", "core_posting")
