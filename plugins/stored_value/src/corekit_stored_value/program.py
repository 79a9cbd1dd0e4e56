"""The section ``[stored_value]`` of the program file: its schemas, and what it may not contradict."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from corekit import Exact, Expiry, ProgramContext, Unit, coded, minor_units
from corekit_stored_value.program_reports import ReportsSchema, made
from corekit_stored_value.rules import Book, Currency, Step

_MOST = 10**12
_code = validate.Regexp(r"[a-z][a-z0-9_-]{0,39}\Z", error="{input!r} is no name; use a-z, 0-9, _ and -.")


class _ExpirySchema(Schema):
    months = fields.Integer(strict=True, required=True, validate=validate.Range(0, 1200))
    end_of = fields.String(load_default=None, validate=validate.OneOf(("day", "month", "year")))

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> Expiry:
        if data["months"] == 0 and data["end_of"] is None:
            raise coded("INVALID", "With 0 months and no end_of, a bonus would lapse at the moment it is given.")
        return Expiry(data["months"], data["end_of"])


class _CurrencySchema(Schema):
    name = fields.String(load_default=None, validate=validate.Length(1, 200))
    unit = fields.String(load_default=None, validate=validate.Length(1, 40))
    scale = fields.Integer(strict=True, load_default=2, validate=validate.Range(0, 6))


class _BonusSchema(Schema):
    id = fields.String(required=True, validate=_code)
    version = fields.Integer(strict=True, load_default=1, validate=validate.Range(1, 10**6))
    least = Exact(required=True, least=0, most=_MOST, data_key="from")
    give = Exact(required=True, least=0, most=_MOST)
    currency = fields.String(load_default="")


class StoredValueSchema(ReportsSchema):
    """The section ``[stored_value]``; loads into a :class:`corekit_stored_value.rules.Book`."""

    name = fields.String(load_default="Stored value", validate=validate.Length(1, 200))
    policy = fields.String(
        load_default="pro_rata", validate=validate.OneOf(("pro_rata", "bonus_first", "principal_first"))
    )
    bonus_expiry = fields.Nested(_ExpirySchema, load_default=None)
    currencies: Any = fields.Dict(
        keys=fields.String(validate=_code), values=fields.Nested(_CurrencySchema), load_default=dict
    )
    bonus: Any = fields.List(fields.Nested(_BonusSchema), load_default=list)

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> Book:
        expiry = data["bonus_expiry"]
        own = Currency(code="", name=data["name"], unit=ProgramContext.current().currency, bonus_expiry=expiry)
        currencies = {"": own}
        for code, found in data["currencies"].items():
            unit = Unit(found["unit"] or code.upper(), found["scale"], "money")
            name = found["name"] or f"{data['name']} ({unit.code})"
            currencies[code] = Currency(code=code, name=name, unit=unit, bonus_expiry=expiry)
        steps = [_step(found, currencies[found["currency"]].unit) for found in data["bonus"]]
        by_unit = {each.unit.code: each for each in currencies.values()}
        return Book(currencies=by_unit, steps=steps, policy=data["policy"], **made(data, own.unit))


def _step(found: dict[str, Any], unit: Unit) -> Step:
    return Step(
        id=found["id"],
        version=found["version"],
        unit=unit.code,
        least=minor_units(found["least"], unit.scale),
        give=minor_units(found["give"], unit.scale),
    )
