"""Reading: set-based selects in one snapshot, counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

import orjson
from sqlalchemy import (
    ARRAY,
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
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from corekit.db.types import Id
from corekit.ids import is_id

AnyRow = Row[*tuple[Any, ...]]
"""A row of any columns."""

_AT_ONCE = 1_000
"""Rows of a stream that are in memory."""
_SELECTS: tuple[type[SelectBase], ...] = (Select, CompoundSelect)


class Reader:
    """Reads one snapshot of the database; it cannot write.

    ``statements`` counts what was sent, so that a test can show that it does not grow with the number of rows.
    """

    def __init__(self, connection: Connection | Callable[[], Connection]) -> None:
        """Read through a connection whose transaction is read only (:meth:`Database.read` makes one).

        Instead of the connection, what makes it when the first statement is sent.
        """
        self._connect = connection if callable(connection) else lambda: connection
        self.statements = 0

    @property
    def dialect(self) -> str:
        """The name of the database's dialect."""
        return self._connection.dialect.name

    @property
    def _connection(self) -> Connection:
        return self._connect()

    def all(self, select: SelectBase) -> list[AnyRow]:
        """Return every row of a select of SQLAlchemy Core; TypeError for anything else."""
        return list(self._execute(select).all())

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

        Whoever gives the connection back waits until this is done, or another reader's statement would be stopped.
        """
        driver = self._connection.connection.driver_connection
        if driver is None:
            return
        if self.dialect == "postgresql":
            driver.cancel_safe()
        else:
            driver.interrupt()

    def _execute(self, select: SelectBase, **options: Any) -> CursorResult[Any]:
        if not isinstance(select, _SELECTS):
            raise TypeError(f"a reader takes a select() of SQLAlchemy Core, not {type(select).__name__}")
        self.statements += 1
        return self._connection.execute(cast("Executable", select), execution_options=options)


def any_of(column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """Say that ``column`` is one of ``values``, in a statement whose text does not depend on how many they are.

    ``= ANY(array)`` on PostgreSQL, a JSON array on SQLite: one bound value, one prepared statement. A text that is no
    identifier is that of nobody: PostgreSQL would not even compare.
    """
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
