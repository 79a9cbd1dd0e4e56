"""Reading: set-based selects in one snapshot, counted."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, Protocol, TypeVar, cast

import orjson
import psycopg
from sqlalchemy import (
    ARRAY,
    BindParameter,
    Boolean,
    CompoundSelect,
    Connection,
    CursorResult,
    Dialect,
    Executable,
    Row,
    Select,
    SelectBase,
    Text,
    bindparam,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from corekit.db.prepared import Prepared
from corekit.db.types import Id
from corekit.db.wire import Others, Wire
from corekit.ids import is_id

T = TypeVar("T")
AnyRow = Row[*tuple[Any, ...]]
"""A row of any columns."""

_OWN = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_READONLY}
"""What SQLite says of a statement that is wrong."""
CANCELLING = 1.0
"""Seconds that it may take to tell PostgreSQL that it shall stop."""
_AT_ONCE = 1_000
"""Rows of a stream that are in memory."""
_SELECTS: tuple[type[SelectBase], ...] = (Select, CompoundSelect)


class Source(Protocol):
    """A connection to read through: the driver's own, on PostgreSQL straight on libpq, and SQLAlchemy's over it."""

    dialect: str
    driver: Any
    wire: Wire | None
    spoilt: bool

    @property
    def connection(self) -> Connection:
        """SQLAlchemy's."""
        ...


