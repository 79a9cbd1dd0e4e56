"""The tables' common ground: naming convention and the metadata of the core."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Column, MetaData, Table
from sqlalchemy.schema import SchemaItem

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMING)
"""The core's own tables; a plugin makes its own ``MetaData(naming_convention=NAMING)``."""


def table(name: str, *parts: Column[Any] | SchemaItem, meta: MetaData = metadata, **options: Any) -> Table:
    """Declare a table that is STRICT on SQLite, so that a column holds only what its type says."""
    checks: list[CheckConstraint] = []
    for part in parts:
        if isinstance(part, Column):
            # Migrations render and compare the constraints of tables, not those of columns.
            checks += [check for check in part.constraints if isinstance(check, CheckConstraint)]
            part.constraints.clear()
    lifted = (CheckConstraint(check.sqltext, name=check.name) for check in checks)
    return Table(name, meta, *parts, *lifted, sqlite_strict=True, **options)
