"""marshmallow in, graphene out: the input type of a mutation is derived from the schema that loads it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import Enum
from functools import partial
from typing import Any, cast

import graphene
from graphene.utils.str_converters import to_camel_case
from marshmallow import Schema, fields, pre_load, validate

from corekit import Kit
from corekit.clock import FIRST_INSTANT, LAST_INSTANT, micros
from corekit.declares import ErrorText
from corekit.ids import new_id
from corekit.members.measured import Measured, measured
from corekit.validation import WholeNumber, coded, load
from corekit_schema.ids import local_id
from corekit_schema.scalars import JSON, DateTime, Digits

LARGEST = 2**63 - 1
"""The largest whole number that a database column holds."""


ERRORS = (ErrorText("ID_INVALID", "This is no id of a {type}.", "不是 {type} 的编号。"),)
"""The codes of what can be wrong with an input beyond what the core says."""


class Input(Schema):
    """The base of schemas of mutations: its docstring and its fields' ``description`` stand in the GraphQL schema.

    A field is known to clients by its camel-case name. Errors carry that name in their path.
    """

    def on_bind_field(self, field_name: str, field_obj: Any) -> None:
        """Name the field as GraphQL does."""
        field_obj.data_key = field_obj.data_key or to_camel_case(field_name)

    @pre_load
    def leave_out_nulls(self, data: Any, **_: Any) -> Any:
        """Take null for what may be left out as left out, as GraphQL's clients mean it."""
        sent = cast("dict[str, Any]", data)
        if None not in sent.values():
            return sent
        keep = {key for key, field in fields_by_key(self).items() if field.required or field.allow_none}
        return {key: value for key, value in sent.items() if value is not None or key in keep}


def fields_by_key(schema: Schema) -> dict[str, Any]:
    """Return the fields of a schema by the names that clients know them by."""
    load_fields: dict[str, Any] = cast("Any", schema).load_fields
    return {field.data_key or name: field for name, field in load_fields.items()}


class GlobalId(fields.Field[str]):
    """A global id of one type; loads as the identifier behind it."""

    def __init__(self, type_name: str, **options: Any) -> None:
        cast("Any", super()).__init__(**options)
        self.type_name = type_name

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        found = local_id(self.type_name, value) if isinstance(value, str) else None
        if found is None:
            raise coded("ID_INVALID", f"This is no id of a {self.type_name}.", type=self.type_name)
        return found


class AmountDigits(fields.Field[int]):
    """An amount in minor units as a string of digits; loads as an integer."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        digits = value.removeprefix("-") if isinstance(value, str) else ""
        if not (digits.isascii() and digits.isdigit()):
            message = "An amount is a whole number of minor units, written as a string of digits."
            raise coded("AMOUNT_NOT_WHOLE", message)
        # Longer texts are out of range whatever they say, and costly to turn into numbers.
        number = int(cast("str", value)) if len(digits) <= len(str(LARGEST)) else LARGEST + 1
        if abs(number) > LARGEST:
            least, most = str(-LARGEST), str(LARGEST)
            raise coded("AMOUNT_RANGE", f"An amount lies between {least} and {most}.", least=least, most=most)
        return number


class Moment(fields.Field[dt.datetime]):
    """An instant in ISO 8601 with an offset; loads as an aware datetime."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> dt.datetime:
        try:
            moment = dt.datetime.fromisoformat(value)
        except (TypeError, ValueError):
            message = "Give the time in ISO 8601, such as 2026-03-01T09:30:00+00:00."
            raise coded("TYPE", message, expected="datetime") from None
        if moment.tzinfo is None:
            raise coded("TIME_ZONE_MISSING", "Give the time with its zone.")
        if not FIRST_INSTANT <= micros(moment) <= LAST_INSTANT:
            raise coded("TIME_RANGE", "The time is out of the range that can be recorded.")
        return moment


class _AsOf(Schema):
    at = Moment(load_default=None, allow_none=True)


def as_of(at: Any) -> dt.datetime | None:
    """Return the instant that the argument ``at`` of a field says, or None; ``Invalid`` where it says none."""
    return None if at is None else cast("dict[str, dt.datetime | None]", load(_AsOf(), {"at": at}))["at"]


