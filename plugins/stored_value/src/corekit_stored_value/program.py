"""The section ``[stored_value]`` of the program file: its schemas, and what it may not contradict."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any, cast

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from corekit import Exact, Expiry, ProgramContext, Unit, coded, minor_units, suggest
from corekit_stored_value.program_reports import ReportsSchema, made
from corekit_stored_value.rules import BONUS, PRINCIPAL, Book, Currency, Limits, Step

RESERVED = ("adjust", "breakage", "debt", "issued", "opening", "redeemed", "transfer")
"""``stored_value.principal.<name>`` is an account of the house for each of these."""
APPROVED = ("top_up", "withdrawal", "adjustment")
"""What can need the approval of a second person."""
_WINDOWS = {"day": "day", "month": "month", "year": "year", "total": "lifetime"}
_MOST = 10**12
_code = validate.Regexp(r"[a-z][a-z0-9_-]{0,39}\Z", error="{input!r} is no name; use a-z, 0-9, _ and -.")


def _amount(**options: Any) -> Any:
    """Return a field for an amount of money in whole units, such as ``"2.50"``."""
    return Exact(**{"load_default": None, "least": 0, "most": _MOST, **options})


def _many(inner: fields.Field[Any]) -> Any:
    """Return a field for a list, empty where it is left out."""
    return fields.List(inner, load_default=list)


def _names() -> Any:
    return _many(fields.String(validate=validate.Length(1, 200)))


class _Day(fields.Field[date]):
    """A date, in quotes or not."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> date:
        try:
            return value if type(value) is date else date.fromisoformat(value)
        except (TypeError, ValueError):
            raise coded("DATE", f"{value!s} is no date; write for example 2027-12-24.") from None


class _ExpirySchema(Schema):
    months = fields.Integer(strict=True, required=True, validate=validate.Range(0, 1200))
    end_of = fields.String(load_default=None, validate=validate.OneOf(("day", "month", "year")))

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> Expiry:
        if data["months"] == 0 and data["end_of"] is None:
            raise coded("INVALID", "With 0 months and no end_of, a bonus would lapse at the moment it is given.")
        return Expiry(data["months"], data["end_of"])


class _ForSchema(Schema):
    """Whom a bonus or a limit is for."""

    currency = fields.String(load_default="")
    ladder = fields.String(load_default=None)
    tiers = _names()

    @validates_schema
    def _check_tiers(self, data: dict[str, Any], **_: Any) -> None:
        ladders = ProgramContext.current().ladders
        ladder = data.get("ladder") or next(iter(ladders), None)
        if data.get("ladder") is not None and ladder not in ladders:
            raise coded("UNKNOWN_LADDER", f"There is no ladder {ladder!r}{suggest(str(ladder), ladders)}.")
        known = ladders.get(ladder or "", {})
        for tier in data.get("tiers", ()):
            if tier not in known:
                raise coded("UNKNOWN_TIER", f"There is no tier {tier!r} in {ladder!r}{suggest(tier, known)}.")


class _CapsSchema(Schema):
    day = _amount()
    month = _amount()
    year = _amount()
    total = _amount()


class _BonusSchema(_ForSchema):
    id = fields.String(required=True, validate=_code)
    version = fields.Integer(strict=True, load_default=1, validate=validate.Range(1, 10**6))
    least = Exact(required=True, least=0, most=_MOST, data_key="from")
    give = _amount(load_default=Fraction(0))
    rate = Exact(load_default=Fraction(0), least=0, most=10)
    first_day = _Day(load_default=None)
    last_day = _Day(load_default=None)
    caps = fields.Nested(_CapsSchema, load_default=dict)

    @validates_schema
    def _check(self, data: dict[str, Any], **_: Any) -> None:
        first, last = data.get("first_day"), data.get("last_day")
        if first is not None and last is not None and first > last:
            raise coded("CONTRADICTION", f"first_day {first} is after last_day {last}.")
        if not data.get("give") and not data.get("rate"):
            raise coded("INVALID", "A step brings something: say give, rate, or both.")


