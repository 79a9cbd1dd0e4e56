"""Inputs that are plainly right, read at once.

marshmallow takes a third of all that a purchase of ten lines takes over HTTP. So of each schema readers are made that
take what is right beyond doubt. At the first doubt marshmallow loads everything, and words what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import isfunction
from typing import Any, cast

from attrs import frozen
from marshmallow import RAISE, Schema, fields, missing

from corekit.validation import WholeNumber
from corekit_schema.inputs import AmountDigits, GlobalId, Input, Moment, plain

Read = Callable[[Any], Any]
"""Returns what a field makes of a value that is right; raises where it may not be."""


class _Doubt(Exception):
    """Whether the value is right is for marshmallow to say."""


def read_at_once(schema: Schema, data: Any) -> dict[str, Any] | None:
    """Return what ``schema``, made without arguments, makes of ``data`` if that is plainly right, else None."""
    reader = _reader(type(schema))
    if reader is None:
        return None
    try:
        return reader.read(data)
    except Exception:  # noqa: BLE001 - whatever is wrong, marshmallow says it
        return None


@frozen
class _Field:
    """A field: its name, how it reads a value, what then looks at that, and what stands where there is none."""

    name: str
    read: Read
    validators: Sequence[Callable[[Any], object]]
    required: bool
    default: Any


@frozen
class _Reader:
    """The fields of a schema, by the names that clients know them by."""

    fields: Mapping[str, _Field]

    def read(self, data: Any) -> dict[str, Any]:
        """Return what the schema makes of data."""
        if data.__class__ is not dict or not data.keys() <= self.fields.keys():
            raise _Doubt
        found: dict[str, Any] = {}
        for key, field in self.fields.items():
            if key in data:
                value = found[field.name] = field.read(data[key])
                for validate in field.validators:
                    validate(value)
            elif field.required:
                raise _Doubt
            elif field.default is not missing:
                found[field.name] = field.default() if callable(field.default) else field.default
        return found


_readers: dict[type[Schema], _Reader | None] = {}


def _reader(kind: type[Schema], above: tuple[type[Schema], ...] = ()) -> _Reader | None:
    """Return the reader of a schema; None where it does more than its fields, or one of them is not plain.

    ``above`` are the schemas of which it is a part: what is a part of itself is not plain.
    """
    if kind not in _readers:
        _readers[kind] = None if kind in above else _made(kind, (*above, kind))
    return _readers[kind]


def _made(kind: type[Schema], above: tuple[type[Schema], ...]) -> _Reader | None:
    own = [base for base in kind.__mro__ if not issubclass(Input, base)]
    if not issubclass(kind, Input) or any(isfunction(each) for base in own for each in vars(base).values()):
        return None
    schema: Any = kind()
    if not _is_whole(schema):
        return None
    made: dict[str, _Field] = {}
    for name, field in schema.load_fields.items():
        read = _read_of(field, above)
        if read is None or field.pre_load or field.post_load or field.attribute is not None:
            return None
        made[field.data_key or name] = _Field(name, read, tuple(field.validators), field.required, field.load_default)
    return _Reader(made)


def _is_whole(schema: Any) -> bool:
    """Say whether a schema takes all of its fields, no others, and one document."""
    return not (schema.only or schema.exclude or schema.partial or schema.many) and schema.unknown == RAISE


def _read_of(field: Any, above: tuple[type[Schema], ...]) -> Read | None:
    """Return how a field reads a value; None where that is not known."""
    kind: type = field.__class__
    if kind in _OWN:
        return cast("Read", field._deserialize)  # noqa: SLF001 - of our own fields, which ask for nothing else
    if kind is fields.List:
        return _list_of(field.inner, above)
    if kind is fields.Nested and not (field.only or field.exclude or field.unknown) and _is_whole(field.schema):
        inner = _reader(field.schema.__class__, above)
        return None if inner is None else _listed(inner.read) if field.many else inner.read
    if kind is fields.Boolean and (field.truthy, field.falsy) != (_BOOLEAN.truthy, _BOOLEAN.falsy):
        return None
    return _READS.get(kind)


def _list_of(inner: Any, above: tuple[type[Schema], ...]) -> Read | None:
    read = _read_of(inner, above)
    if read is None or inner.validators or inner.pre_load or inner.post_load:
        return None
    return _listed(read)


def _listed(read: Read) -> Read:
    def read_all(value: Any) -> list[Any]:
        return [read(each) for each in _exactly(list)(value)]

    return read_all


def _exactly(kind: type) -> Read:
    """Return what takes values of a class and of none below it."""

    def read(value: Any) -> Any:
        if value.__class__ is not kind:
            raise _Doubt
        return value

    return read


def _whole(value: Any) -> Any:
    if value.__class__ is not int or not -(2**63) <= value < 2**63:
        raise _Doubt
    return value


def _anything(value: Any) -> Any:
    """Copy what was sent: whoever gets it may change it."""
    if value is None:
        raise _Doubt
    return plain(value)


_BOOLEAN: Any = fields.Boolean
_OWN = {AmountDigits, GlobalId, Moment}
_READS: Mapping[type, Read] = {
    WholeNumber: _whole,
    fields.Boolean: _exactly(bool),
    fields.Raw: _anything,
    fields.String: _exactly(str),
}