class _Whole:
    """A connection of SQLAlchemy's as a source."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.spoilt = False
        self.dialect: str = connection.dialect.name
        driver: Any = connection.connection.driver_connection
        self.driver = driver
        # Whoever writes may roll back by psycopg, which forgets what is prepared.
        self.wire = Wire(driver, prepare=False) if self.dialect == "postgresql" else None

    @property
    def connection(self) -> Connection:
        """The connection."""
        return self._connection


class Reader:
    """Reads one snapshot of the database; it cannot write.

    ``statements`` counts what was sent, so that a test can show that it does not grow with the number of rows.
    """

    def __init__(self, source: Source | Connection, another: Callable[[], Source] | None = None) -> None:
        """Read through a connection whose transaction is read only (:meth:`Database.read` makes one).

        Of one that is lent, SQLAlchemy's is made when the first expression is read that is not prepared. ``another``
        gives one in place of what turns out to be lost with the first statement, when nothing has been read yet.
        """
        self._another = another
        self.source: Source = _Whole(source) if isinstance(source, Connection) else source
        self.dialect: str = self.source.dialect
        """The name of the database's dialect."""
        self.statements = 0
        self._others: Others | None = None

    def share(self, others: Others | None) -> None:
        """Let others send theirs between a prepared select and its rows, where the database takes several at a time."""
        self._others = others
        if self.source.wire is not None:
            self.source.wire.others = others

    def all(self, select: SelectBase | Prepared, **values: Any) -> list[Any]:
        """Return every row of a select of SQLAlchemy Core, by which its columns are attributes; TypeError else.

        ``values`` are the parameters of one that is prepared, by name.
        """
        if not isinstance(select, Prepared):
            return list(self._execute(select).all())
        self.statements += 1
        try:
            return self._try(lambda: select.rows(self.source.driver, self.source.wire, values))
        except (psycopg.Error, sqlite3.Error) as error:
            raise _said(error, lost=bool(getattr(self.source.driver, "closed", False))) from error

    def _try(self, first: Callable[[], T]) -> T:
        """Do what may be the first that is sent; on another connection where that one turns out to be lost."""
        try:
            return first()
        except psycopg.OperationalError:
            if self.statements > 1 or self._another is None or not self.source.driver.closed:
                raise
            self.source = self._another()
            self.share(self._others)
            return first()

    def instant(self) -> int:
        """Return when the snapshot began by the database's clock, in UTC microseconds: nothing is sent for it."""
        return self._try(lambda: time.time_ns() // 1000 if self.source.wire is None else self.source.wire.instant())

    def stream(self, select: SelectBase) -> Iterator[AnyRow]:
        """Yield every row of a select in its order, with a few of them in memory at a time."""
        result = self._execute(select, yield_per=_AT_ONCE)
        try:
            yield from result
        finally:
            result.close()

    def one(self, select: SelectBase) -> AnyRow | None:
        """Return the only row, the first where there are several, or None."""
        rows = self.all(select)
        return rows[0] if rows else None

    def scalar(self, select: SelectBase) -> Any:
        """Return the first column of the only row, or None."""
        row = self.one(select)
        return row[0] if row is not None else None

    def cancel(self) -> None:
        """Stop the statement that is being executed, from another thread: it raises there.

        Until this is done the connection may be given to nobody else, whose statement would be stopped: see
        :meth:`abandon`. Where the database cannot be told nothing is stopped: tell it again.
        """
        driver: Any = self.source.driver
        if self.dialect == "postgresql":
            with suppress(psycopg.OperationalError):
                driver.cancel_safe(timeout=CANCELLING)
        else:
            driver.interrupt()

    def abandon(self) -> None:
        """Let nobody else have the connection: it ends when it is given back."""
        self.source.spoilt = True

    def _execute(self, select: SelectBase, **options: Any) -> CursorResult[Any]:
        if not isinstance(select, _SELECTS):
            raise TypeError(f"a reader takes a select() of SQLAlchemy Core, not {type(select).__name__}")
        self.statements += 1
        wire = self.source.wire
        while wire is not None and wire.in_flight and wire.others is not None:  # SQLAlchemy takes no second one
            wire.others.pause()
        connection = self._try(lambda: self.source.connection)
        if connection.invalidated:  # SQLAlchemy would take another, which knows nothing of the snapshot
            raise _said(psycopg.OperationalError("the connection is lost"), lost=True)
        return connection.execute(cast("Executable", select), execution_options=options)


def is_of_database(error: BaseException | None) -> bool:
    """Say whether the database does not answer, or is in the way; else whoever wrote the statement is."""
    said = getattr(error, "orig", error)
    if isinstance(said, sqlite3.Error):
        own = getattr(said, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        return isinstance(said, sqlite3.OperationalError) and own not in _OWN
    return isinstance(said, psycopg.OperationalError | psycopg.errors.SerializationFailure)


def _said(error: psycopg.Error | sqlite3.Error, *, lost: bool) -> Any:
    """Return an error as SQLAlchemy would say it, so that nobody has to know which way was taken."""
    return DBAPIError.instance("", None, error, Exception, connection_invalidated=lost)


def any_of(column: ColumnElement[Any], values: Iterable[Any] | BindParameter[Any]) -> ColumnElement[bool]:
    """Say that ``column`` is one of ``values``, in a statement whose text does not depend on how many they are.

    ``= ANY(array)`` on PostgreSQL, a JSON array on SQLite: one bound value, one prepared statement. A text that is no
    identifier is that of nobody: PostgreSQL would not even compare. In a select that is prepared they are a parameter.
    """
    if isinstance(values, BindParameter):
        return _AnyOf(column, bindparam(values.key, type_=_Many(column.type)))
    if isinstance(column.type, Id):
        values = filter(is_id, values)
    return _AnyOf(column, bindparam(None, list(values), type_=_Many(column.type)))


class _Many(TypeDecorator[list[Any]]):
    """A list of values as one bound value."""

    impl = Text
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(self.item) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: list[Any] | None, dialect: Dialect) -> Any:
        return value if value is None or dialect.name == "postgresql" else orjson.dumps(value).decode()


class _AnyOf(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True
    name = "any_of"

    def self_group(self, against: object = None) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """Stay as it is: SQLAlchemy would compare it with 1 on SQLite, which hides it from the indexes."""
        return self


@compiles(_AnyOf)
def _compile_any_of(element: _AnyOf, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(part, **options) for part in element.clauses)
    if compiler.dialect.name == "postgresql":
        return f"{column} = ANY ({values})"
    return f"{column} IN (SELECT value FROM json_each({values}))"
