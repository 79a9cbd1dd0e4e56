"""How far the outbox is final: below this position nothing will appear any more.

On SQLite there is one writer, so that is the last position. On PostgreSQL a transaction may take a position and commit
after others that took higher ones, and a cursor must not pass it. The proof of the horizon:

1. Whoever takes a position has a transaction id already: the default of the column asks for the id first.
2. A mark is the last position taken and then, by the same statement, a transaction id of its own. So whoever got an
   id after the mark's took its positions after the mark, which are higher than the mark's.
3. Once the oldest transaction that still runs (``pg_snapshot_xmin``) is not older than the mark, everybody with an
   earlier id has committed or rolled back, and every later snapshot sees what they wrote. The rest took higher ones.
"""

from __future__ import annotations

from threading import Lock

from sqlalchemy import Connection

from corekit.db.engine import Database

# The position is read before the id is asked for: the scan comes before the projection. An id is asked for only where
# there is something new, so that nobody who merely looks uses any up.
_MARK = """
SELECT s.last, CASE WHEN s.last > %s THEN pg_current_xact_id()::text::bigint END
FROM (SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS last FROM core_outbox_position_seq OFFSET 0) s"""
_OLDEST = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_LAST = "SELECT coalesce(max(position), 0) FROM core_outbox"
_TAKEN = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM core_outbox_position_seq"


class Horizon:
    """Tells how far the outbox of a database is final. One is shared by all who deliver in a process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._final = 0
        self._mark: tuple[int, int] | None = None

    def reached(self) -> int:
        """Return the position up to which nothing will appear any more; statements sent from now on see all of it."""
        with self._lock, self._database.connect() as connection:
            if self._database.dialect == "sqlite":
                return last(connection)
            if self._mark is None:
                position, transaction = connection.exec_driver_sql(_MARK, (self._final,)).one()
                if transaction is None:
                    return self._final
                self._mark = (position, transaction)
            if connection.exec_driver_sql(_OLDEST).scalar_one() >= self._mark[1]:
                self._final, self._mark = self._mark[0], None
            return self._final


def last(connection: Connection) -> int:
    """Return the last position that was taken."""
    position: int = connection.exec_driver_sql(_LAST if connection.dialect.name == "sqlite" else _TAKEN).scalar_one()
    return position
