"""Medals from what was read to values ready to run, and what they may not contradict."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, cast

from corekit import ActivityType, Place, Problems, ProgramContext, Unit, Window, suggest
from corekit_medals.catalogue import Catalogue, Level, Medal, Words
from corekit_medals.counting import BY_LINES, PIECE, Lines, Measure, Tally, as_json
from corekit_medals.rules import All, AnyOf, Counted, Criterion, Holds, InTier, NoneOf, Streak, leaves

_TALLY = ("activity", "where", "lines", "minimum")
_FIELDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "count": (("activity", "least"), (*_TALLY, "window")),
    "sum": (("activity", "least"), (*_TALLY, "window", "measure")),
    "distinct": (("activity", "field", "least"), (*_TALLY, "window")),
    "streak": (("activity", "unit", "least"), _TALLY),
    "first": (("activity",), _TALLY),
    "metric": (("metric", "least"), ("window",)),
    "tier": (("tier",), ("ladder",)),
    "medal": (("medal",), ("level",)),
    "all": (("criteria",), ()),
    "any": (("criteria",), ()),
    "none": (("criteria",), ()),
}
"""What each kind of criterion has to say, and what it may say besides."""
_GROUPS: Mapping[str, type[All | AnyOf | NoneOf]] = {"all": All, "any": AnyOf, "none": NoneOf}
_SILENT = ("medals.won", "medals.reviewed", "medals.qualified")
"""What follows from medals cannot be counted for one: nothing would end."""


class Compiler:
    """Makes the catalogue; what is wrong with it goes to the problems."""

    def __init__(self, context: ProgramContext) -> None:
        self._context = context
        self._problems = Problems()
        self._seasonal = False

    def catalogue(self, found: Sequence[Mapping[str, Any]]) -> Catalogue:
        """Return the catalogue; raise the ValidationError that says everything that is wrong with it."""
        levels = {each["id"]: max(1, len(each["levels"])) for each in found}
        medals: dict[str, Medal] = {}
        for at, each in enumerate(found):
            if each["id"] in medals:
                self._refuse((at, "id"), "CONTRADICTION", f"There are two medals with the id {each['id']!r}.")
            medal = self._medal((at,), each, levels)
            if medal is not None:
                medals[each["id"]] = medal
        self._circles(found, medals)
        self._problems.tell()
        returns = frozenset(name for name, kind in self._context.types.items() if kind.reversal)
        return Catalogue(medals=medals, zone=self._context.zone, returns=returns)

    def _medal(self, place: Place, found: Mapping[str, Any], known: Mapping[str, int]) -> Medal | None:
        if "en" not in found["texts"]:
            self._refuse((*place, "texts"), "REQUIRED", "Give its name in English, en, at least.")
        season = found["season"] or {"first": None, "last": None}
        first, last = season["first"], season["last"]
        if first is not None and last is not None and first > last:
            self._refuse((*place, "season", "to"), "CONTRADICTION", f"from {first} is after to {last}.")
        if (found["when"] is None) == (not found["levels"]):
            said = "Say when it is awarded, or give levels that say it, one of both."
            self._refuse((*place, "when"), "REQUIRED" if found["when"] is None else "CONTRADICTION", said)
            return None
        self._seasonal = (first, last) != (None, None)
        levels: list[Level] = []
        given: Sequence[Mapping[str, Any]] = found["levels"] or [{"when": found["when"], "texts": {}, "picture": None}]
        for at, each in enumerate(given):
            here = (*place, "levels", at, "when") if found["levels"] else (*place, "when")
            when = self._criterion(here, each["when"], known)
            if when is not None:
                words = {language: Words(**said) for language, said in each["texts"].items()}
                levels.append(Level(number=at + 1, when=when, words=words, picture=each["picture"]))
        if len(levels) < len(given):
            return None
        return Medal(
            id=found["id"],
            version=found["version"],
            words={language: Words(**said) for language, said in found["texts"].items()},
            levels=tuple(levels),
            pictures=tuple(found["pictures"]),
            secret=found["secret"],
            edition=found["edition"],
            season=(first, last),
            on_reversal=found["on_reversal"],
        )

    # Criteria

    def _criterion(self, place: Place, found: Mapping[str, Any], medals: Mapping[str, int]) -> Criterion | None:
        """Return a criterion; None where something is wrong with it."""
        before, kind = self._problems.number, found["kind"]
        required, more = _FIELDS[kind]
        for name in required:
            if found[name] is None:
                self._refuse((*place, name), "REQUIRED", f"A criterion of the kind {kind!r} says {name}.")
        for name, given in found.items():
            if given is not None and name not in ("kind", *required, *more):
                said = f"A criterion of the kind {kind!r} has no {name}."
                self._refuse((*place, name), "UNKNOWN_FIELD", said)
        if self._problems.number > before:
            return None
        made = self._made(place, kind, found, medals)
        return made if self._problems.number == before else None

    def _made(self, place: Place, kind: str, found: Mapping[str, Any], medals: Mapping[str, int]) -> Criterion | None:
        if kind in _GROUPS:
            parts = [
                self._criterion((*place, "criteria", at), each, medals) for at, each in enumerate(found["criteria"])
            ]
            return _GROUPS[kind](of=tuple(part for part in parts if part is not None))
        if kind == "tier":
            return self._tier(place, found)
        if kind == "medal":
            return self._other(place, found, medals)
        if kind == "metric":
            return self._measured(place, found)
        return self._counted(place, kind, found)

    def _tier(self, place: Place, found: Mapping[str, Any]) -> InTier | None:
        ladders = self._context.ladders
        ladder: str = found["ladder"] or next(iter(ladders), "")
        if ladder not in ladders:
            said = f"There is no ladder {ladder!r}{suggest(ladder, ladders)}."
            self._refuse((*place, "ladder"), "UNKNOWN_LADDER", said)
            return None
        tiers = list(ladders[ladder])
        if found["tier"] not in tiers:
            said = f"The ladder {ladder!r} has no tier {found['tier']!r}{suggest(found['tier'], tiers)}."
            self._refuse((*place, "tier"), "UNKNOWN_TIER", said)
            return None
        return InTier(ladder=ladder, tiers=tuple(tiers[tiers.index(found["tier"]) :]))

    def _other(self, place: Place, found: Mapping[str, Any], medals: Mapping[str, int]) -> Holds | None:
        name, level = found["medal"], found["level"] or 1
        if name not in medals:
            self._refuse((*place, "medal"), "MEDALS_UNKNOWN", f"There is no medal {name!r}{suggest(name, medals)}.")
            return None
        if level > medals[name]:
            said = f"The medal {name!r} has {medals[name]} levels, not {level}."
            self._refuse((*place, "level"), "MEDALS_LEVEL_UNKNOWN", said)
        return Holds(medal=name, level=level)

    def _counted(self, place: Place, kind: str, found: Mapping[str, Any]) -> Criterion | None:
        types = self._types(place, found["activity"])
        if not types:
            return None
        window = self._window(place, kind, found)
        measure: Measure = (found["measure"] or "amount") if kind == "sum" else "count"
        lines = found["lines"]
        by = self._by(place, types, found["field"]) if kind == "distinct" else None
        if not all(each.lines for each in types) and (lines is not None or measure == "quantity" or by in BY_LINES):
            name = next(each.name for each in types if not each.lines)
            at = "lines" if lines is not None else "measure" if measure == "quantity" else "field"
            self._refuse((*place, at), "CONTRADICTION", f"An activity {name!r} has no lines.")
        tally = Tally(
            types=tuple(sorted(each.name for each in types)),
            measure=measure,
            where=self._where(place, types, found["where"] or {}),
            minimum=self._amount((*place, "minimum"), types, found["minimum"]),
            lines=None if lines is None else Lines(**{name: frozenset(given) for name, given in lines.items()}),
            by=by,
            days=self._seasonal or kind == "streak" or window.bucket != "lifetime",
        )
        least = self._least(place, kind, measure, types, found["least"])
        if kind == "streak":
            return Streak(tally=tally, least=least, unit=found["unit"])
        unit = self._unit(types) if measure == "amount" else None
        return Counted(tally=tally, least=least, distinct=kind == "distinct", window=window, unit=unit)

    def _measured(self, place: Place, found: Mapping[str, Any]) -> Counted | None:
        """Return a criterion that counts what a metric measures, so that it knows what was done before."""
        name, _, value = found["metric"].partition("=")
        at, known = (*place, "metric"), self._context.metrics
        metric = known.get(name)
        if name.startswith("balance:") or (metric is not None and metric.credits is not None):
            said = (
                f"{name!r} follows from what activities credit, which is not known while they are judged. "
                f"Let a ladder ask for it, and the medal for a tier of that ladder; or ask for the activities."
            )
            self._refuse(at, "INVALID", said)
            return None
        if metric is None:
            self._refuse(at, "UNKNOWN_METRIC", f"No enabled plugin declares the metric {name!r}{suggest(name, known)}.")
            return None
        if (metric.by is None) != (not value):
            said = f"{name!r} is measured as a whole." if value else f"Write {name}= and a value of {metric.by}."
            self._refuse(at, "INVALID", said)
            return None
        types = [kind for each in metric.activities if (kind := self._type(at, each)) is not None]
        if metric.by is not None:
            self._payload(at, types, metric.by)
        if not types:
            return None
        window = self._window(place, "metric", found)
        tally = Tally(
            types=tuple(sorted(each.name for each in types)),
            measure=metric.measure,
            where=() if metric.by is None else ((metric.by, _written(value)),),
            days=self._seasonal or window.bucket != "lifetime",
        )
        is_sum = metric.measure == "amount"
        least = self._least(place, "sum" if is_sum else "count", metric.measure, types, found["least"])
        return Counted(tally=tally, least=least, window=window, unit=self._unit(types) if is_sum else None)

    def _types(self, place: Place, names: Sequence[str]) -> list[ActivityType]:
        """Return the types that are counted; refuse those that nobody declares, or that cannot be."""
        types = [self._type((*place, "activity", at), name) for at, name in enumerate(names)]
        found = [kind for kind in types if kind is not None]
        return found if len(found) == len(names) else []

    def _type(self, place: Place, name: str) -> ActivityType | None:
        kind = self._context.types.get(name)
        if kind is None:
            said = f"There is no activity type {name!r}{suggest(name, self._context.types)}."
            self._refuse(place, "UNKNOWN_ACTIVITY", said)
        elif kind.reversal or name in _SILENT:
            self._refuse(place, "INVALID", f"{name!r} cannot be counted for a medal.")
            return None
        return kind

    def _window(self, place: Place, kind: str, found: Mapping[str, Any]) -> Window:
        try:
            window = Window.parse(found["window"] or "lifetime")
        except ValueError as error:
            self._refuse((*place, "window"), "INVALID", f"{error}.")
            return Window("lifetime")
        if window.bucket == "membership year":
            said = "A medal does not look back over a membership year; ask for a year or 'rolling 12 months'."
            self._refuse((*place, "window"), "INVALID", said)
        if kind == "distinct" and window.rolling:
            said = "Values are told apart over a day, week, month, quarter or year of the calendar, or the lifetime."
            self._refuse((*place, "window"), "INVALID", said)
        return window

    def _by(self, place: Place, types: Sequence[ActivityType], name: str) -> str:
        if name not in BY_LINES:
            self._payload((*place, "field"), types, name)
        return name

    def _where(
        self, place: Place, types: Sequence[ActivityType], found: Mapping[str, Sequence[Any]]
    ) -> tuple[tuple[str, tuple[str, ...]], ...]:
        for name in found:
            self._payload((*place, "where", name, "key"), types, name)
        return tuple((name, tuple(sorted(map(as_json, values)))) for name, values in sorted(found.items()))

    def _payload(self, place: Place, types: Sequence[ActivityType], name: str) -> None:
        """Refuse a field that the payload of a type does not have, or that is not kept."""
        for each in types:
            known = _kept(each)
            if name not in known:
                self._refuse(
                    place, "UNKNOWN_FIELD", f"An activity {each.name!r} keeps no {name!r}{suggest(name, known)}."
                )

    def _least(
        self, place: Place, kind: str, measure: str, types: Sequence[ActivityType], given: Fraction | None
    ) -> int:
        if kind == "first" or given is None:
            return 1
        at = (*place, "least")
        if not given:
            self._refuse(at, "RANGE", "It must be more than 0.")
        if measure == "quantity":
            return self._minor(at, given * PIECE, 0)
        return (self._amount(at, types, given) or 0) if kind == "sum" else self._minor(at, given, 0)

    def _amount(self, place: Place, types: Sequence[ActivityType], given: Fraction | None) -> int | None:
        """Return an amount in minor units of what activities of the types count."""
        if given is None:
            return None
        unit = self._unit(types)
        if unit is None:
            said = f"{', '.join(each.name for each in types)} do not count the same: their amounts cannot be compared."
            self._refuse(place, "CONTRADICTION", said)
            return None
        return self._minor(place, given, unit.scale)

    def _unit(self, types: Sequence[ActivityType]) -> Unit | None:
        """Return what the amounts of all types count; None where they do not count the same, or nobody knows what."""
        codes = {each.amount for each in types}
        if len(codes) > 1 or codes <= {"none", "own", "any"}:
            return None
        (code,) = codes
        return self._context.currency if code == "money" else self._context.units.get(code) or Unit(code)

    def _circles(self, found: Sequence[Mapping[str, Any]], medals: Mapping[str, Medal]) -> None:
        """Refuse a medal that cannot be had without itself."""
        asks = {
            name: {leaf.medal for leaf in _leaves(medal) if isinstance(leaf, Holds)} for name, medal in medals.items()
        }
        for at, each in enumerate(found):
            seen, rest = set[str](), set(asks.get(each["id"], ()))
            while rest:
                name = rest.pop()
                seen.add(name)
                rest |= asks.get(name, set()) - seen
            if each["id"] in seen:
                said = f"The medal {each['id']!r} asks for itself, perhaps by way of others."
                self._refuse((at, "id"), "CONTRADICTION", said)

    def _minor(self, place: Place, given: Fraction, scale: int) -> int:
        return self._problems.minor(("definitions", *place), given, scale)

    def _refuse(self, place: Place, code: str, message: str) -> None:
        self._problems.refuse(("definitions", *place), code, message)


def _kept(kind: ActivityType) -> list[str]:
    """Return the fields of the payload of a type that are stored with it."""
    fields: Mapping[str, Any] = cast("Any", kind.schema)().fields if kind.schema is not None else {}
    names = [field.data_key or name for name, field in fields.items()]
    return [name for name in names if kind.kept is None or name in kind.kept]


def _written(value: str) -> tuple[str, ...]:
    """Return how JSON may write the value after the name of a metric: as a text, a whole number, or yes or no."""
    plain = {"True": "true", "False": "false"}.get(value, value)
    is_plain = plain != value or re.fullmatch(r"0|-?[1-9][0-9]*", value) is not None
    return tuple(sorted({as_json(value), *([plain] if is_plain else [])}))


def _leaves(medal: Medal) -> Iterator[Any]:
    for level in medal.levels:
        yield from leaves(level.when)
