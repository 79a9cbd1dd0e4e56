"""Selects that are built and compiled once, and whose rows come in columns.

SQLAlchemy's way from an expression to rows costs several times what the database takes for a small set: building the
expression and the key of its cache, and a converter in Python for each value. A prepared select pays for the first two
once, and its values are converted a column at a time. PostgreSQL sends the columns as JSON, which is read in one call,
and a column of identifiers as one text in it.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, ParamSpec, cast

import orjson
from attrs import frozen
from sqlalchemy import Boolean, Dialect, Integer, Select, String
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine

from corekit.clock import moment, moments
from corekit.db.types import Id, Json, Moment
from corekit.db.wire import Wire, array
from corekit.ids import is_id
from corekit.values import maker

P = ParamSpec("P")
Column = Sequence[Any]
Convert = Callable[[Any], Column]

VARIANTS = 256
"""Variants of one select that are kept."""
_DIGITS = b"0123456789abcdef"
_EACH_ID = 33
"""Characters of an identifier in a list of them, with the comma."""
_DIALECTS: dict[str, Dialect] = {
    "postgresql": cast("Any", psycopg.dialect)(paramstyle="numeric_dollar"),
    "sqlite": pysqlite.dialect(paramstyle="qmark"),
}
_PLAIN = (Integer, String)
_JSON = "json_agg(q.c{})"
_IDS = "string_agg(coalesce(encode(uuid_send(q.c{}::uuid), 'hex'), ''), ',')"
_LISTED: dict[type, str] = {Id: _IDS, NullType: "NULL"}
"""What makes a column of such a type a part of the document."""


def prepared(build: Callable[P, Select[Any] | Prepared]) -> Callable[P, Prepared]:
    """Make a function that builds a select return it prepared, once for each choice of its (hashable) arguments.

    ::

        @prepared
        def _tags(sorted_: bool) -> Select[Any]:
            found = select(tag.c.tag).where(any_of(tag.c.member_id, bindparam("ids")))
            return found.order_by(tag.c.tag) if sorted_ else found

        rows = read.all(_tags(True), ids=ids)
    """

    @lru_cache(maxsize=VARIANTS)
    def once(*arguments: Any) -> Prepared:
        built = build(*arguments)  # type: ignore[call-arg]  # the arguments of P, all by position
        return built if isinstance(built, Prepared) else Prepared(built)

    return cast("Callable[P, Prepared]", once)


class Prepared:
    """A select whose parameters are its ``bindparam``s, by name; :meth:`Reader.all` runs it.

    Its columns are whole numbers, texts, flags, and the types of :mod:`corekit.db.types`; TypeError for others. Its
    rows are ``of`` a class of named tuples that has these fields, or of one that is made for it.
    """

    def __init__(self, select: Select[Any], of: Callable[..., Any] | None = None) -> None:
        self.select = select
        self._forms: dict[str, _Form] = {}
        names = [column.key or "" for column in select.selected_columns]
        row = cast("Any", namedtuple)("Row", names, rename=True)  # noqa: PYI024 - columns name its fields
        self._make: Callable[[Iterable[Any]], Any] = maker(of or row)

    def rows(self, driver: Any, wire: Wire | None, values: Mapping[str, Any]) -> list[Any]:
        """Run it on a driver's connection, on PostgreSQL straight on libpq; return rows with an attribute per column.

        Raises what the driver raises.
        """
        columns = self._columns(driver, wire, values)
        return list(map(self._make, zip(*columns, strict=True)))

    def _columns(self, driver: Any, wire: Wire | None, values: Mapping[str, Any]) -> Sequence[Column]:
        """Run it, and return the values of each column; of no rows no columns."""
        dialect = "sqlite" if wire is None else "postgresql"
        form = self._forms.get(dialect) or self._compile(dialect)
        sent = form.parameters(values)
        found: list[Any]
        if wire is not None:
            found = wire.document(form.text, sent)
        else:
            found = list(zip(*driver.execute(form.text, sent), strict=True))
        if not found or found[form.read[0]] is None:
            return ()
        for index, convert in form.converts:
            found[index] = convert(found[index])
        for index in form.left_out:
            found[index] = [None] * len(found[form.read[0]])
        return found

    def _compile(self, name: str) -> _Form:
        dialect = _DIALECTS[name]
        compiled: Any = self.select.compile(dialect=dialect)
        types = dict(enumerate(column.type for column in self.select.selected_columns))
        left_out = [index for index, type_ in types.items() if isinstance(type_, NullType)]
        read = [index for index in types if index not in left_out]
        text: str = compiled.string
        if name == "postgresql":
            columns = ", ".join(f"c{index}" for index in types)
            listed = ", ".join(_LISTED.get(type(each), _JSON).format(index) for index, each in types.items())
            text = f"SELECT json_build_array({listed}) FROM ({text}) AS q ({columns})"
        converts = [(index, convert) for index in read if (convert := _convert(types[index], dialect))]
        form = _Form(text, _slots(compiled), converts, read, left_out, name == "postgresql")
        self._forms[name] = form
        return form


@frozen
class _Slot:
    """A place for a parameter in a statement's text: its name, or the value that it always has."""

    name: str
    fixed: Any
    is_ids: bool


