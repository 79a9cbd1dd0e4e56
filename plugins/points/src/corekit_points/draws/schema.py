"""``[[points.draws]]`` as it is written in the program."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, cast

from marshmallow import Schema, fields, validate

from corekit import Exact

_MOST = 10**12
_MOST_WEIGHT = 10**9
_code = validate.Regexp(r"[a-z][a-z0-9_-]{0,39}\Z", error="{input!r} is no name; use a-z, 0-9, _ and -.")


def _named() -> Any:
    return fields.String(load_default=None, validate=validate.Length(1, 200))


class _GivesSchema(Schema):
    activity = fields.String(required=True)
    payload = fields.Dict(keys=fields.String(), load_default=dict)


class _PrizeSchema(Schema):
    id = fields.String(required=True, validate=_code)
    name = _named()
    weight = fields.Integer(strict=True, required=True, validate=validate.Range(1, _MOST_WEIGHT))
    points = Exact(load_default=Fraction(0), least=0, most=_MOST)
    gives = fields.Nested(_GivesSchema, load_default=None)
    stock = fields.Integer(strict=True, load_default=None, validate=validate.Range(0, _MOST))
    rank = fields.String(load_default=None, validate=_code, data_key="class")


class _GuaranteeSchema(Schema):
    rank = fields.String(required=True, validate=_code, data_key="class")
    by = fields.Integer(strict=True, required=True, validate=validate.Range(1, 10**6))


class _LimitsSchema(Schema):
    day = fields.Integer(strict=True, load_default=None, validate=validate.Range(1, 10**6))
    month = fields.Integer(strict=True, load_default=None, validate=validate.Range(1, 10**6))
    year = fields.Integer(strict=True, load_default=None, validate=validate.Range(1, 10**6))
    total = fields.Integer(strict=True, load_default=None, validate=validate.Range(1, 10**6))


class DrawSchema(Schema):
    """A draw."""

    id = fields.String(required=True, validate=_code)
    name = _named()
    version = fields.Integer(strict=True, load_default=1, validate=validate.Range(1, 10**6))
    currency = fields.String(load_default="points")
    price = Exact(load_default=Fraction(0), least=0, most=_MOST)
    per = fields.String(load_default="day", validate=validate.OneOf(("day", "month", "year")))
    prizes: Any = cast("Any", fields.List)(fields.Nested(_PrizeSchema), required=True, validate=validate.Length(1, 100))
    guarantee = fields.Nested(_GuaranteeSchema, load_default=None)
    limits = fields.Nested(_LimitsSchema, load_default=lambda: cast("Any", _LimitsSchema()).load({}))
    ladder = fields.String(load_default=None)
    min_tier = fields.String(load_default=None)
    during = fields.List(fields.String(validate=validate.Length(1, 200)), load_default=list)
