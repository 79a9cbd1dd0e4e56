"""Makes a large PostgreSQL database out of a small one: the same rows over and over, under new ids.

The copies keep their place in time, so that each member has the same history as the one it is a copy of.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from sqlalchemy import Table

from corekit.activities import tables as activities
from corekit.db.types import Id
from corekit.ledger import tables as ledger
from corekit.members import tables as members
from corekit.tiers import tables as tiers

COPIED = (
    members.member,
    members.profile,
    ledger.account,
    activities.request,
    activities.activity,
    activities.line,
    activities.effect,
    ledger.posting,
    ledger.entry,
    ledger.lot,
    ledger.lot_movement,
    ledger.hold,
    activities.outbox,
    activities.metric,
    activities.metric_day,
    tiers.assignment,
)
"""Every table that grows with what happens. Others refer to the first three, so those keep their keys meanwhile."""
_KEYS = ("key", "external_id", "number")
# What the planner and the visibility map know of a database that has run for a while.
_SETTINGS = "SET session_replication_role = replica; SET maintenance_work_mem = '512MB'; SET work_mem = '64MB'"


def multiply(url: str, copies: int) -> None:
    """Make so many copies out of what is in a database, which counts as one of them."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_SETTINGS.encode())
        put_back = list(_without_indexes(connection))
        for table in COPIED:
            connection.execute(_copying(table).encode(), [copies - 1])
        for statement in put_back:
            connection.execute(statement.encode())
        connection.execute("VACUUM ANALYZE")


def _copying(table: Table) -> str:
    """Return the statement that inserts copies number 1 to ``%s`` of each row of a table."""
    house = "(SELECT id FROM core_account WHERE member_id IS NULL)"
    values: list[str] = []
    columns = [column for column in table.c if column is not table.autoincrement_column]
    for column in columns:
        value = f"o.{column.name}"
        if isinstance(column.type, Id) and column.name != "segment_id":  # copies say the same
            # The byte after the millisecond is the same in all ids of that millisecond, so no two become one.
            sent = f"uuid_send({value})"
            copied = f"encode(set_byte({sent}, 7, get_byte({sent}, 7) # copy), 'hex')::uuid"
            is_house = table.name == "core_posting" and column.name.endswith("account_id")
            value = f"CASE WHEN {value} IN {house} THEN {value} ELSE {copied} END" if is_house else copied
        elif column.name in _KEYS:
            value = f"{value} || '-' || copy"
        values.append(value)
    owned = " WHERE o.member_id IS NOT NULL" if table.name == "core_account" else ""
    names = ", ".join(column.name for column in columns)
    made = f"SELECT {', '.join(values)} FROM {table.name} o, generate_series(1, %s) copy{owned}"
    return f"INSERT INTO {table.name} ({names}) {made}"


def _without_indexes(connection: psycopg.Connection[Any]) -> Iterator[str]:
    """Drop the indexes of the tables that nothing refers to; yield what makes each again."""
    names = [table.name for table in COPIED[3:]]
    rows = connection.execute(
        "SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text, c.conname, "
        "coalesce(pg_get_constraintdef(c.oid), pg_get_indexdef(i.indexrelid)) FROM pg_index i "
        "LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid WHERE i.indrelid::regclass::text = ANY(%s)",
        [names],
    ).fetchall()
    for table, index, constraint, definition in rows:
        if constraint is None:
            connection.execute(f"DROP INDEX {index}".encode())
            yield definition
        else:
            connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}".encode())
            yield f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {definition}"