@frozen
class _Form:
    """A select in the text of one dialect, and how its parameters and columns are converted.

    ``left_out`` are the places of columns in whose place ``null()`` is selected, ``read`` those of the others.
    """

    text: str
    slots: Sequence[_Slot]
    converts: Sequence[tuple[int, Convert]]
    read: Sequence[int]
    left_out: Sequence[int]
    on_wire: bool

    def parameters(self, values: Mapping[str, Any]) -> list[Any]:
        """Return the values in the order of the text; TypeError where one is missing."""
        try:
            return [self._written(slot, values[slot.name]) if slot.name else slot.fixed for slot in self.slots]
        except KeyError as missing:
            raise TypeError(f"the select wants {missing} as well") from missing

    def _written(self, slot: _Slot, value: Any) -> Any:
        if not self.on_wire:
            return _bound(ids(value) if slot.is_ids else value)
        # Identifiers need no quotes; there are many of them.
        return "{" + _joined(value) + "}" if slot.is_ids else _written(value)


def ids(values: Sequence[Any]) -> Sequence[str]:
    """Keep what has the form of an identifier: anything else is that of nobody, and PostgreSQL would not compare."""
    joined = _joined(values)
    return joined.split(",") if joined else []


def _joined(values: Sequence[Any]) -> str:
    """Return what has the form of an identifier, with commas between."""
    try:
        joined = ",".join(values)
        written, commas = joined.encode(), b"," * (len(values) - 1)
        between = written[_EACH_ID - 1 :: _EACH_ID]
        if len(written) == _EACH_ID * len(values) - 1 and between == written.translate(None, _DIGITS) == commas:
            return joined
    except (TypeError, UnicodeEncodeError):
        pass
    return ",".join(filter(is_id, values))


def _slots(compiled: SQLCompiler) -> list[_Slot]:
    slots: list[_Slot] = []
    write = _written if compiled.dialect.name == "postgresql" else _bound
    for key in compiled.positiontup or ():
        bind = compiled.binds[key]
        is_ids = isinstance(getattr(bind.type, "item", None), Id)
        slots.append(_Slot(bind.key if bind.required else "", write(bind.value), is_ids))
    return slots


def _written(value: Any) -> str | bytes | int | None:
    """Return a parameter as PostgreSQL reads it."""
    if isinstance(value, bool):
        return "t" if value else "f"
    if value is None or isinstance(value, str | int):
        return value
    return array([str(each) for each in value])


def _bound(value: Any) -> Any:
    """Return a parameter as SQLite takes it."""
    return value if value is None or isinstance(value, str | int) else orjson.dumps(value).decode()


# Columns


def _convert(type_: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """Return what makes values of what the driver gives for a column; None where that is the same."""
    on_wire = dialect.name == "postgresql"
    if isinstance(type_, Id):
        return _ids if on_wire else None
    if isinstance(type_, Moment):
        return _moments
    if isinstance(type_, TypeDecorator):
        if on_wire and isinstance(type_, Json) and type(type_).process_result_value is Json.process_result_value:
            return None  # a part of the document that was read
        return partial(_each, partial(type_.process_result_value, dialect=dialect))
    variant = type_.dialect_impl(dialect)
    if isinstance(variant, Boolean):
        return None if on_wire else partial(_each, _flag)
    if isinstance(variant, _PLAIN):
        return None
    raise TypeError(f"a prepared select has no columns of {type_!r}")


def _each(convert: Callable[[Any], Any], values: Column) -> Column:
    return list(map(convert, values))


def _flag(value: Any) -> bool | None:
    return None if value is None else bool(value)


def _moments(values: Column) -> Column:
    try:
        return moments(values)
    except TypeError:  # there is a null among them
        return [None if value is None else moment(value) for value in values]


def _ids(joined: str) -> Column:
    """Cut up a column of identifiers, which comes as one text with commas between; a null is nothing in it."""
    values = joined.split(",")
    if len(joined) == _EACH_ID * len(values) - 1:
        return values
    return [value or None for value in values]
