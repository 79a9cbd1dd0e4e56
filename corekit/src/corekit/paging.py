"""Pages of a list by keyset: a cursor names the row it stands at, and no row before it is counted again."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypedDict, TypeVar

import orjson
from attrs import frozen
from sqlalchemy import ColumnElement, Row, Select, Table, and_, func, literal, select, tuple_

from corekit.db.reader import Reader, any_of
from corekit.declares import ErrorText
from corekit.errors import Invalid, Problem
from corekit.ids import is_id

T = TypeVar("T")
V = TypeVar("V")
Key = tuple[Any, ...]

PAGE = 50
"""Items of a page where nothing is said."""
MOST_ITEMS = 1_000
"""Items of the longest page."""
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


@frozen
class Page(Generic[T]):
    """A part of a list in the list's own order, with a cursor for each item."""

    items: tuple[T, ...] = ()
    cursors: tuple[str, ...] = ()
    has_next: bool = False
    has_previous: bool = False

    def map(self, change: Callable[[T], V]) -> Page[V]:
        """Return the same page of other items."""
        return Page(tuple(map(change, self.items)), self.cursors, self.has_next, self.has_previous)


class Ask(TypedDict, total=False):
    """Which page is wanted, as Relay's connections ask: the first or the last so many, after or before a cursor."""

    first: int | None
    after: str | None
    last: int | None
    before: str | None


@frozen
class Span:
    """Which part of a list is wanted: ``size`` items from its beginning, or ``backward`` from its end.

    The list rises with its keys, or is ``falling``.
    """

    size: int
    backward: bool
    after: Key | None
    before: Key | None
    falling: bool = False

    @classmethod
    def of(cls, ask: Ask, *kinds: type, falling: bool = False) -> Span:
        """Read the arguments of a connection; ``kinds`` are the types of the list's keys.

        Raises :class:`Invalid` (``PAGE_SIZE``, ``CURSOR``).
        """
        first, last = ask.get("first"), ask.get("last")
        size = next((given for given in (first, last) if given is not None), PAGE)
        check_size(0 if first is not None and last is not None else size, "first" if last is None else "last")
        after, before = (_read(name, ask.get(name), kinds) for name in ("after", "before"))
        return cls(size, last is not None, after, before, falling)

    def select(self, statement: Select[Any], columns: Sequence[ColumnElement[Any]]) -> Select[Any]:
        """Return the statement with this part of its rows, and one more, by unique ``columns``.

        Read from the end, the rows come in the opposite order: :meth:`page` puts them right.
        """
        keys: ColumnElement[Any] = tuple_(*columns)
        above, below = (self.before, self.after) if self.falling else (self.after, self.before)
        if above is not None:
            statement = statement.where(keys > _bound(above, columns))
        if below is not None:
            statement = statement.where(keys < _bound(below, columns))
        return statement.order_by(*self.order(columns)).limit(self.size + 1)

    def order(self, columns: Sequence[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
        """Return the order in which rows are read."""
        return [column.desc() if self.backward != self.falling else column for column in columns]

    def page(self, rows: Sequence[V], key: Callable[[V], Key]) -> Page[V]:
        """Make a page of the rows that were read, of which there may be one more than wanted."""
        more, rows = len(rows) > self.size, rows[: self.size]
        ordered = tuple(reversed(rows)) if self.backward else tuple(rows)
        cursors = tuple(urlsafe_b64encode(orjson.dumps(key(row))).decode().rstrip("=") for row in ordered)
        beyond = (self.before if self.backward else self.after) is not None
        return Page(ordered, cursors, *((beyond, more) if self.backward else (more, beyond)))


@frozen
class Newest:
    """Lists of rows by falling sequence number, one per owner: a member's activities, an account's entries.

    The rows of ``table`` are numbered by ``seq`` without gaps per ``owner`` (a column of it), and the owner's
    row in ``top`` knows the last number.
    """

    table: Table
    owner: ColumnElement[Any]
    top: Table

    def pages(
        self,
        read: Reader,
        statement: Select[Any],
        by: str,
        owners: Iterable[str],
        span: Span,
        *where: ColumnElement[bool],
    ) -> dict[str, Page[Row[Any]]]:
        """Return the page of each owner, in one statement; the rows have the owner under the name ``by``.

        Without a condition a page is a range of numbers below the owner's last: on both databases the index
        yields just these rows. With ``where`` the rows of one owner are read until enough are found; of many
        they are ranked.
        """
        wanted, seq = list(dict.fromkeys(owners)), self.table.c.seq
        order = seq if span.backward else seq.desc()
        between = [seq > (span.before[0] if span.before else 0)] + ([seq < span.after[0]] if span.after else [])
        if not where:
            # Asked of the table that owns, so that it leads and each owner is one look into the index.
            statement = statement.join(self.top, self.top.c.id == self.owner).where(any_of(self.top.c.id, wanted))
            statement = statement.where(*between, self._near(span))
        else:
            keys = select(self.owner.label("owner"), seq.label("seq")).where(*where, *between)
            if len(wanted) == 1:
                chosen = keys.where(self.owner == wanted[0]).order_by(order).limit(span.size + 1).subquery()
            else:
                rank = func.row_number().over(partition_by=self.owner, order_by=order).label("rank")
                ranked = keys.where(any_of(self.owner, wanted)).add_columns(rank).subquery()
                chosen = select(ranked.c.owner, ranked.c.seq).where(ranked.c.rank <= span.size + 1).subquery()
            statement = statement.join(chosen, and_(chosen.c.owner == self.owner, chosen.c.seq == seq))
        rows: dict[str, list[Row[Any]]] = {key: [] for key in wanted}
        for row in read.all(statement.order_by(self.owner, order)):
            rows[getattr(row, by)].append(row)
        return {key: span.page(found, lambda row: (row.seq,)) for key, found in rows.items()}

    def _near(self, span: Span) -> ColumnElement[bool]:
        """Keep the numbers of a span, and one more: from the highest downward, or from the lowest upward."""
        seq = self.table.c.seq
        if span.backward:
            return seq <= (span.before[0] if span.before else 0) + span.size + 1
        return seq >= (literal(span.after[0]) if span.after else self.top.c.seq + 1) - span.size - 1


def _bound(key: Key, columns: Sequence[ColumnElement[Any]]) -> ColumnElement[Any]:
    return tuple_(*(literal(value, column.type) for value, column in zip(key, columns, strict=True)))


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
    return is_id(value) if kind is str else type(value) is int and 0 <= value < _ANY_SEQ
