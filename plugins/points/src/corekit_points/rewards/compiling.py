"""The catalogue, and paying with points, from what was read to values ready to run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from corekit import Place, Problems, ProgramContext, suggest
from corekit_points.rewards.catalogue import Gift, Pay, Price, Reward, Words

if TYPE_CHECKING:
    from corekit_points.rules import Currency

_WINDOWS = (("day", "day"), ("month", "month"), ("year", "year"), ("lifetime", "total"))


class Shelves:
    """Makes rewards and what paying with points takes; what is wrong with them goes to the problems."""

    def __init__(self, context: ProgramContext, problems: Problems, currencies: Mapping[str, Currency]) -> None:
        self._context = context
        self._problems = problems
        self._currencies = currencies

    def rewards(self, found: Sequence[Mapping[str, Any]]) -> list[Reward]:
        """Return the rewards, those left out that cannot be made."""
        made: list[Reward] = []
        for at, entry in enumerate(found):
            before = self._problems.number
            reward = self._reward(("rewards", at), entry)
            if reward is not None and self._problems.number == before:
                made.append(reward)
        return made

    def pay(self, found: Mapping[str, Any] | None) -> Pay | None:
        """Return how orders are paid with points; None where they are not."""
        currency = None if found is None else self._currency(("pay",), found["currency"])
        if found is None or currency is None:
            return None
        points = self._minor(("pay", "points"), found["points"], currency.scale)
        money = self._minor(("pay", "money"), found["money"], self._context.currency.scale)
        for name, number in (("points", points), ("money", money)):
            if not number:
                self._refuse(("pay", name), "RANGE", "It must be more than 0.")
        share: Fraction = found["max_share"]
        return Pay(
            account=currency.kind,
            points=points,
            money=money,
            share=(share.numerator, share.denominator),
            least=self._minor(("pay", "minimum"), found["minimum"], self._context.currency.scale),
        )

    def _reward(self, place: Place, found: Mapping[str, Any]) -> Reward | None:
        currency = self._currency(place, found["currency"])
        if currency is None:
            return None
        price = Price(
            currency=currency.code,
            account=currency.kind,
            points=self._minor((*place, "points"), found["points"], currency.scale),
            money=self._minor((*place, "money"), found["money"], self._context.currency.scale),
            money_unit=self._context.currency.code,
        )
        if "en" not in found["texts"]:
            self._refuse((*place, "texts"), "REQUIRED", "Give its name in English, en, at least.")
        if not price.points:
            self._refuse((*place, "points"), "RANGE", "It must be more than 0.")
        first, last = found["valid_from"], found["valid_to"]
        if first is not None and last is not None and first > last:
            self._refuse((*place, "valid_to"), "CONTRADICTION", f"valid_from {first} is after valid_to {last}.")
        if found["gives"] is not None and found["collect_days"] is not None:
            said = f"{found['id']!r} is given at once, so there is nothing to fetch within collect_days."
            self._refuse((*place, "collect_days"), "CONTRADICTION", said)
        limits: Mapping[str, int | None] = found["limits"]
        return Reward(
            id=found["id"],
            version=found["version"],
            kind=found["kind"],
            price=price,
            words={language: Words(**words) for language, words in found["texts"].items()},
            pictures=tuple(found["pictures"]),
            stocked=found["stocked"],
            limits=tuple((window, most) for window, name in _WINDOWS if (most := limits.get(name)) is not None),
            ladder=found["ladder"],
            least_tier=self._least_tier(place, found),
            valid=(first, last),
            collect_days=found["collect_days"],
            gives=self._gift((*place, "gives"), found["gives"]),
        )

    def _gift(self, place: Place, found: Mapping[str, Any] | None) -> Gift | None:
        """Return the activity that gives a reward; refuse one that nobody declares, or that cannot follow."""
        if found is None:
            return None
        types, name = self._context.types, found["activity"]
        if name not in types:
            said = f"There is no activity type {name!r}{suggest(name, types)}."
            self._refuse((*place, "activity"), "UNKNOWN_ACTIVITY", said)
        elif types[name].internal or types[name].reversal:
            self._refuse((*place, "activity"), "INVALID", f"{name!r} cannot follow from a redemption.")
        else:
            self._payload(place, types[name].schema, found["payload"])
        return Gift(**found)

    def _payload(self, place: Place, schema: Any, payload: Mapping[str, Any]) -> None:
        """Refuse a payload that the type would refuse at every redemption."""
        problems: Mapping[str, Any] = schema().validate(payload) if schema is not None else dict.fromkeys(payload, "")
        for name in problems:
            said = f"The payload of the activity does not fit at {name!r}; see its type."
            self._refuse((*place, "payload", name, "value"), "INVALID", said)

    def _least_tier(self, place: Place, found: Mapping[str, Any]) -> tuple[str, int] | None:
        """Return the lowest tier that may have it, by code and rank."""
        ladders, ladder, tier = self._context.ladders, found["ladder"], found["min_tier"]
        if ladder is not None and ladder not in ladders:
            said = f"There is no ladder {ladder!r}{suggest(ladder, ladders)}."
            self._refuse((*place, "ladder"), "UNKNOWN_LADDER", said)
            return None
        if tier is None:
            return None
        steps: list[str] = list(ladders[ladder] if ladder is not None else next(iter(ladders.values()), ()))
        if tier not in steps:
            said = f"The ladder has no tier {tier!r}{suggest(tier, steps)}."
            self._refuse((*place, "min_tier"), "UNKNOWN_TIER", said)
            return None
        return tier, steps.index(tier)

    def _currency(self, place: Place, code: str) -> Currency | None:
        found = self._currencies.get(code)
        if found is None:
            said = f"There is no currency {code!r}{suggest(code, self._currencies)}."
            self._refuse((*place, "currency"), "UNKNOWN_CURRENCY", said)
        return found

    def _minor(self, place: Place, number: Fraction, scale: int) -> int:
        return self._problems.minor(place, number, scale)

    def _refuse(self, place: Place, code: str, message: str) -> None:
        self._problems.refuse(place, code, message)
