"""Dropping all tables of one owner, in one transaction, and nothing of anybody else's."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import Connection, MetaData, Table, inspect
from sqlalchemy.exc import OperationalError

from corekit.db.engine import Database
from corekit.db.lineage import VERSION_TABLE, owner_of
from corekit.db.migrate import foreign_keys_off, migrating, owners_in
from corekit.errors import Busy


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
        connection.exec_driver_sql("BEGIN IMMEDIATE" if database.dialect == "sqlite" else "BEGIN")
        try:
            if own and database.dialect == "postgresql":
                connection.exec_driver_sql(f"LOCK TABLE {', '.join(own)} IN ACCESS EXCLUSIVE MODE")
            found = MetaData()
            tables = {name: Table(name, found, autoload_with=connection, resolve_fks=False) for name in own}
            yield connection, {name: table for name, table in tables.items() if not name.endswith(VERSION_TABLE)}
            if own:
                together = [", ".join(own)] if database.dialect == "postgresql" else own
                for names in together:
                    connection.exec_driver_sql(f"DROP TABLE {names}")
        except OperationalError as error:
            if error.connection_invalidated:
                raise
            connection.exec_driver_sql("ROLLBACK")
            said = f"others use the tables of {owner}; stop what runs with it, and ask again"
            raise Busy(said, owner=owner) from error
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")
