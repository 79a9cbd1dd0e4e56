"""``[[points.rewards]]`` and ``[points.pay]`` of the program file, as they are written."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, cast

from marshmallow import Schema, fields, validate

from corekit import Exact
from corekit_points.written import CODE, Day

_MOST = 10**12
_LANGUAGE = validate.Regexp(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z", error="{input!r} is no language; write en or zh.")
_URL = validate.URL(schemes={"https", "http"}, error="{input!r} is no address; begin it with https://.")


def _count() -> Any:
    return fields.Integer(strict=True, load_default=None, validate=validate.Range(1, 10**6))


class WordsSchema(Schema):
    """What a reward is called in a language."""

    name = fields.String(required=True, validate=validate.Length(1, 200))
    description = fields.String(load_default="", validate=validate.Length(max=5_000))


class RewardLimitsSchema(Schema):
    """How many a member gets within a day, a month, a year, and ever."""

    day = _count()
    month = _count()
    year = _count()
    total = _count()


class GiftSchema(Schema):
    """The activity by which a reward is given."""

    activity = fields.String(required=True)
    amount = fields.Integer(strict=True, load_default=0, validate=validate.Range(0, 10**15))
    unit = fields.String(load_default=None)
    payload: Any = fields.Dict(keys=fields.String(), load_default=dict)


class PaySchema(Schema):
    """``[points.pay]``: how orders are paid with points."""

    currency = fields.String(load_default="points")
    points = Exact(required=True, least=0, most=_MOST)
    money = Exact(required=True, least=0, most=_MOST)
    max_share = Exact(load_default=Fraction(1), least=0, most=1)
    minimum = Exact(load_default=Fraction(0), least=0, most=_MOST)


class RewardSchema(Schema):
    """``[[points.rewards]]``: what members can have for points."""

    id = fields.String(required=True, validate=CODE)
    version = fields.Integer(strict=True, load_default=1, validate=validate.Range(1, 10**6))
    kind = fields.String(load_default="goods", validate=validate.OneOf(("goods", "service", "digital")))
    currency = fields.String(load_default="points")
    points = Exact(required=True, least=0, most=_MOST)
    money = Exact(load_default=Fraction(0), least=0, most=_MOST)
    texts: Any = cast("Any", fields.Dict)(
        keys=fields.String(validate=_LANGUAGE),
        values=fields.Nested(WordsSchema),
        required=True,
        validate=validate.Length(1, 20),
    )
    pictures = fields.List(fields.String(validate=_URL), load_default=list, validate=validate.Length(max=20))
    stocked = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    limits = fields.Nested(RewardLimitsSchema, load_default=dict)
    ladder = fields.String(load_default=None)
    min_tier = fields.String(load_default=None)
    valid_from = Day(load_default=None)
    valid_to = Day(load_default=None)
    collect_days = fields.Integer(strict=True, load_default=None, validate=validate.Range(0, 3660))
    gives = fields.Nested(GiftSchema, load_default=None)
