"""The section ``[points]`` of the program file: its schemas, and what it may not contradict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from fractions import Fraction
from typing import Any, cast

from marshmallow import Schema, fields, post_load, validate, validates

from corekit import Exact, Expiry, ProgramContext, coded
from corekit_points.compiler import WEEKDAYS, Compiler
from corekit_points.draws.schema import DrawSchema
from corekit_points.earners import UNSAID
from corekit_points.pool.shared import PoolSchema
from corekit_points.rewards.schema import PaySchema, RewardSchema
from corekit_points.rules import CURRENCY, Basis, Book
from corekit_points.written import CODE, Day

_MINUTES = 24 * 60
_MOST = 10**12
_MOST_HOURS = 24 * 366
_SPANS = ("day", "week", "month")

# Fields


class _OrTable(fields.Nested):
    """A table, or a value given in short."""

    def __init__(self, table: type[Schema], short: Any, **options: Any) -> None:
        cast("Any", super()).__init__(table, **options)
        self._short = short

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, partial: Any = None, **options: Any
    ) -> Any:
        if isinstance(value, Mapping):
            return cast("Any", super())._deserialize(value, attr, data, partial, **options)  # noqa: SLF001
        return self._short.deserialize(value, attr, data)


class _Tiers(fields.Dict):
    """A multiplier per tier, or the word ``benefits`` or ``none``."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> Any:
        if value in ("benefits", "none"):
            return value
        if not isinstance(value, Mapping):
            raise coded("NOT_ONE_OF", 'Write "benefits", "none", or a table such as {gold = "1.5"}.')
        return cast("Any", super())._deserialize(value, attr, data, **options)  # noqa: SLF001


class _OneDay(Day):
    """A date as the span of that one day."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        day = super()._deserialize(value)
        return day, day


class _Minute(fields.Field[int]):
    """A time of day as its minute; ``24:00`` is the end of the day."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        if value == "24:00":
            return _MINUTES
        try:
            clock = value if isinstance(value, time) else time.fromisoformat(value)
        except (TypeError, ValueError):
            raise coded("TIME", f'{value!s} is no time of day; write for example "17:30".') from None
        if clock.second or clock.microsecond or clock.tzinfo:
            raise coded("TIME", "Hours are given to the minute, on the clock of the program's time zone.")
        return clock.hour * 60 + clock.minute


def _blank(schema: type[Schema]) -> Callable[[], Any]:
    """Return what makes of an absent table what its schema makes of an empty one."""
    return lambda: cast("Any", schema()).load({})


def _many(inner: fields.Field[Any]) -> Any:
    """Return a field for a list, empty where it is left out."""
    return fields.List(inner, load_default=list)


def _names() -> Any:
    """Return a field for a list of texts."""
    return fields.List(fields.String(validate=validate.Length(1, 200)), load_default=list)


# Schemas


class _ExpirySchema(Schema):
    months = fields.Integer(strict=True, required=True, validate=validate.Range(0, 1200))
    end_of = fields.String(load_default=None, validate=validate.OneOf(("day", "month", "year")))
    after = fields.String(load_default="earning", validate=validate.OneOf(("earning", "inactivity")))

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> Expiry:
        if data["months"] == 0 and data["end_of"] is None:
            raise coded("INVALID", "With 0 months and no end_of, value would lapse at the moment it is earned.")
        return Expiry(data["months"], data["end_of"], data["after"])


class _CurrencySchema(Schema):
    name = fields.String(load_default=None, validate=validate.Length(1, 200))
    scale = fields.Integer(strict=True, load_default=0, validate=validate.Range(0, 6))
    expiry = _OrTable(
        _ExpirySchema,
        fields.String(validate=validate.Equal("never", error='Write "never" or {{months = 12}}.')),
        load_default="never",
    )
    clawback = fields.String(load_default="debt", validate=validate.OneOf(("debt", "write_off", "refuse")))
    grace = fields.Integer(strict=True, load_default=0, validate=validate.Range(0, 3660))
    transfers = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    notices = _many(fields.Integer(strict=True, validate=validate.Range(1, 3660)))


class _SpanSchema(Schema):
    first = Day(required=True, data_key="from")
    last = Day(required=True, data_key="to")

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> tuple[date, date]:
        if data["first"] > data["last"]:
            raise coded("CONTRADICTION", f"from {data['first']} is after to {data['last']}.")
        return data["first"], data["last"]


class _HoursSchema(Schema):
    first = _Minute(required=True, data_key="from")
    last = _Minute(required=True, data_key="to")

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> tuple[int, int]:
        if data["first"] == data["last"]:
            raise coded("CONTRADICTION", "from and to are the same time: leave hours out to mean the whole day.")
        return data["first"], data["last"]


class _HolidaysSchema(Schema):
    country = fields.String(required=True)
    subdivision = fields.String(load_default=None)


class _CalendarSchema(Schema):
    id = fields.String(required=True, validate=CODE)
    multiplier = Exact(load_default=None, least=0, most=1000)
    add = Exact(load_default=Fraction(0), least=0, most=_MOST)
    dates = _many(_OrTable(_SpanSchema, _OneDay()))
    weekdays = fields.List(fields.String(validate=validate.OneOf(WEEKDAYS)), load_default=list)
    hours = fields.Nested(_HoursSchema, load_default=None)
    holidays = _OrTable(_HolidaysSchema, fields.String(), load_default=None)
    anniversary = fields.String(load_default=None, validate=validate.OneOf(_SPANS))
    birthday = fields.String(load_default=None, validate=validate.OneOf(_SPANS))


class _IncludeSchema(Schema):
    categories = _names()
    skus = _names()
    stores = _names()


