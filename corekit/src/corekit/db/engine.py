"""One database: an engine with the recipe of its dialect, and snapshots to read from."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Literal, cast

import orjson
import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.dialects import registry
from sqlalchemy.exc import ArgumentError, DBAPIError

from corekit.db.alike import COMPILED
from corekit.db.guard import GuardedSQLite, guard, only_read
from corekit.db.lending import Lender, Lent
from corekit.db.reader import Reader
from corekit.db.waiting import blocking
from corekit.errors import SettingsError, Unavailable

DialectName = Literal["sqlite", "postgresql"]

POOLER = "pooler"
"""What the URL says, as ``?pooler=transaction``, where it leads to pgbouncer or its like in that mode."""
POSTGRESQL_LEAST = 150000
SQLITE_LEAST = (3, 38, 0)
"""STRICT tables and JSON functions."""
SQLITE_SHARED = (3, 51, 3)
"""Below, a write-ahead log that several processes write can lose a commit when it starts over."""

_POSTGRESQL_OPTIONS = {
    "lock_timeout": "3s",
    "statement_timeout": "10s",
    "idle_in_transaction_session_timeout": "15s",
    "jit": "off",
}
_SETTLING_OPTIONS = {
    # Settlement's statements look up by index and take sets as arrays: planning them anew for each set costs more than
    # they do, and no statistics of a fresh or growing table may turn them into scans.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
registry.register("sqlite.alike", "corekit.db.alike", "SQLite")
registry.register("postgresql.alike", "corekit.db.alike", "PostgreSQL")
_READING_OPTIONS = {"default_transaction_read_only": "on"}
_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",
    # A record writes some thirty pages: fewer checkpoints copy the hot ones less often. 10,000 pages are 40 MB of log.
    "PRAGMA wal_autocheckpoint = 10000",
    "PRAGMA cache_size = -32768",
)


class Database:
    """A database and its pool of connections.

    Every connection is in autocommit: transactions are begun by hand (``BEGIN IMMEDIATE`` on SQLite), so that what is
    sent is what stands in the code. ``connection.connection.driver_connection`` is the raw connection below.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        """Take a URL ``sqlite:///file`` or ``postgresql://...``; nothing is opened yet. SettingsError otherwise."""
        self.url = _url(url)
        self.dialect: DialectName = "sqlite" if self.url.get_backend_name() == "sqlite" else "postgresql"
        if self.dialect == "sqlite":
            self.engine = settling = _sqlite(self.url, pool_size)
            reading = preparing = _sqlite(self.url, pool_size, reads=True)
        else:
            options = _POSTGRESQL_OPTIONS
            self.engine = _postgresql(self.url, pool_size, options)
            # What is prepared straight on libpq must not meet psycopg's own rollback, which deallocates everything.
            reading = _postgresql(self.url, pool_size, options | _READING_OPTIONS, tidy=False)
            settling = _postgresql(self.url, pool_size, options | _SETTLING_OPTIONS, tidy=False)
            preparing = _postgresql(self.url, pool_size, options | _SETTLING_OPTIONS | _READING_OPTIONS, tidy=False)
        self._settling = Lender(settling, pool_size, self._unavailable, self.prepare)
        self._reading = Lender(reading, pool_size, self._unavailable)
        # Of their own: who settles waits for one of these, and whoever has one waits for nobody.
        self._preparing = Lender(preparing, pool_size, self._unavailable)

    @property
    def engines(self) -> Sequence[Engine]:
        """Every engine, for whoever wants to see all that is sent: what is prepared is not, it passes them by."""
        lenders = (self._reading, self._settling, self._preparing)
        return list(dict.fromkeys((self.engine, *(lender.engine for lender in lenders))))

    @property
    def pooled(self) -> bool:
        """Whether a pooler stands before the database, which shares server connections by the transaction."""
        return _pooled(self.url)

    def settle(self) -> AbstractContextManager[Lent]:
        """Lend a connection for settlement, which keeps its prepared statements to itself."""
        blocking()
        return self._settling.lend()

    @contextmanager
    def unit(self) -> Generator[Lent]:
        """Lend a connection in a transaction: committed at the end, rolled back where anything raises."""
        with self.settle() as lent:
            connection = lent.connection
            connection.exec_driver_sql("BEGIN IMMEDIATE" if self.dialect == "sqlite" else "BEGIN")
            try:
                yield lent
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    @contextmanager
    def connect(self) -> Generator[Connection]:
        """Give a connection of the pool; :class:`Unavailable` where the database does not answer."""
        blocking()
        try:
            connection = self.engine.connect()
        except DBAPIError as error:
            raise self._unavailable(error.orig) from error
        with connection:
            try:
                yield connection
            except DBAPIError as error:
                if error.connection_invalidated:
                    raise self._unavailable(error.orig) from error
                raise

    def _unavailable(self, error: BaseException | None) -> Unavailable:
        place = self.url.render_as_string(hide_password=True)
        reason = str(error).strip().partition("\n")[0]
        return Unavailable(f"the database {place} does not answer ({reason})", database=place)

    def read(self) -> AbstractContextManager[Reader]:
        """Give a reader of one snapshot: everything it reads was true at the same moment."""
        return self._read(self._reading)

    def prepare(self) -> AbstractContextManager[Reader]:
        """Give a reader of one snapshot for what a plugin prepares, planned as settlement's own statements are."""
        return self._read(self._preparing)

    @contextmanager
    def _read(self, lender: Lender) -> Generator[Reader]:
        lent: list[Lent] = []

        def begin() -> Lent:
            """Lend a connection on which a snapshot begins, in place of one that was lost while it waited."""
            _give_back(lent)
            lent.append(lender.lend())
            if lent[0].wire is None:
                lent[0].driver.execute("BEGIN")
            else:
                lent[0].wire.begin(b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            return lent[0]

        try:
            reader = Reader(begin(), begin)
            try:
                yield reader
            except (DBAPIError, psycopg.OperationalError) as error:
                if self._is_lost(reader.source.driver):
                    raise self._unavailable(getattr(error, "orig", error)) from error
                raise
        finally:
            _give_back(lent)

    def _is_lost(self, driver: Any) -> bool:
        return self.dialect == "postgresql" and bool(driver.closed)

    @contextmanager
    def write(self) -> Generator[Connection]:
        """Give a connection in a transaction: committed at the end, rolled back where anything raises."""
        with self.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if self.dialect == "sqlite" else "BEGIN")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def advice(self) -> list[str]:
        """Return what an operator should know of this database, a sentence each."""
        if self.pooled:
            with self.connect() as connection:
                found = connection.exec_driver_sql("SELECT name, setting FROM pg_settings").all()
            open_ended = {row[0] for row in found if row[1] == "0"} & _POSTGRESQL_OPTIONS.keys()
            if open_ended:
                wanted = ((name, _POSTGRESQL_OPTIONS[name]) for name in sorted(open_ended))
                limits = " ".join(f"ALTER ROLE ... SET {name} = '{value}';" for name, value in wanted)
                return [f"A pooler keeps no settings of a connection, so nothing ends what takes too long: {limits}"]
            return []
        if self.dialect == "sqlite" and sqlite3.sqlite_version_info < SQLITE_SHARED:
            least = ".".join(map(str, SQLITE_SHARED))
            danger = f"SQLite {sqlite3.sqlite_version} may lose a commit when several processes write to one file"
            return [f"{danger}; let one process write, or use SQLite {least} or newer."]
        return []

    def close(self) -> None:
        """Close every connection of the pool."""
        self.engine.dispose()
        self._reading.close()
        self._settling.close()
        self._preparing.close()

    def __repr__(self) -> str:
        return f"Database({self.url.render_as_string(hide_password=True)!r})"


