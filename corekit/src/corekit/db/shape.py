"""From rows to frozen values: which column is which field of a class."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, ColumnElement, Dialect, FromClause, Row, type_coerce
from sqlalchemy.types import TypeDecorator

from corekit.clock import moment

V = TypeVar("V")


class Moment(TypeDecorator[datetime]):
    """An instant that is read as an aware datetime."""

    impl = BigInteger
    cache_ok = True

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Make the datetime."""
        return None if value is None else moment(value)


class Shape(Generic[V]):
    """Reads values of an attrs class: select :attr:`columns` first, then call it with a row.

    A field is the column of that name of ``tables``, or the one ``named`` for it; fields that are datetimes
    read instants as such.
    """

    def __init__(self, make: Callable[..., V], *tables: FromClause, **named: ColumnElement[Any]) -> None:
        known: dict[str, ColumnElement[Any]] = {c.name: c for table in reversed(tables) for c in table.c} | named
        described: Any = make
        types: dict[str, str] = {it.name: str(it.type) for it in described.__attrs_attrs__}
        self._make = make
        self.columns = tuple(
            (type_coerce(known[name], Moment) if "datetime" in kind else known[name]).label(name)
            for name, kind in types.items()
        )

    def __call__(self, row: Row[Any]) -> V:
        """Make the value of a row that begins with the columns."""
        return self._make(*row[: len(self.columns)])


def group(values: Iterable[V], by: str, keys: Iterable[str]) -> dict[str, list[V]]:
    """Return values by their field ``by``; a key that no value has gets an empty list."""
    found: dict[str, list[V]] = {key: [] for key in keys}
    for value in values:
        found.setdefault(getattr(value, by), []).append(value)
    return found
