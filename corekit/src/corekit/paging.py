"""Pages of a list by keyset: a cursor names the row it stands at, and no row before it is counted again."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, NamedTuple, TypedDict, TypeVar

import orjson
from attrs import frozen
from sqlalchemy import ColumnElement, Select, bindparam, func, select, tuple_

from corekit.db.reader import Reader
from corekit.db.types import Whole
from corekit.declares import ErrorText
from corekit.errors import Invalid, Problem
from corekit.ids import is_id
from corekit.values import maker

__all__ = ["Ask", "Key", "Name", "Page", "Span"]

T = TypeVar("T")
V = TypeVar("V")
Key = tuple[Any, ...]

PAGE = 50
"""Items of a page where nothing is said."""
MOST_ITEMS = 1_000
"""Items of the longest page."""
MOST: ColumnElement[int] = bindparam("most", type_=Whole)
"""How many rows a page reads, as a parameter."""
_ANY_SEQ = 2**62

ERRORS = (
    ErrorText("CURSOR", "This cursor was not given by this list.", "游标不属于此列表。"),
    ErrorText("PAGE_SIZE", "Ask for the first or the last 1 to {most} items.", "每页 1 至 {most} 条。"),
)
"""The codes of what can be wrong with a question for a page."""


def check_size(size: int, name: str = "first") -> int:
    """Return how many items are asked for; raises :class:`Invalid` (``PAGE_SIZE``) where that is no page."""
    if not 1 <= size <= MOST_ITEMS:
        text, parameters = ERRORS[1], {"most": MOST_ITEMS}
        message = text.en.format(**parameters)
        raise Invalid([Problem(code=text.code, message=message, path=(name,), parameters=parameters)])
    return size


class Name(str):
    """The kind of a key that is a name, whatever is written in it; ``str`` is that of an id."""

    __slots__ = ()


class Page(NamedTuple, Generic[T]):
    """A part of a list in the list's own order.

    ``key`` says of each of the ``rows`` that were read where it stands in the list, once somebody wants to know.
    ``total`` is how many items the whole list has, whatever the page; None where it was not asked for.
    """

    items: tuple[T, ...] = ()
    rows: Sequence[Any] = ()
    key: Callable[[Any], Key] = tuple
    has_next: bool = False
    has_previous: bool = False
    total: int | None = None

    def map(self, change: Callable[[T], V]) -> Page[V]:
        """Return the same page of other items."""
        return Page(tuple(map(change, self.items)), *self[1:])

    @property
    def cursors(self) -> list[str]:
        """The cursor of each item."""
        return [_cursor(self.key(row)) for row in self.rows]

    @property
    def told(self) -> dict[str, Any]:
        """The page as the command line shows it."""
        names = ("items", "cursors", "has_next", "has_previous")
        return {name: getattr(self, name) for name in names}

    @property
    def start(self) -> str | None:
        """The cursor of the first item; None where there is none."""
        return _cursor(self.key(self.rows[0])) if self.rows else None

    @property
    def end(self) -> str | None:
        """The cursor of the last item; None where there is none."""
        return _cursor(self.key(self.rows[-1])) if self.rows else None


_page: Callable[[Iterable[Any]], Page[Any]] = maker(Page)


class Ask(TypedDict, total=False):
    """Which page is wanted, as Relay's connections ask: the first or the last so many, after or before a cursor.

    ``total`` has the whole list counted as well.
    """

    first: int | None
    after: str | None
    last: int | None
    before: str | None
    total: bool


class Form(NamedTuple):
    """How a part of a list is read, whatever its size and bounds: a prepared select is the same for all of a form.

    ``after`` and ``before`` say that there is such a bound. The list rises with its keys, or is ``falling``; it is read
    ``backward`` from its end.
    """

    backward: bool
    after: bool
    before: bool
    falling: bool

    def select(
        self,
        statement: Select[Any],
        columns: Sequence[ColumnElement[Any]],
        most: ColumnElement[int] = MOST,
    ) -> Select[Any]:
        """Return the statement with a part of its rows, by unique ``columns``; :attr:`Span.values` are its parameters.

        Who limits the rows later can read up to ``most`` here. Read from the end, the rows come in the opposite order:
        :meth:`Span.page` puts them right.
        """
        keys: ColumnElement[Any] = tuple_(*columns)
        for name, given in (("after", self.after), ("before", self.before)):
            if given:
                bound = tuple_(*(bindparam(f"{name}_{no}", type_=column.type) for no, column in enumerate(columns)))
                above = (name == "after") != self.falling
                statement = statement.where(keys > bound if above else keys < bound)
        return statement.order_by(*self.order(columns)).limit(most)

    def order(self, columns: Sequence[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
        """Return the order in which rows are read."""
        return [column.desc() if self.backward != self.falling else column for column in columns]


@frozen
class Span:
    """Which part of a list is wanted: ``size`` items from its beginning, or ``backward`` from its end.

    The list rises with its keys, or is ``falling``. ``counted`` says that its total is wanted, too.
    """

    size: int
    backward: bool
    after: Key | None
    before: Key | None
    falling: bool = False
    counted: bool = False

    @classmethod
    def of(cls, ask: Ask, *kinds: type, falling: bool = False) -> Span:
        """Read the arguments of a connection; ``kinds`` are the types of the list's keys.

        Raises :class:`Invalid` (``PAGE_SIZE``, ``CURSOR``).
        """
        first, last = ask.get("first"), ask.get("last")
        asked = first if last is None else last if first is None else 0
        size = check_size(PAGE if asked is None else asked, "first" if last is None else "last")
        after, before = _read("after", ask.get("after"), kinds), _read("before", ask.get("before"), kinds)
        return cls(size, last is not None, after, before, falling, ask.get("total", False))

    @property
    def form(self) -> Form:
        """How this part is read."""
        return Form(self.backward, self.after is not None, self.before is not None, self.falling)

    @property
    def values(self) -> dict[str, Any]:
        """The parameters of what :meth:`Form.select` returns: one row more is read than is wanted."""
        bounds = (("after", self.after), ("before", self.before))
        return {"most": self.size + 1} | {
            f"{name}_{no}": part for name, key in bounds if key is not None for no, part in enumerate(key)
        }

    def select(self, statement: Select[Any], columns: Sequence[ColumnElement[Any]]) -> Select[Any]:
        """Return a statement that is built each time with this part of its rows, by unique ``columns``."""
        return self.form.select(statement, columns).params(self.values)

    def total(self, read: Reader, statement: Select[Any]) -> int | None:
        """Return how many rows such a statement has, whatever the span; None where that is not wanted."""
        if not self.counted:
            return None
        number: int = read.scalar(select(func.count()).select_from(statement.subquery()))
        return number

    def page(
        self, rows: Sequence[V], key: Callable[[V], Key], total: int | None = None, *, more: bool | None = None
    ) -> Page[V]:
        """Make a page of the rows that were read; where it is not known whether there are ``more``, of one too many."""
        if more is None:
            more = len(rows) > self.size
            rows = rows[: self.size]
        if self.backward:
            items = tuple(rows[::-1])
            return _page((items, items, key, self.before is not None, more, total))
        items = tuple(rows)
        return _page((items, items, key, more, self.after is not None, total))


def _cursor(key: Key) -> str:
    return urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def _read(name: str, cursor: object, kinds: tuple[type, ...]) -> Key | None:
    if cursor is None:
        return None
    try:
        text = str(cursor)
        loaded: Any = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        key: Key = tuple(loaded)
        fits = all(_fits(value, kind) for value, kind in zip(key, kinds, strict=True))
    except (ValueError, TypeError):
        fits, key = False, ()
    if not fits:
        raise Invalid([Problem(code=ERRORS[0].code, message=ERRORS[0].en, path=(name,))])
    return key


def _fits(value: Any, kind: type) -> bool:
    """Say whether a part of a cursor is of its kind, so that no database meets anything else."""
    if kind is Name:
        return isinstance(value, str) and "\0" not in value
    return is_id(value) if kind is str else type(value) is int and 0 <= value < _ANY_SEQ