def _url(text: str) -> URL:
    try:
        url = make_url(text)
    except ArgumentError:
        raise SettingsError("corekit.database is no URL; write sqlite:///file.db or postgresql://...") from None
    if url.get_backend_name() == "sqlite":
        if url.database in (None, "", ":memory:"):
            raise SettingsError("SQLite in memory serves one connection only; name a file: sqlite:///file.db")
        return url.set(drivername="sqlite+pysqlite")
    if url.get_backend_name() == "postgresql":
        if url.query.get(POOLER, "transaction") != "transaction":
            raise SettingsError(f"corekit.database: {POOLER} can be 'transaction'; leave it out where there is none")
        return url.set(drivername="postgresql+psycopg")
    raise SettingsError(f"corekit.database: {url.get_backend_name()} is not supported; use sqlite or postgresql")


def _give_back(lent: list[Lent]) -> None:
    """End the snapshot on what is lent, if nobody did."""
    while lent:
        with lent.pop() as each:
            if each.wire is not None:
                each.leave()
            elif each.driver.in_transaction:
                each.driver.execute("COMMIT")


def _sqlite(url: URL, pool_size: int, *, reads: bool = False) -> Engine:
    """Make an engine; one that ``reads`` does nothing else, whoever has its connections."""
    if sqlite3.sqlite_version_info < SQLITE_LEAST:
        least = ".".join(map(str, SQLITE_LEAST))
        raise Unavailable(f"SQLite {sqlite3.sqlite_version} is too old; Python must be linked with {least} or newer")
    engine = create_engine(
        url.set(drivername="sqlite+alike"),
        isolation_level="AUTOCOMMIT",
        execution_options={"compiled_cache": COMPILED},
        pool_size=pool_size,
        max_overflow=2 * pool_size,
        pool_use_lifo=True,
        connect_args={
            "timeout": 10,
            "cached_statements": 512,
            "check_same_thread": False,
            "factory": GuardedSQLite,
        },
    )

    @event.listens_for(engine, "connect")
    def prepare(raw: GuardedSQLite, _record: object) -> None:
        for pragma in _SQLITE_PRAGMAS:
            raw.execute(pragma)
        raw.set_authorizer(only_read if reads else raw.allow)

    assert prepare is not None
    guard(engine)
    return engine


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


