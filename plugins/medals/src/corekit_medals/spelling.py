"""What the databases write otherwise: days on the program's clock, months, and what stands in documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any, Literal
from typing import cast as typed

from sqlalchemy import ColumnElement, Integer, Text, case, literal, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from corekit import micros

_DAY = 86_400_000_000
Columns = ColumnElement[Any]


def local_day(zone: tzinfo, until: int) -> Callable[[Columns], Columns]:
    """Return what makes of a column with instants the number of the day on the program's clock."""
    changes = _changes(zone, datetime.fromtimestamp(until // 1_000_000, UTC).year + 1)
    return lambda instant: (instant + _offset(instant, changes)) // _DAY


def _offset(instant: Columns, changes: Sequence[tuple[int, int]]) -> Any:
    """Return how far the program's clock is ahead, the newest change first."""
    whens = [(instant >= at, offset) for at, offset in reversed(changes[1:])]
    return case(*whens, else_=changes[0][1]) if whens else literal(changes[0][1])


@lru_cache(maxsize=16)
def _changes(zone: tzinfo, last: int) -> list[tuple[int, int]]:
    """Return from which instant on the clock is how far ahead of UTC, in microseconds, from 1970 to a year."""

    def ahead(at: datetime) -> timedelta:
        return at.astimezone(zone).utcoffset() or timedelta()

    at, end, day = datetime(1970, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC), timedelta(days=1)
    found = [(micros(at), ahead(at))]
    while at < end:
        low, high = at, at + day
        if ahead(high) != found[-1][1]:
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
                low, high = (low, middle) if ahead(middle) != found[-1][1] else (middle, high)
            found.append((micros(high), ahead(high)))
        at += day
    return [(instant, offset // timedelta(microseconds=1)) for instant, offset in found]


class _NumberOf(FunctionElement[int]):
    """The number of the month that holds a day, twelve for each year; or that of the day within it."""

    type = Integer()
    inherit_cache = True
    name = "number_of"


def number_of(day: Columns, what: Literal["month", "day"]) -> Columns:
    """Return the number of the month that holds a day, twelve for each year, or that of the day within the month."""
    number: Columns = typed("Any", _NumberOf)(day, literal_column(f"'{what}'"))
    return number


@compiles(_NumberOf, "sqlite")
def _number_of_sqlite(element: _NumberOf, compiler: Any, **options: Any) -> str:
    day, what = (compiler.process(part, **options) for part in element.clauses)
    parts = [f"CAST(strftime('{part}', ({day}) * 86400, 'unixepoch') AS INTEGER)" for part in ("%Y", "%m", "%d")]
    return parts[2] if what == "'day'" else f"({parts[0]} * 12 + {parts[1]} - 1)"


@compiles(_NumberOf, "postgresql")
def _number_of_postgresql(element: _NumberOf, compiler: Any, **options: Any) -> str:
    day, what = (compiler.process(part, **options) for part in element.clauses)
    on = f"(DATE '1970-01-01' + CAST({day} AS integer))"
    number = (
        f"extract(day FROM {on})" if what == "'day'" else f"extract(year FROM {on}) * 12 + extract(month FROM {on}) - 1"
    )
    return f"CAST({number} AS integer)"


class JsonText(FunctionElement[str]):
    """A field of a document, as JSON writes it."""

    type = Text()
    inherit_cache = True
    name = "json_text"


@compiles(JsonText, "sqlite")
def _json_text_sqlite(element: JsonText, compiler: Any, **options: Any) -> str:
    document, name = (compiler.process(part, **options) for part in element.clauses)
    return f"({document} -> ('$.\"' || {name} || '\"'))"


@compiles(JsonText, "postgresql")
def _json_text_postgresql(element: JsonText, compiler: Any, **options: Any) -> str:
    document, name = (compiler.process(part, **options) for part in element.clauses)
    return f"CAST({document} -> {name} AS text)"


class Mentions(FunctionElement[bool]):
    """Whether a list of texts has one, as JSON writes it."""

    inherit_cache = True
    name = "mentions"


@compiles(Mentions, "sqlite")
def _mentions_sqlite(element: Mentions, compiler: Any, **options: Any) -> str:
    texts, wanted = (compiler.process(part, **options) for part in element.clauses)
    return f"(instr({texts}, {wanted}) > 0)"


@compiles(Mentions, "postgresql")
def _mentions_postgresql(element: Mentions, compiler: Any, **options: Any) -> str:
    texts, wanted = (compiler.process(part, **options) for part in element.clauses)
    return f"(strpos(CAST({texts} AS text), {wanted}) > 0)"
