"""What the section ``[stored_value]`` says about cash-back, fees and notices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any, cast

from attrs import frozen
from marshmallow import Schema, ValidationError, fields, validate

from corekit import Exact, ProgramContext, Unit, minor_units, suggest
from corekit_stored_value.declared_reports import FEE_KIND
from corekit_stored_value.entries import Cashback, Fee

_MOST = 10**12
_NAME = validate.Length(1, 200)
_CODE = validate.Regexp(r"[a-z][a-z0-9_-]{0,39}\Z", error="{input!r} is no name; use a-z, 0-9, _ and -.")
_VERSION = validate.Range(1, 10**6)
Place = tuple[str | int, ...]
Refuse = Callable[[Place, str, str], None]


def many(schema: type[Schema]) -> Any:
    """Return a field for a list of tables."""
    nested: Any = fields.Nested(schema)
    tables: Any = fields.List(nested, load_default=list)
    return tables


class _CashbackSchema(Schema):
    id = fields.String(required=True, validate=_CODE)
    version = fields.Integer(strict=True, load_default=1, validate=_VERSION)
    rate = Exact(required=True, least=0, most=1)
    tiers: Any = fields.Dict(keys=fields.String(), values=Exact(least=0, most=1), load_default=dict)
    categories = fields.List(fields.String(validate=_NAME), load_default=list)
    excluding = fields.List(fields.String(validate=_NAME), load_default=list, data_key="exclude")
    minimum = Exact(load_default=Fraction(0), least=0, most=_MOST)
    most = Exact(load_default=None, least=0, most=_MOST)
    leaves_out = fields.String(load_default="nothing", validate=validate.OneOf(("nothing", "bonus", "stored_value")))


class _FeeSchema(Schema):
    id = fields.String(required=True, validate=_CODE)
    version = fields.Integer(strict=True, load_default=1, validate=_VERSION)
    kind = fields.String(required=True, validate=FEE_KIND)
    amount = Exact(required=True, least=0, most=_MOST)
    tiers: Any = fields.Dict(keys=fields.String(), values=Exact(least=0, most=_MOST), load_default=dict)


class ReportsSchema(Schema):
    """The part of the section that cash-back, fees and notices read."""

    cashback = many(_CashbackSchema)
    fees = many(_FeeSchema)
    low_balance = Exact(load_default=None, least=0, most=_MOST)
    notices = fields.List(
        fields.Integer(strict=True, validate=validate.Range(1, 3660)),
        load_default=list,
        validate=validate.Length(max=10),
    )


def made(data: Mapping[str, Any], unit: Unit, refuse: Refuse) -> dict[str, Any]:
    """Return what a :class:`~corekit_stored_value.rules.Book` holds of it, in minor units of the program's currency.

    ``refuse`` is told what is wrong, with its place in the section.
    """
    maker = _Maker(unit.scale, refuse)
    fees = list(maker.each("fees", data["fees"], maker.fee))
    return {
        "fees": {fee.id: fee for fee in fees},
        "cashback": tuple(maker.each("cashback", data["cashback"], maker.cashback)),
        "low_balance": maker.minor(("low_balance",), data["low_balance"]),
        "notices": tuple(sorted(set(data["notices"]))),
    }


@frozen
class _Maker:
    """Makes the values of a section as it was read."""

    scale: int
    refuse: Refuse

    def each(self, table: str, found: list[Mapping[str, Any]], make: Callable[[Place, Any], Any]) -> Iterator[Any]:
        seen: dict[str, int] = {}
        for at, entry in enumerate(found):
            if (first := seen.setdefault(entry["id"], at)) != at:
                said = f"{table}.{first} and {table}.{at} both have the id {entry['id']!r}."
                self.refuse((table, at, "id"), "CONTRADICTION", said)
            self._check_tiers((table, at, "tiers"), entry["tiers"])
            yield make((table, at), entry)

    def cashback(self, place: Place, found: Mapping[str, Any]) -> Cashback:
        return Cashback(
            id=found["id"],
            version=found["version"],
            rate=found["rate"],
            tiers=found["tiers"],
            categories=frozenset(found["categories"]),
            excluded=frozenset(found["excluding"]),
            minimum=self.minor((*place, "minimum"), found["minimum"]) or 0,
            most=self.minor((*place, "most"), found["most"]),
            leaves_out=found["leaves_out"],
        )

    def fee(self, place: Place, found: Mapping[str, Any]) -> Fee:
        tiers = {
            tier: self.minor((*place, "tiers", tier, "value"), amount) or 0 for tier, amount in found["tiers"].items()
        }
        amount = self.minor((*place, "amount"), found["amount"]) or 0
        return Fee(id=found["id"], version=found["version"], kind=found["kind"], amount=amount, tiers=tiers)

    def minor(self, place: Place, amount: Fraction | None) -> int | None:
        """Return an amount in minor units; refuse what is too fine for them."""
        if amount is None:
            return None
        try:
            return minor_units(amount, self.scale)
        except ValidationError as error:
            problem = cast("Any", error).messages[0]
            self.refuse(place, problem["code"], problem["message"])
            return 0

    def _check_tiers(self, place: Place, tiers: Mapping[str, Any]) -> None:
        ladders = ProgramContext.current().ladders
        known: Mapping[str, Any] = next(iter(ladders.values()), dict[str, Any]())
        for tier in tiers:
            if tier not in known:
                said = f"The first ladder has no tier {tier!r}{suggest(tier, known)}."
                self.refuse((*place, tier, "key"), "UNKNOWN_TIER", said)