class _Bounds(Schema):
    least = AmountDigits(load_default=None, allow_none=True)
    most = AmountDigits(load_default=None, allow_none=True)


def metric_range(kit: Kit, metric: str, window: str, **bounds: Any) -> Measured:
    """Return the range of a metric that a filter asks for; ``Invalid`` where it asks for none."""
    return measured(kit, metric, window, **cast("dict[str, int | None]", load(_Bounds(), bounds)))


def idempotency_key() -> fields.Field[str]:
    """Return the field that everything which moves value has; left out, each request is a new one."""
    return fields.String(
        load_default=new_id,
        validate=validate.Length(min=1, max=200),
        metadata={"description": "Sent again with the same key, the mutation answers what it answered first."},
    )


_SCALARS: Mapping[type[fields.Field[Any]], Any] = {
    AmountDigits: Digits,
    GlobalId: graphene.ID,
    Moment: DateTime,
    WholeNumber: graphene.Int,
    fields.Boolean: graphene.Boolean,
    fields.Date: graphene.String,
    fields.Decimal: graphene.String,
    fields.Dict: JSON,
    fields.Float: graphene.Float,
    fields.Integer: graphene.Int,
    fields.Raw: JSON,
    fields.String: graphene.String,
    fields.UUID: graphene.ID,
}
"""What the values of which field are in GraphQL; the nearest class of a field's ancestry counts."""

_types: dict[type[Schema], type[graphene.InputObjectType]] = {}
_enums: dict[type[Enum], type[graphene.Enum]] = {}


def input_type(schema: type[Schema]) -> type[graphene.InputObjectType]:
    """Return the input type of a schema: ``PointsAdjustSchema`` becomes ``PointsAdjustInput``."""
    if schema not in _types:
        # Keyed by the name that clients know, so that what they sent reaches the schema under that name.
        members = {
            name: graphene.InputField(
                partial(_type_of, field),
                name=name,
                required=field.required and not field.allow_none,
                description=_description(field),
            )
            for name, field in fields_by_key(schema()).items()
        }
        name = f"{schema.__name__.removesuffix('Schema').removesuffix('Input')}Input"
        meta = {"container": dict}  # graphene's own sets each field as an attribute, also one called "items"
        namespace = {"__doc__": schema.__doc__, "__module__": schema.__module__, "Meta": meta, **members}
        _types[schema] = type(name, (graphene.InputObjectType,), namespace)
    return _types[schema]


def _type_of(field: Any) -> Any:
    if isinstance(field, fields.Nested):
        nested = input_type(type(field.schema))
        return graphene.List(graphene.NonNull(nested)) if field.many else nested
    if isinstance(field, fields.List):
        inner: Any = cast("Any", field).inner
        return graphene.List(_type_of(inner) if inner.allow_none else graphene.NonNull(_type_of(inner)))
    if isinstance(field, fields.Enum):
        enum: type[Enum] = cast("Any", field).enum
        return _enums.setdefault(enum, graphene.Enum.from_enum(enum))
    for ancestor in type(field).__mro__:
        if ancestor in _SCALARS:
            return _SCALARS[ancestor]
    raise TypeError(f"There is no GraphQL type for {type(field).__name__}; use a field that derives from a known one.")


def _description(field: Any) -> str | None:
    notes = [str(field.metadata["description"])] if "description" in field.metadata else []
    for validator in field.validators:
        if isinstance(validator, validate.OneOf):
            choices: list[Any] = list(cast("Any", validator).choices)
            notes.append(f"One of {', '.join(f'`{choice}`' for choice in choices)}.")
        elif isinstance(validator, validate.Length) and validator.max is not None:
            notes.append(f"At most {validator.max} characters or items.")
    return " ".join(notes) or None


def plain(value: Any) -> Any:
    """Return what a client sent with enums by name, as marshmallow reads them."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [plain(part) for part in value]  # pyright: ignore[reportUnknownVariableType] - as it was sent
    return value.name if isinstance(value, Enum) else value
