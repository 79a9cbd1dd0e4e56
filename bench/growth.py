"""What an activity costs with 1,000,000 activities stored, to what it costs with 10,000.

The small database is settled by the kernel: 2,000 members with a registration, a change of tier and three purchases
each. The large one is a hundred copies of it, made by the database: the same rows under new ids, which keep their place
in time, so that it has 200,000 members with the same history each. Both then settle purchases of different members in
chunks of 500.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
from sqlalchemy import Table

from bench.compare import ratios, timed
from bench.servers import Servers
from bench.world import Shop, World
from corekit.activities import tables as activities
from corekit.db.types import Id
from corekit.ledger import tables as ledger
from corekit.members import tables as members
from corekit.tiers import tables as tiers

MEMBERS = 2000
PURCHASES = 3
STORED = 10_000
COPIES = 100
NUMBER = 1000
"""Activities of a round: two chunks."""
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


def measure(servers: Servers) -> list[float]:
    """Return the cost of an activity in the large database to that in the small one, per round."""
    small = World.new(servers.empty("postgresql", "growth_small"), members=MEMBERS, purchases=PURCHASES)
    url = small.twin(servers, "growth_large").url
    small = World(small.url, small.members)
    multiply(url, COPIES)
    _check(small.url, STORED)
    _check(url, STORED * COPIES)
    with psycopg.connect(url) as connection:
        large = World(url, [row[0].hex for row in connection.execute("SELECT id FROM core_member ORDER BY id")])

    def settling(world: World, seed: int) -> Callable[[int], Callable[[], object]]:
        shop = Shop(world.members, seed)

        def prepare(number: int) -> Callable[[], object]:
            bought = shop.one_each(number)
            return lambda: world.settle(bought)

        return prepare

    ways = timed(settling(small, 2)), timed(settling(large, 3))
    for way in ways * 2:
        way(NUMBER)
    found = ratios(*ways, numbers=(NUMBER, NUMBER))
    for world in (small, large):
        world.kit.close()
        servers.drop(world.url)
    return found


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
        if isinstance(column.type, Id):
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


def _check(url: str, stored: int) -> None:
    """See that about so many activities are stored, and that what settlement relies on holds of a copy as well."""
    with psycopg.connect(url) as connection:
        found: Any = connection.execute("SELECT count(*) FROM core_activity").fetchone()
        wrong: Any = connection.execute(
            "SELECT count(*) FROM core_account a LEFT JOIN "
            "(SELECT account_id, sum(issued) AS issued FROM core_lot GROUP BY account_id) l ON l.account_id = a.id "
            "WHERE a.kind = 'points' AND a.credits_posted IS DISTINCT FROM l.issued"
        ).fetchone()
    if abs(found[0] / stored - 1) > 0.01 or wrong[0]:  # noqa: PLR2004 - a member or two may join a tier later
        raise RuntimeError(
            f"{found[0]} activities are stored, not {stored}; {wrong[0]} accounts differ from their lots"
        )
