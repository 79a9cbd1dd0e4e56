"""What can be configured: ``[plugins.stamps]`` in corekit.toml, and the section ``[stamps]`` of the program."""

from __future__ import annotations

from typing import Any

from attrs import frozen
from marshmallow import Schema, fields, post_load, validate, validates_schema

from acme_stamps.rules import BENEFIT, CARD, Card
from corekit import AccountKind, Exact, Expiry, ProgramContext, Section, Unit, coded, minor_units

_MOST_MONTHS = 120
_MOST = 1_000_000
_MOST_AT_ONCE = 10


@frozen(kw_only=True)
class Settings:
    """What differs from one installation to another: whose purchases count, none named means all."""

    sources: frozenset[str]

    def count(self, source: str) -> bool:
        """Say whether purchases that come from a source count."""
        return not self.sources or source in self.sources


class SettingsSchema(Schema):
    """``[plugins.stamps]``."""

    sources = fields.List(
        fields.String(),
        load_default=(),
        metadata={"description": "The sources whose purchases earn stamps, such as `till`; all where left out."},
    )

    @post_load
    def made(self, data: dict[str, Any], **_: Any) -> Settings:
        """Return the settings."""
        return Settings(sources=frozenset(data["sources"]))


class _Money(Exact):
    """A sum such as ``"2.50"`` as minor units of the program's currency."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return minor_units(super()._deserialize(value), ProgramContext.current().currency.scale)


def _whole(default: int, least: int, most: int, description: str) -> fields.Integer:
    metadata = {"description": description}
    return fields.Integer(strict=True, load_default=default, validate=validate.Range(least, most), metadata=metadata)


class ProgramSchema(Schema):
    """``[stamps]`` in the program: what the people who run it decide."""

    size = _whole(9, 1, 1_000, "How many stamps a free drink takes.")
    months = _whole(12, 1, _MOST_MONTHS, "After how many months a stamp lapses, at the end of the day.")
    minimum = _Money(load_default=0, least=0, metadata={"description": "A smaller purchase earns no stamp."})
    drinks_a_day = _whole(100, 0, _MOST, "How many drinks are free on a day, for all members together.")
    drinks_each = _whole(1, 1, _MOST, "How many of them one member gets.")
    points = _whole(0, 0, _MOST, "How many points come with a free drink.")

    @validates_schema
    def check_tiers(self, _data: dict[str, Any], **_: Any) -> None:
        """Refuse a tier whose benefit is no number of stamps."""
        for ladder, tiers in ProgramContext.current().ladders.items():
            for tier, benefits in tiers.items():
                stamps = benefits.get(BENEFIT, 1)
                if type(stamps) is not int or not 1 <= stamps <= _MOST_AT_ONCE:
                    said = f"The benefit {BENEFIT} of {ladder}/{tier} is {stamps!r}; write 1 to {_MOST_AT_ONCE}."
                    raise coded("RANGE", said, min=1, max=_MOST_AT_ONCE)

    @post_load
    def made(self, data: dict[str, Any], **_: Any) -> Card:
        """Return the card."""
        return Card(**data)


def accounts(card: Card) -> list[AccountKind]:
    """Return the account kind of the stamps: each purchase is a lot of its own, and lapses by itself."""
    expiry = Expiry(months=card.months, end_of="day")
    return [AccountKind(code=CARD, unit=Unit(CARD, 0, "counter"), name="Stamps", lots=True, expiry=expiry)]


PROGRAM = Section(schema=ProgramSchema, accounts=accounts)
