"""Guards: triggers that keep what was written from being changed, whoever writes.

On SQLite ``INSERT OR REPLACE`` deletes the old row without firing a DELETE trigger (unless ``recursive_triggers`` is
on), so there a row whose key exists is refused before it is inserted. Hence ``INSERT ... ON CONFLICT`` does not work on
a guarded table of SQLite: select what is there first, which is safe under ``BEGIN IMMEDIATE``. On PostgreSQL guards are
statement-level wherever possible, so that inserts cost nothing and no row is looked at; ``ON CONFLICT DO UPDATE``
counts as an update there even if it updates nothing, ``ON CONFLICT DO NOTHING`` does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import frozen
from sqlalchemy import Connection, MetaData, column, select, table

from corekit.db.reader import Reader

_FUNCTION = "corekit_guard"


@frozen(kw_only=True)
class Guard:
    """What may not be done to a table that only grows.

    No row is deleted, but where ``deletable`` holds of it (a condition in SQL, over columns with the prefix ``OLD.``).
    ``keys`` are its unique keys. A row may be updated where ``updatable`` holds of the old row, or if only the columns
    in ``mutable`` are set; with neither it is append-only. ``updates`` says that the table is updated freely.
    """

    table: str
    keys: Sequence[Sequence[str]]
    updatable: str = ""
    deletable: str = ""
    mutable: Sequence[str] = ()
    updates: bool = False


GUARDS = (
    Guard(table="core_unit", keys=[["code"]]),
    Guard(table="core_request", keys=[["scope", "key"]]),
    Guard(table="core_line", keys=[["activity_id", "no"]]),
    Guard(table="core_segment", keys=[["id"]]),
    Guard(table="core_posting", keys=[["activity_id", "id"]]),
    Guard(table="core_entry", keys=[["account_id", "seq"]]),
    Guard(table="core_lot_movement", keys=[["lot_id", "seq"]]),
    Guard(table="core_outbox", keys=[["position"]]),
    Guard(table="core_program", keys=[["version"]]),
    Guard(table="core_audit", keys=[["id"]]),
    # A failed activity is replaced when its key is sent again.
    Guard(table="core_activity", keys=[["id"], ["member_id", "seq"]], deletable="OLD.state = 'failed'"),
    Guard(table="core_effect", keys=[["id"], ["activity_id", "no"]], mutable=["undone", "unfunded"]),
    Guard(table="core_lot", keys=[["id"]], updates=True),
    # It is resolved once.
    Guard(table="core_hold", keys=[["id"]], updatable="OLD.outcome IS NULL"),
    Guard(table="core_account", keys=[["id"], ["member_id", "kind"]], updates=True),
    Guard(table="core_job_run", keys=[["id"]], updates=True),
)
"""The guards of the core's tables."""


def install(connection: Connection, guards: Sequence[Guard], metadata: MetaData) -> None:
    """Set the guards up anew, inside the transaction of the connection. ``metadata`` holds their tables."""
    if guards and connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_body())
    for guard in guards:
        lift(connection, guard, metadata)
        for statement in _triggers(connection.dialect.name, guard, metadata).values():
            connection.exec_driver_sql(statement)


def lift(connection: Connection, guard: Guard, metadata: MetaData) -> None:
    """Take a table's guards away, for a migration that changes rows; they are set up again when it has ended."""
    on = "" if connection.dialect.name == "sqlite" else f" ON {guard.table}"
    for name in _triggers(connection.dialect.name, guard, metadata):
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}{on}")


