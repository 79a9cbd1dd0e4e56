"""One deliverer per plugin at a time: who comes second stands by."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from threading import Lock
from zlib import crc32

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from corekit.db.engine import Database
from corekit.errors import Unavailable

_ROOM = crc32(b"corekit.outbox") - 2**31
# Locks that last as long as the transaction hold behind a pooler too, and are gone with whoever held them. This one
# takes no transaction id, so nobody's horizon waits for a plugin that is slow.
_BEGIN = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0"
_CLAIM = "SELECT pg_try_advisory_xact_lock(%s, %s)"


class Claims:
    """Gives each plugin's outbox into one hand at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._held: set[str] = set()

    @contextmanager
    def of(self, plugin: str) -> Generator[Connection | None]:
        """Give a connection that holds the plugin's outbox, or None where somebody else has it.

        On PostgreSQL it is in a transaction, which holds the claim; what is written by it is committed only if the
        claim held until the end. On SQLite one process writes, and the claim is that process's.
        """
        try:
            with self._claimed(plugin) as connection:
                yield connection
        except DBAPIError as error:
            message = "the database does not answer; what was delivered last may be delivered again"
            raise Unavailable(message) from error

    @contextmanager
    def _claimed(self, plugin: str) -> Generator[Connection | None]:
        if self._database.dialect == "sqlite":
            with self._held_here(plugin) as mine, self._database.connect() as connection:
                yield connection if mine else None
            return
        with self._database.connect() as connection:
            connection.exec_driver_sql(_BEGIN)
            try:
                mine = connection.exec_driver_sql(_CLAIM, (_ROOM, crc32(plugin.encode()) - 2**31)).scalar_one()
                yield connection if mine else None
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    @contextmanager
    def _held_here(self, plugin: str) -> Generator[bool]:
        with self._lock:
            mine = plugin not in self._held
            self._held.add(plugin)
        try:
            yield mine
        finally:
            if mine:
                with self._lock:
                    self._held.discard(plugin)


@contextmanager
def writing(connection: Connection) -> Generator[None]:
    """Write by the connection of a claim: on SQLite this is where its transaction begins, and it ends here."""
    if connection.dialect.name != "sqlite":
        yield
        return
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
