"""From rows to frozen values: which column is which field of a class."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from operator import attrgetter
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, FromClause, Row, null, type_coerce

from corekit.db.types import Moment
from corekit.values import is_named_tuple

V = TypeVar("V")


class Shape(Generic[V]):
    """Reads values of an attrs class or a named tuple: select :attr:`columns` first, then call it with a row.

    A field is the column of that name of ``tables``, or the one ``named`` for it; fields that are datetimes
    read instants as such. The fields that are ``always`` read are those that reads themselves look at.
    """

    def __init__(
        self,
        make: Callable[..., V],
        *tables: FromClause,
        always: Collection[str] = (),
        **named: ColumnElement[Any],
    ) -> None:
        known: dict[str, ColumnElement[Any]] = {c.name: c for table in reversed(tables) for c in table.c} | named
        types = {name: str(kind) for name, kind in _annotations(make)}
        self._make: Callable[..., V] = make
        self.columns = tuple(
            (type_coerce(known[name], Moment) if "datetime" in kind else known[name]).label(name)
            for name, kind in types.items()
        )
        self._optional = frozenset(types).difference(always)

    def left_out(self, only: Collection[str] | None) -> frozenset[str]:
        """Return which fields need not be read where ``only`` some are looked at; None: any may be."""
        return frozenset() if only is None else self._optional.difference(only)

    def columns_but(self, left_out: Collection[str]) -> tuple[ColumnElement[Any], ...]:
        """Return the columns, with nothing in place of those that are left out."""
        return tuple(null().label(each.name) if each.name in left_out else each for each in self.columns)

    def __call__(self, row: Row[Any]) -> V:
        """Make the value of a row that begins with the columns."""
        return self._make(*row[: len(self.columns)])


def _annotations(make: Any) -> Iterator[tuple[str, object]]:
    if is_named_tuple(make):
        yield from make.__annotations__.items()
    else:
        yield from ((it.name, it.type) for it in make.__attrs_attrs__)


def group(values: Iterable[V], by: str, keys: Iterable[str]) -> dict[str, list[V]]:
    """Return values by their field ``by``; a key that no value has gets an empty list."""
    found: dict[str, list[V]] = {key: [] for key in keys}
    each = list(values)
    for key, value in zip(map(attrgetter(by), each), each, strict=True):
        try:
            found[key].append(value)
        except KeyError:
            found[key] = [value]
    return found