class _LimitsSchema(_ForSchema):
    named = fields.Boolean(load_default=None, truthy={True}, falsy={False})
    top_up = _amount()
    day = _amount()
    balance = _amount()


class _ApprovalSchema(Schema):
    top_up = _amount()
    withdrawal = _amount()
    adjustment = _amount()


class _CurrencySchema(Schema):
    name = fields.String(load_default=None, validate=validate.Length(1, 200))
    unit = fields.String(load_default=None, validate=validate.Length(1, 40))
    scale = fields.Integer(strict=True, load_default=2, validate=validate.Range(0, 6))
    approval = fields.Nested(_ApprovalSchema, load_default=dict)


class StoredValueSchema(ReportsSchema):
    """The section ``[stored_value]``; loads into a :class:`corekit_stored_value.rules.Book`."""

    name = fields.String(load_default="Stored value", validate=validate.Length(1, 200))
    spend = fields.String(
        load_default="pro_rata", validate=validate.OneOf(("pro_rata", "bonus_first", "principal_first"))
    )
    withdrawal = fields.String(
        load_default="remaining_principal", validate=validate.OneOf(("remaining_principal", "paid_less_face_value"))
    )
    named_by = fields.String(load_default=None, validate=validate.Length(1, 200))
    frozen = _names()
    request_hours = fields.Integer(strict=True, load_default=24, validate=validate.Range(1, 24 * 366))
    hold_seconds = fields.Integer(strict=True, load_default=3600, validate=validate.Range(1, 366 * 86_400))
    approval_hours = fields.Integer(strict=True, load_default=24, validate=validate.Range(1, 24 * 366))
    approval = fields.Nested(_ApprovalSchema, load_default=dict)
    bonus_expiry = fields.Nested(_ExpirySchema, load_default=None)
    currencies: Any = fields.Dict(
        keys=fields.String(validate=_code), values=fields.Nested(_CurrencySchema), load_default=dict
    )
    bonus = _many(fields.Nested(_BonusSchema))
    limits = _many(fields.Nested(_LimitsSchema))

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> Book:
        """Make the values; refuse what contradicts itself, each problem at its place."""
        return _Maker(data).book()


