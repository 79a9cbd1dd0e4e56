"""The promise about a plugin's lineage: its own tables, and nothing of others."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from sqlalchemy import Connection

from corekit.db import migrate
from corekit.db.dropping import dropping
from corekit.db.engine import Database
from corekit.db.lineage import lineages
from corekit.testing.contract.trial import Trial, broken, difference

_SHAPES = {
    "sqlite": "SELECT tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL",
    "postgresql": """
        SELECT attrelid::regclass::text, concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull)
          FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
         WHERE attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'v') AND relnamespace = 'public'::regnamespace
        UNION ALL SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
         WHERE conrelid <> 0 AND connamespace = 'public'::regnamespace
        UNION ALL SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    """,
}
"""What there is of each table: columns, indexes, constraints and triggers, a row for each."""


class LineageKept:
    """Migrations go up and down, leave what is declared, touch nothing of others, and off and on keeps rows."""

    def test_lineage(self, contract: Trial, empty_url: str) -> None:
        """Migrate an empty database with and without the plugin; then switch it off and on again."""
        own = contract.found.declares.lineage
        if own is not None:
            with closing(Database(empty_url)) as database:
                _up_and_down(contract, database)
        house, _, _ = contract.lived()
        before = (house.rows(), house.value())
        url = house.kit.database.url.render_as_string(hide_password=False)
        contract.kit(bare=True, database=url)
        back = contract.house(kit=contract.kit(database=url))
        if (back.rows(), back.value()) != before:
            seen = f"{difference(before[0], back.rows())}; value {before[1]}, then {back.value()}"
            broken(f"{contract.plugin}: off and on again, it finds its rows", seen, "write nothing when a kit starts")


def _up_and_down(contract: Trial, database: Database) -> None:
    name, *company = contract.plugin, *lineages(contract.company)
    migrate.upgrade(database, company[:-1])
    others = _shapes(database, name)
    migrate.upgrade(database, company)
    _untouched(name, others, _shapes(database, name), "going up")
    if found := migrate.check(database, company):
        way = f"write the difference as the next migration: corekit db revision {name} --message ..."
        broken(f"{name}: its migrations make the tables that it declares", "; ".join(found), way)
    with dropping(database, name):
        pass
    _untouched(name, others, _shapes(database, name), "going down")
    migrate.upgrade(database, company)
    if found := migrate.check(database, company):
        broken(f"{name}: it can be removed and come again", "; ".join(found), "migrate tables of its own name alone")


def _untouched(name: str, before: dict[str, Any], after: dict[str, Any], when: str) -> None:
    changed = sorted(table for table in before.keys() | after.keys() if before.get(table) != after.get(table))
    if changed:
        way = f"migrate tables named {name}_... alone; what others keep is read, and changed by effects"
        broken(f"{name}: its migrations touch nothing of others", f"{when} changes {', '.join(changed)}", way)


def _shapes(database: Database, plugin: str) -> dict[str, Any]:
    """Return what there is of each table of others, and how many rows it has."""
    shapes: dict[str, list[str]] = {}
    with database.connect() as connection:
        for table, shape in connection.exec_driver_sql(_SHAPES[database.dialect]):
            if not table.startswith(f"{plugin}_"):
                shapes.setdefault(table, []).append(shape)
        return {table: (sorted(shape), _count(connection, table)) for table, shape in shapes.items()}


def _count(connection: Connection, table: str) -> int:
    quoted = connection.dialect.identifier_preparer.quote(table)
    return int(connection.exec_driver_sql(f"SELECT count(*) FROM {quoted}").scalar_one())