class _ExcludeSchema(_IncludeSchema):
    flags = _names()


class _CapsSchema(Schema):
    order = Exact(load_default=None, least=0, most=_MOST)
    day = Exact(load_default=None, least=0, most=_MOST)
    month = Exact(load_default=None, least=0, most=_MOST)
    total = Exact(load_default=None, least=0, most=_MOST)


class _RateSchema(Schema):
    points = Exact(required=True, least=0, most=_MOST)
    per = Exact(required=True, most=_MOST)
    whole_steps = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class _Hours(fields.Field[Any]):
    """A number of hours, or the word ``any``."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> timedelta | None:
        if value == "any":
            return None
        if type(value) is not int or not 0 <= value <= _MOST_HOURS:
            raise coded("RANGE", f'{value!r} is no number of hours from 0 to {_MOST_HOURS}; or write "any".')
        return timedelta(hours=value)


class _BasisSchema(Schema):
    tax = fields.Boolean(load_default=True, truthy={True}, falsy={False})
    discount = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    points_paid = fields.Boolean(load_default=True, truthy={True}, falsy={False})

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> Basis:
        return Basis(**data)


class _BudgetSchema(Schema):
    points = Exact(required=True, least=0, most=_MOST)
    per = fields.String(required=True, validate=validate.OneOf(("day", "month", "year", "total")))
    warn_at = Exact(load_default=Fraction(4, 5), least=0, most=1)
    when_spent = fields.String(load_default="warn", validate=validate.OneOf(("warn", "stop")))

    @validates("points", "warn_at")
    def _is_something(self, value: Fraction, data_key: str) -> None:
        if not value:
            raise coded("RANGE", f"{data_key} must be more than 0.")


class _TermsSchema(Schema):
    """What rules and tasks have in common."""

    id = fields.String(required=True, validate=CODE)
    version = fields.Integer(strict=True, load_default=1, validate=validate.Range(1, 10**6))
    currency = fields.String(load_default=CURRENCY)
    ladder = fields.String(load_default=None)
    min_tier = fields.String(load_default=None)
    during = _names()
    claim_hours = _Hours(load_default=UNSAID)
    pending_days = fields.Integer(strict=True, load_default=None, validate=validate.Range(0, 3660))
    budget = fields.Nested(_BudgetSchema, load_default=None)


class _RuleSchema(_TermsSchema):
    activity = fields.String(load_default="purchase")
    basis = fields.Nested(_BasisSchema, load_default=Basis())
    add = Exact(load_default=Fraction(0), least=0, most=_MOST)
    rate = _OrTable(_RateSchema, Exact(least=0, most=_MOST), required=True)
    include = fields.Nested(_IncludeSchema, load_default=_blank(_IncludeSchema))
    excluding = fields.Nested(_ExcludeSchema, data_key="exclude", load_default=_blank(_ExcludeSchema))
    minimum = Exact(load_default=Fraction(0), least=0, most=_MOST)
    caps = fields.Nested(_CapsSchema, load_default=_blank(_CapsSchema))
    tiers: Any = _Tiers(keys=fields.String(), values=Exact(least=0, most=1000), load_default="benefits")
    calendars = _names()
    stacking = fields.String(load_default="multiply", validate=validate.OneOf(("multiply", "add", "best")))
    priority = fields.Integer(strict=True, load_default=0, validate=validate.Range(-1000, 1000))
    group = fields.String(load_default=None, validate=CODE)


class _StepSchema(Schema):
    days = fields.Integer(strict=True, required=True, validate=validate.Range(2, 366))
    points = Exact(required=True, least=0, most=_MOST)


class _StreakSchema(Schema):
    steps: Any = cast("Any", fields.List)(fields.Nested(_StepSchema), required=True, validate=validate.Length(1, 50))
    repeat = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class _LimitsSchema(Schema):
    day = fields.Integer(strict=True, load_default=None, validate=validate.Range(1, 10**6))
    month = fields.Integer(strict=True, load_default=None, validate=validate.Range(1, 10**6))
    year = fields.Integer(strict=True, load_default=None, validate=validate.Range(1, 10**6))
    total = fields.Integer(strict=True, load_default=None, validate=validate.Range(1, 10**6))


class _TaskSchema(_TermsSchema):
    activity = fields.String(required=True)
    points = Exact(load_default=None, least=0, most=_MOST)
    deduct = Exact(load_default=None, least=0, most=_MOST)
    limits = fields.Nested(_LimitsSchema, load_default=_blank(_LimitsSchema))
    once_per = fields.String(load_default=None)
    streak = fields.Nested(_StreakSchema, load_default=None)


class PointsSchema(Schema):
    """The section ``[points]``; loads into a :class:`corekit_points.rules.Book`."""

    currencies: Any = fields.Dict(
        keys=fields.String(validate=CODE), values=fields.Nested(_CurrencySchema), load_default=dict
    )
    calendars = _many(fields.Nested(_CalendarSchema))
    claim_hours = _Hours(load_default=timedelta(hours=24))
    rules = _many(fields.Nested(_RuleSchema))
    tasks = _many(fields.Nested(_TaskSchema))
    rewards = _many(fields.Nested(RewardSchema))
    pay = fields.Nested(PaySchema, load_default=None)
    draws = _many(fields.Nested(DrawSchema))
    pool = fields.Nested(PoolSchema, load_default=None)

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> Book:
        """Make the rules ready to run; refuse what contradicts itself, naming both sides."""
        currencies: Any = {CURRENCY: _blank(_CurrencySchema)(), **data["currencies"]}
        return Compiler(ProgramContext.current(), {**data, "currencies": currencies}).book()