class _Maker:
    """Makes the book of a section as it was read, and notes everything that is wrong with it."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data
        self._wrong: dict[str | int, Any] = {}
        self._units = self._named_units()

    def book(self) -> Book:
        data = self._data
        self._check_steps()
        self._check_limits()
        currencies = {unit.code: self._currency(code, unit) for code, unit in self._units.items()}
        if len(currencies) < len(self._units):
            self._refuse(("currencies",), "CONTRADICTION", "Two currencies have one unit; each has its own.")
        kinds = [kind for each in currencies.values() for kind in (each.principal, each.bonus)]
        for at, kind in enumerate(data["frozen"]):
            if kind not in kinds:
                said = f"There is no account kind {kind!r} of stored value{suggest(kind, kinds)}."
                self._refuse(("frozen", at), "UNKNOWN_ACCOUNT", said)
        more = made(data, self._units[""], self._refuse)
        if self._wrong:
            raise ValidationError(cast("dict[str, Any]", self._wrong))
        kept = ("spend", "withdrawal", "named_by", "request_hours", "hold_seconds", "approval_hours")
        return Book(currencies=currencies, **{name: data[name] for name in kept}, **more)

    def _named_units(self) -> dict[str, Unit]:
        """Return the unit of each currency by its code; that of the program's own has none."""
        units = {"": ProgramContext.current().currency}
        for code, found in self._data["currencies"].items():
            if code in RESERVED:
                said = f"Choose another name: {PRINCIPAL}.{code} is an account of the house."
                self._refuse(("currencies", code, "key"), "RESERVED", said)
            units[code] = Unit(found["unit"] or code.upper(), found["scale"], "money")
        return units

    def _currency(self, code: str, unit: Unit) -> Currency:
        data = self._data
        own: Any = data if not code else data["currencies"][code]
        approval = ("approval",) if not code else ("currencies", code, "value", "approval")
        kinds = [f"{kind}.{code}" if code else kind for kind in (PRINCIPAL, BONUS)]
        return Currency(
            code=code,
            name=own["name"] or f"{data['name']} ({unit.code})",
            unit=unit,
            bonus_expiry=data["bonus_expiry"],
            frozen=frozenset(data["frozen"]).intersection(kinds),
            steps=[self._step(at, each) for at, each in enumerate(data["bonus"]) if each["currency"] == code],
            limits=[self._limits(at, each) for at, each in enumerate(data["limits"]) if each["currency"] == code],
            approval=self._amounts(approval, own["approval"], APPROVED, unit),
        )

    def _step(self, at: int, found: Mapping[str, Any]) -> Step:
        place, unit = ("bonus", at), self._units[found["currency"]]
        money = self._amounts(place, {"from": found["least"], "give": found["give"]}, ("from", "give"), unit)
        caps = self._amounts((*place, "caps"), found["caps"], tuple(_WINDOWS), unit)
        return Step(
            id=found["id"],
            version=found["version"],
            least=money["from"],
            give=money["give"],
            rate=(found["rate"].numerator, found["rate"].denominator),
            ladder=found["ladder"],
            tiers=frozenset(found["tiers"]),
            first=found["first_day"],
            last=found["last_day"],
            caps=tuple((name, _WINDOWS[name], most) for name, most in caps.items()),
        )

    def _limits(self, at: int, found: Mapping[str, Any]) -> Limits:
        money = self._amounts(("limits", at), found, ("top_up", "day", "balance"), self._units[found["currency"]])
        return Limits(
            named=found["named"],
            ladder=found["ladder"],
            tiers=frozenset(found["tiers"]),
            **{name: money.get(name) for name in ("top_up", "day", "balance")},
        )

    def _amounts(
        self, place: tuple[str | int, ...], found: Mapping[str, Any], names: tuple[str, ...], unit: Unit
    ) -> dict[str, int]:
        """Return those of some amounts that are given, in minor units; note which are too fine for them."""
        amounts: dict[str, int] = {}
        for name in names:
            if found.get(name) is not None:
                try:
                    amounts[name] = minor_units(found[name], unit.scale)
                except ValidationError as error:
                    problem = cast("Any", error).messages[0]
                    self._refuse((*place, name), problem["code"], problem["message"])
                    amounts[name] = 0
        return amounts

    def _check_steps(self) -> None:
        seen: dict[str, int] = {}
        for at, found in enumerate(self._data["bonus"]):
            if seen.setdefault(found["id"], at) != at:
                said = f"bonus.{seen[found['id']]} and bonus.{at} both have the id {found['id']!r}."
                self._refuse(("bonus", at, "id"), "CONTRADICTION", said)
            self._check_currency("bonus", at, found)

    def _check_limits(self) -> None:
        for at, found in enumerate(self._data["limits"]):
            if found["named"] is not None and self._data["named_by"] is None:
                said = "Say with named_by which attribute a member has who is named."
                self._refuse(("limits", at, "named"), "CONTRADICTION", said)
            self._check_currency("limits", at, found)

    def _check_currency(self, table: str, at: int, found: dict[str, Any]) -> None:
        code = found["currency"]
        if code not in self._units:
            hint = suggest(code, [each for each in self._units if each])
            self._refuse((table, at, "currency"), "UNKNOWN_CURRENCY", f"There is no currency {code!r}{hint}.")
            found["currency"] = ""

    def _refuse(self, place: tuple[str | int, ...], code: str, message: str) -> None:
        inner = self._wrong
        for part in place[:-1]:
            inner = inner.setdefault(part, {})
        inner.setdefault(place[-1], []).append({"code": code, "message": message})
