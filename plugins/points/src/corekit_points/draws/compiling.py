"""From ``[[points.draws]]`` as it was read to draws ready to be made; what promises too much is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from corekit import Place, Problems, ProgramContext, suggest
from corekit_points.draws.prizes import Draw, Guarantee, Prize
from corekit_points.rules import Currency, Terms

_WINDOWS = (("day", "day"), ("month", "month"), ("year", "year"), ("lifetime", "total"))


class Draws:
    """Makes draws; what is wrong with them goes to the problems."""

    def __init__(self, context: ProgramContext, problems: Problems) -> None:
        self._context = context
        self._problems = problems

    def draw(self, place: Place, found: Mapping[str, Any], currency: Currency, terms: Terms) -> Draw:
        """Return one draw."""
        self._unique(place, found["prizes"])
        prizes = tuple(self._prize((*place, "prizes", at), prize, currency) for at, prize in enumerate(found["prizes"]))
        guarantee = None if found["guarantee"] is None else Guarantee(**found["guarantee"])
        self._always(place, prizes, guarantee)
        return Draw(
            id=found["id"],
            name=found["name"] or _called(found["id"]),
            version=found["version"],
            kind=currency.kind,
            price=self._problems.minor((*place, "price"), found["price"], currency.scale),
            prizes=prizes,
            per=found["per"],
            limits=tuple((window, most) for window, name in _WINDOWS if (most := found["limits"][name]) is not None),
            guarantee=guarantee,
            terms=terms,
        )

    def _unique(self, place: Place, prizes: Sequence[Mapping[str, Any]]) -> None:
        for (first, one), (second, other) in combinations(enumerate(prizes), 2):
            if one["id"] == other["id"]:
                said = f"prizes.{first} and prizes.{second} both have the id {one['id']!r}."
                self._problems.refuse((*place, "prizes", second, "id"), "CONTRADICTION", said)

    def _prize(self, place: Place, found: Mapping[str, Any], currency: Currency) -> Prize:
        return Prize(
            id=found["id"],
            name=found["name"] or _called(found["id"]),
            weight=found["weight"],
            points=self._problems.minor((*place, "points"), found["points"], currency.scale),
            gives=self._gives((*place, "gives"), found["gives"]),
            stock=found["stock"],
            rank=found["rank"],
        )

    def _gives(self, place: Place, found: Any) -> tuple[str, Mapping[str, Any]] | None:
        """Return the activity that a prize brings; refuse one that cannot follow, or with another payload."""
        if found is None:
            return None
        types = self._context.types
        type_ = types.get(found["activity"])
        if type_ is None:
            said = f"There is no activity type {found['activity']!r}{suggest(found['activity'], types)}."
            self._problems.refuse((*place, "activity"), "UNKNOWN_ACTIVITY", said)
        elif type_.internal or type_.reversal or type_.amount != "none" or not type_.simulated:
            said = f"{type_.name!r} cannot be won: it is the kernel's, needs an amount, or is left to chance itself."
            self._problems.refuse((*place, "activity"), "INVALID", said)
        elif wrong := type_.schema().validate(found["payload"]) if type_.schema is not None else found["payload"]:
            said = f"{type_.name!r} does not take this payload: {', '.join(sorted(map(str, wrong)))}."
            self._problems.refuse((*place, "payload"), "INVALID", said)
        return found["activity"], found["payload"]

    def _always(self, place: Place, prizes: Sequence[Prize], guarantee: Guarantee | None) -> None:
        """Refuse a draw, or a guarantee, of which everything can be gone."""
        if all(prize.stock is not None for prize in prizes):
            said = "Every prize has a stock, so that a time may come when nothing can be won; add one without."
            self._problems.refuse((*place, "prizes"), "CONTRADICTION", said)
        if guarantee is None:
            return
        named = [prize for prize in prizes if prize.rank == guarantee.rank]
        if not named:
            ranks = sorted({prize.rank for prize in prizes if prize.rank is not None})
            said = f"No prize is of the class {guarantee.rank!r}{suggest(guarantee.rank, ranks)}."
            self._problems.refuse((*place, "guarantee", "class"), "UNKNOWN_CLASS", said)
        elif all(prize.stock is not None for prize in named):
            said = (
                f"Every prize of the class {guarantee.rank!r} has a stock, so it cannot be promised; add one without."
            )
            self._problems.refuse((*place, "guarantee"), "CONTRADICTION", said)


def _called(code: str) -> str:
    return code.replace("_", " ").replace("-", " ").capitalize()