class _HexLoader(Loader):
    """Loads a uuid as 32 hexadecimal digits: the form that ids have everywhere else."""

    def load(self, data: Buffer) -> str:
        return bytes(data).decode().replace("-", "")


class _BinaryHexLoader(Loader):
    format = Format.BINARY

    def load(self, data: Buffer) -> str:
        return bytes(data).hex()


def _postgresql(url: URL, pool_size: int, recipe: Mapping[str, str], *, tidy: bool = True) -> Engine:
    """Make an engine; ``tidy`` rolls back what is left open when a connection comes back to the pool."""
    if _pooled(url):
        # Its server connections are shared: nothing prepared and no setting outlives a transaction.
        session: dict[str, Any] = {"prepare_threshold": None}
    else:
        session = {"options": _options(url, recipe)}
    engine = create_engine(
        url.difference_update_query(["options", POOLER]).set(drivername="postgresql+alike"),
        isolation_level="AUTOCOMMIT",
        execution_options={"compiled_cache": COMPILED},
        pool_size=pool_size,
        max_overflow=2 * pool_size,
        pool_use_lifo=True,
        pool_reset_on_return="rollback" if tidy else None,
        use_native_hstore=False,  # it would be looked for in each database
        json_serializer=_json,
        json_deserializer=orjson.loads,
        connect_args={
            "autocommit": True,
            "application_name": url.query.get("application_name", "corekit"),
            **session,
        },
    )

    @event.listens_for(engine, "connect")
    def prepare(raw: psycopg.Connection[Any], _record: object) -> None:
        raw.prepared_max = 512
        raw.adapters.register_loader("uuid", _HexLoader)
        raw.adapters.register_loader("uuid", _BinaryHexLoader)

    @event.listens_for(engine, "first_connect")
    def inspect(raw: psycopg.Connection[Any], _record: object) -> None:
        if raw.info.server_version < POSTGRESQL_LEAST:
            raise Unavailable(f"PostgreSQL {raw.info.server_version // 10000} is too old; use 15 or newer")
        durable = cast("tuple[str]", raw.execute("SHOW synchronous_commit").fetchone())[0]
        if durable in ("off", "local"):
            raise Unavailable(
                f"synchronous_commit is {durable!r}, so an answered activity could be lost; set it to 'on'"
            )

    assert prepare is not None
    assert inspect is not None
    guard(engine)
    return engine


def _pooled(url: URL) -> bool:
    """Whether the URL leads to a pooler that gives a server connection for one transaction at a time."""
    return POOLER in url.query


def _options(url: URL, recipe: Mapping[str, str]) -> str:
    """Return the settings of a connection; what the URL says comes last, and wins."""
    given = url.query.get("options", ())
    settings = [f"-c {name}={value}" for name, value in recipe.items()]
    return " ".join([*settings, *([given] if isinstance(given, str) else given)])
