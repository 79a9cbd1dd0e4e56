"""What the section ``[stored_value]`` says about cash-back, fees and notices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from corekit import Exact, ProgramContext, Unit, coded, minor_units, suggest
from corekit_stored_value.cashback import Cashback
from corekit_stored_value.declared_reports import FEE_KIND
from corekit_stored_value.fees import Fee

_MOST = 10**12
_NAME = validate.Length(1, 200)
_CODE = validate.Regexp(r"[a-z][a-z0-9_-]{0,39}\Z", error="{input!r} is no name; use a-z, 0-9, _ and -.")
_VERSION = validate.Range(1, 10**6)


class _CashbackSchema(Schema):
    id = fields.String(required=True, validate=_CODE)
    version = fields.Integer(strict=True, load_default=1, validate=_VERSION)
    rate = Exact(required=True, least=0, most=1)
    tiers: Any = fields.Dict(keys=fields.String(), values=Exact(least=0, most=1), load_default=dict)
    categories = fields.List(fields.String(validate=_NAME), load_default=list)
    exclude = fields.List(fields.String(validate=_NAME), load_default=list)
    minimum = Exact(load_default=0, least=0, most=_MOST)
    most = Exact(load_default=None, allow_none=True, least=0, most=_MOST)
    leaves_out = fields.String(load_default="nothing", validate=validate.OneOf(("nothing", "bonus", "stored_value")))


class _FeeSchema(Schema):
    id = fields.String(required=True, validate=_CODE)
    version = fields.Integer(strict=True, load_default=1, validate=_VERSION)
    kind = fields.String(required=True, validate=FEE_KIND)
    amount = Exact(required=True, least=0, most=_MOST)
    tiers: Any = fields.Dict(keys=fields.String(), values=Exact(least=0, most=_MOST), load_default=dict)


class ReportsSchema(Schema):
    """The part of the section that cash-back, fees and notices read."""

    cashback: Any = fields.List(fields.Nested(_CashbackSchema), load_default=list)
    fees: Any = fields.List(fields.Nested(_FeeSchema), load_default=list)
    low_balance = Exact(load_default=None, allow_none=True, least=0, most=_MOST)
    notices = fields.List(
        fields.Integer(strict=True, validate=validate.Range(1, 3660)),
        load_default=list,
        validate=validate.Length(max=10),
    )


def made(data: Mapping[str, Any], unit: Unit) -> dict[str, Any]:
    """Return what a :class:`~corekit_stored_value.rules.Book` holds of it, in minor units of the program's currency."""
    fees = [_fee(each, unit.scale) for each in data["fees"]]
    cashback = [_cashback(each, unit.scale) for each in data["cashback"]]
    for named in (fees, cashback):
        ids = [each.id for each in named]
        if twice := next((each for each in ids if ids.count(each) > 1), None):
            raise coded("CONTRADICTION", f"There are two entries {twice!r}; give each an id of its own.")
    low = data["low_balance"]
    return {
        "fees": {fee.id: fee for fee in fees},
        "cashback": cashback,
        "low_balance": None if low is None else minor_units(low, unit.scale),
        "notices": tuple(sorted(set(data["notices"]))),
    }


def _cashback(found: Mapping[str, Any], scale: int) -> Cashback:
    _check_tiers(found["tiers"])
    return Cashback(
        id=found["id"],
        version=found["version"],
        rate=found["rate"],
        tiers=found["tiers"],
        categories=frozenset(found["categories"]),
        excluded=frozenset(found["exclude"]),
        minimum=minor_units(found["minimum"], scale) if found["minimum"] else 0,
        most=None if found["most"] is None else minor_units(found["most"], scale),
        leaves_out=found["leaves_out"],
    )


def _fee(found: Mapping[str, Any], scale: int) -> Fee:
    _check_tiers(found["tiers"])
    return Fee(
        id=found["id"],
        version=found["version"],
        kind=found["kind"],
        amount=minor_units(found["amount"], scale),
        tiers={tier: minor_units(amount, scale) for tier, amount in found["tiers"].items()},
    )


def _check_tiers(tiers: Mapping[str, Any]) -> None:
    """Refuse a tier that the first ladder does not have."""
    known = next(iter(ProgramContext.current().ladders.values()), {})
    for tier in tiers:
        if tier not in known:
            raise coded("UNKNOWN_TIER", f"The first ladder has no tier {tier!r}{suggest(tier, known)}.")