def missing(read: Reader, guards: Sequence[Guard], metadata: MetaData) -> list[str]:
    """Return the names of the guards that do not exist, were changed, or are disabled."""
    wanted: dict[str, str] = {}
    for guard in guards:
        wanted |= _triggers(read.dialect, guard, metadata)
    if read.dialect == "sqlite":
        master = table("sqlite_master", column("name"), column("type"), column("sql"))
        found = {row.name: row.sql for row in read.all(select(master).where(master.c.type == "trigger"))}
        return sorted(name for name, statement in wanted.items() if found.get(name) != statement)
    trigger = table("pg_trigger", *map(column, ("tgname", "tgenabled", "tgfoid", "tgrelid", "tgtype")))
    function = table("pg_proc", *map(column, ("oid", "proname", "prosrc")))
    relation = table("pg_class", *map(column, ("oid", "relname")))
    rows = read.all(
        select(trigger.c.tgname, trigger.c.tgtype, relation.c.relname, function.c.prosrc)
        .join(function, function.c.oid == trigger.c.tgfoid)
        .join(relation, relation.c.oid == trigger.c.tgrelid)
        .where(function.c.proname == _FUNCTION, trigger.c.tgenabled.in_(["O", "A"]))
    )
    body = _body()
    sound = {(row.tgname, row.tgtype, row.relname) for row in rows if row.prosrc in body}
    there = {name for name, statement in wanted.items() if (name, *_catalogued(statement)) in sound}
    return sorted(set(wanted) - there)


def _catalogued(statement: str) -> tuple[int, str]:
    """Return how PostgreSQL's catalogue tells a trigger: what it fires on (``pg_trigger.tgtype``), and its table."""
    events, _, rest = statement.partition(" BEFORE ")[2].partition(" ON ")
    kinds = {" FOR EACH ROW ": 1, "DELETE": 8, "UPDATE": 16, "TRUNCATE": 32}
    before = 2
    return before + sum(bit for word, bit in kinds.items() if word in events or word in rest), rest.split()[0]


def _triggers(dialect: str, guard: Guard, metadata: MetaData) -> dict[str, str]:
    """Return the statement that makes each trigger of a guard, by the trigger's name."""
    columns = [column.name for column in metadata.tables[guard.table].columns if column.name not in guard.mutable]
    return dict((_sqlite if dialect == "sqlite" else _postgresql)(guard, columns))


def _sqlite(guard: Guard, columns: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield name and statement of each trigger."""

    def trigger(event: str, on: str, condition: str, message: str) -> tuple[str, str]:
        when = f" WHEN {condition}" if condition else ""
        name = f"{guard.table}_guard_{event}"
        return name, (
            f"CREATE TRIGGER {name} BEFORE {on} ON {guard.table}{when} "
            f"BEGIN SELECT RAISE(ABORT, '{guard.table}: {message}'); END"
        )

    yield trigger("delete", "DELETE", f"NOT ({guard.deletable})" if guard.deletable else "", "a row is never deleted")
    if not guard.updates:
        on = f"UPDATE OF {', '.join(columns)}" if guard.mutable else "UPDATE"
        yield trigger("update", on, f"NOT ({guard.updatable})" if guard.updatable else "", "what is written stays")
    exists = " OR ".join(
        f"EXISTS (SELECT 1 FROM {guard.table} WHERE " + " AND ".join(f"{name} = NEW.{name}" for name in key) + ")"
        for key in guard.keys
    )
    yield trigger("insert", "INSERT", exists, "the key exists")


def _postgresql(guard: Guard, columns: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield name and statement of each trigger."""

    def trigger(event: str, on: str, row: str = "") -> tuple[str, str]:
        name = f"{guard.table}_guard_{event}"
        each = f"FOR EACH ROW WHEN ({row})" if row else "FOR EACH STATEMENT"
        return name, (f"CREATE TRIGGER {name} BEFORE {on} ON {guard.table} {each} EXECUTE FUNCTION {_FUNCTION}()")

    if guard.deletable:
        yield trigger("delete", "DELETE", f"NOT ({guard.deletable})")
        yield trigger("truncate", "TRUNCATE")
    else:
        yield trigger("delete", "DELETE OR TRUNCATE")
    if not guard.updates:
        on = f"UPDATE OF {', '.join(columns)}" if guard.mutable else "UPDATE"
        yield trigger("update", on, f"NOT ({guard.updatable})" if guard.updatable else "")


def _body() -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$"
        "BEGIN RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', "
        "MESSAGE = TG_TABLE_NAME || ': what is written stays, ' || TG_OP || ' is refused'; END$$"
    )
