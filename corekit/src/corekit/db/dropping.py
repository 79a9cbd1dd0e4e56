"""Dropping all tables of one owner, in one transaction, and nothing of anybody else's."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import Connection, MetaData, Table, inspect
from sqlalchemy.exc import DBAPIError, OperationalError

from corekit.db.engine import Database
from corekit.db.lineage import VERSION_TABLE, owner_of
from corekit.db.migrate import foreign_keys_off, migrating, owners_in
from corekit.errors import Busy

_NOT_TO_BE_HAD = frozenset({"55P03", "40P01"})
"""PostgreSQL's codes of lock_not_available and deadlock_detected."""


def tables_of(connection: Connection, owner: str) -> list[str]:
    """Return the names of the tables of an owner that exist, that of its version included, sorted."""
    names = inspect(connection).get_table_names()
    owners = owners_in(connection)
    if owner not in owners:
        return []
    return sorted(name for name in names if owner_of(name, owners) == owner)


def foreign_users(connection: Connection, owner: str) -> list[str]:
    """Return the tables of others that refer to tables of an owner, sorted."""
    own = set(tables_of(connection, owner))
    keys = inspect(connection).get_multi_foreign_keys()
    return sorted(
        name for (_, name), found in keys.items() if name not in own and own & {key["referred_table"] for key in found}
    )


@contextmanager
def dropping(database: Database, owner: str) -> Generator[tuple[Connection, dict[str, Table]]]:
    """Give a transaction in which nobody else touches an owner's tables, and those tables by name; then drop them.

    Where what is done inside raises, nothing is dropped. Raises :class:`Busy` where others use the tables.
    """
    with migrating(database) as connection, foreign_keys_off(connection):
        own = tables_of(connection, owner)
        quoted = [connection.dialect.identifier_preparer.quote(name) for name in own]
        connection.exec_driver_sql("BEGIN IMMEDIATE" if database.dialect == "sqlite" else "BEGIN")
        try:
            if own and database.dialect == "postgresql":
                connection.exec_driver_sql(f"LOCK TABLE {', '.join(quoted)} IN ACCESS EXCLUSIVE MODE")
            found = MetaData()
            tables = {name: Table(name, found, autoload_with=connection, resolve_fks=False) for name in own}
            yield connection, {name: table for name, table in tables.items() if not name.endswith(VERSION_TABLE)}
            if own:
                # Together, since they may refer to each other; SQLite looks at no foreign key here.
                together = [", ".join(quoted)] if database.dialect == "postgresql" else quoted
                for names in together:
                    connection.exec_driver_sql(f"DROP TABLE {names}")
        except BaseException as error:
            if not (isinstance(error, DBAPIError) and error.connection_invalidated):
                connection.exec_driver_sql("ROLLBACK")
            if isinstance(error, OperationalError) and _is_in_use(error):
                said = f"others use the tables of {owner}; stop what runs with it, and ask again"
                raise Busy(said, owner=owner) from error
            raise
        connection.exec_driver_sql("COMMIT")


def _is_in_use(error: OperationalError) -> bool:
    """Say whether a lock was not to be had: in time, or because two waited for each other."""
    return getattr(error.orig, "sqlstate", None) in _NOT_TO_BE_HAD or "locked" in str(error.orig)
