"""Rules and tasks of the section ``[points]``, from what was read to values ready to run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any, TypeVar, cast

from attrs import evolve
from marshmallow import ValidationError

from corekit import Exact, Place, Problems, ProgramContext, suggest
from corekit_points.calendar import Calendar
from corekit_points.rules import Budget, Caps, Currency, Ratio, Rule, Selection, Streak, Task, Terms, benefit_of, ratio

UNSAID = "unsaid"
"""Where a rule leaves to the section how long after the fact something may be reported."""

T = TypeVar("T")
Make = Callable[[Place, Mapping[str, Any], Currency], T]


class Earners:
    """Makes rules and tasks; what is wrong with them goes to the problems."""

    def __init__(
        self,
        context: ProgramContext,
        problems: Problems,
        currencies: Mapping[str, Currency],
        calendars: Mapping[str, Calendar],
        claim: Any,
    ) -> None:
        self._context = context
        self._problems = problems
        self._currencies = currencies
        self._calendars = calendars
        self._claim = claim

    def all(self, table: str, found: Sequence[Mapping[str, Any]], make: Make[T]) -> list[T]:
        """Return what is made of the entries of a table, those left out that cannot be made."""
        made: list[T] = []
        for at, entry in enumerate(found):
            place, before = (table, at), self._problems.number
            code = entry["currency"]
            if code in self._currencies:
                each = make(place, entry, self._currencies[code])
                if self._problems.number == before:
                    made.append(each)
            else:
                said = f"There is no currency {code!r}{suggest(code, self._currencies)}."
                self._problems.refuse((*place, "currency"), "UNKNOWN_CURRENCY", said)
        return made

    def rule(self, place: Place, found: Mapping[str, Any], currency: Currency) -> Rule:
        """Return one rule."""
        self._activity((*place, "activity"), found["activity"])
        self._overlaps(place, found)
        rate, step = self._rate((*place, "rate"), found["rate"], currency)
        include, exclude = found["include"], found["excluding"]
        return Rule(
            id=found["id"],
            version=found["version"],
            currency=currency.code,
            kind=currency.kind,
            activity=found["activity"],
            rate=ratio(rate),
            step=step,
            add=self._minor((*place, "add"), found["add"], currency.scale),
            basis=None if found["basis"].is_charged else found["basis"],
            terms=self.terms(place, found),
            pending=found["pending_days"],
            budget=self._budget((*place, "budget"), found["budget"], currency),
            lines=Selection(
                categories=frozenset(include["categories"]),
                skus=frozenset(include["skus"]),
                no_categories=frozenset(exclude["categories"]),
                no_skus=frozenset(exclude["skus"]),
                no_flags=frozenset(exclude["flags"]),
            ),
            stores=frozenset(include["stores"]),
            no_stores=frozenset(exclude["stores"]),
            minimum=self._minor((*place, "minimum"), found["minimum"], self._context.currency.scale),
            caps=self._caps((*place, "caps"), found["caps"], currency),
            tiers=self._tiers(place, found, currency),
            calendars=self._bringing((*place, "calendars"), found["calendars"], currency),
            stacking=found["stacking"],
            priority=found["priority"],
            group=found["group"],
        )

    def task(self, place: Place, found: Mapping[str, Any], currency: Currency) -> Task:
        """Return one task."""
        gives, takes = found["points"], found["deduct"]
        if (gives is None) == (takes is None) or takes == 0 or (gives == 0 and found["streak"] is None):
            said = f"{found['id']!r} must either give points or deduct some."
            self._refuse((*place, "_schema"), "CONTRADICTION", said)
        if takes is not None and any(found[given] is not None for given in ("streak", "pending_days", "budget")):
            said = f"{found['id']!r} deducts, so it has neither a streak nor pending days nor a budget."
            self._refuse((*place, "_schema"), "CONTRADICTION", said)
        self._done(place, found)
        points = self._minor((*place, "points"), gives or Fraction(0), currency.scale)
        points -= self._minor((*place, "deduct"), takes or Fraction(0), currency.scale)
        windows = (("day", "day"), ("month", "month"), ("year", "year"), ("lifetime", "total"))
        limits = ((window, found["limits"][name]) for window, name in windows)
        return Task(
            id=found["id"],
            version=found["version"],
            kind=currency.kind,
            activity=found["activity"],
            points=points,
            terms=self.terms(place, found),
            limits=tuple((window, most) for window, most in limits if most is not None),
            once_per=found["once_per"],
            streak=self._streak((*place, "streak", "steps"), found["streak"], currency),
            pending=found["pending_days"],
            budget=self._budget((*place, "budget"), found["budget"], currency),
        )

    def _refuse(self, place: Place, code: str, message: str) -> None:
        self._problems.refuse(place, code, message)

    def _minor(self, place: Place, number: Fraction, scale: int) -> int:
        return self._problems.minor(place, number, scale)

    def terms(self, place: Place, found: Mapping[str, Any]) -> Terms:
        """Return when a rule, a task or a draw holds at all."""
        least: tuple[str, int] | None = None
        if found["min_tier"] is not None:
            steps = list(self._steps(place, found))
            if found["min_tier"] in steps:
                least = found["min_tier"], steps.index(found["min_tier"])
            else:
                said = f"The ladder has no tier {found['min_tier']!r}{suggest(found['min_tier'], steps)}."
                self._refuse((*place, "min_tier"), "UNKNOWN_TIER", said)
        claim = found.get("claim_hours")
        during = self._used((*place, "during"), found["during"])
        claim = self._claim if claim == UNSAID else claim
        return Terms(ladder=found["ladder"], least_tier=least, during=during, claim=claim)

    def _steps(self, place: Place, found: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the tiers of the ladder that a rule names, or of the first one."""
        ladders, name = self._context.ladders, found["ladder"]
        if name is not None and name not in ladders:
            self._refuse((*place, "ladder"), "UNKNOWN_LADDER", f"There is no ladder {name!r}{suggest(name, ladders)}.")
            return {}
        return ladders[name] if name is not None else next(iter(ladders.values()), dict[str, Any]())

    def _done(self, place: Place, found: Mapping[str, Any]) -> None:
        """Refuse an activity type that is not there, and a field that it does not always have."""
        name, types, field = found["activity"], self._context.types, found["once_per"]
        if name not in types:
            said = f"There is no activity type {name!r}{suggest(name, types)}; declare it in [[activities]]."
            self._refuse((*place, "activity"), "UNKNOWN_ACTIVITY", said)
            return
        if types[name].reversal and found["deduct"] is None:
            self._refuse((*place, "activity"), "INVALID", f"{name!r} takes something back, so it can only deduct.")
        schema = types[name].schema
        made: Any = schema() if schema is not None else None
        known: Any = made.fields if made is not None else {}
        if field is not None and (field not in known or not known[field].required):
            said = f"{name!r} has no field {field!r} that is always there{suggest(field, known)}."
            self._refuse((*place, "once_per"), "UNKNOWN_FIELD", said)

    def _streak(self, place: Place, found: Any, currency: Currency) -> Streak | None:
        """Return what days in a row bring."""
        if found is None:
            return None
        steps: dict[int, int] = {}
        for at, step in enumerate(found["steps"]):
            if step["days"] in steps:
                said = f"There are two steps of {step['days']} days."
                self._refuse((*place, at, "days"), "CONTRADICTION", said)
            steps[step["days"]] = self._minor((*place, at, "points"), step["points"], currency.scale)
        return Streak(steps=steps, repeats=found["repeat"])

    def _activity(self, place: Place, name: str) -> None:
        """Refuse an activity type that is not there or has no amount of money."""
        types = self._context.types
        if name not in types:
            self._refuse(place, "UNKNOWN_ACTIVITY", f"There is no activity type {name!r}{suggest(name, types)}.")
        elif types[name].amount != "money" or types[name].signed or types[name].reversal:
            self._refuse(place, "INVALID", f"{name!r} is nothing that money is spent on, so it cannot earn by a rate.")

    def _overlaps(self, place: Place, found: Mapping[str, Any]) -> None:
        """Refuse what is included and excluded at once."""
        for what in ("categories", "skus", "stores"):
            for both in sorted(set(found["include"][what]) & set(found["excluding"][what])):
                said = f"{both!r} stands in include.{what} and in exclude.{what}."
                self._refuse((*place, "exclude", what), "CONTRADICTION", said)

    def _rate(self, place: Place, found: Any, currency: Currency) -> tuple[Fraction, int | None]:
        """Return minor units of the currency per minor unit of money, and the step in the latter."""
        if isinstance(found, Fraction):
            return found * 10**currency.scale / 10**self._context.currency.scale, None
        if found["per"] <= 0:
            self._refuse((*place, "per"), "RANGE", "It must be more than 0.")
            return Fraction(0), None
        per = self._minor((*place, "per"), found["per"], self._context.currency.scale)
        points = self._minor((*place, "points"), found["points"], currency.scale)
        return Fraction(points, per or 1), per if found["whole_steps"] else None

    def _caps(self, place: Place, found: Mapping[str, Fraction | None], currency: Currency) -> Caps:
        """Return the caps; refuse one that another makes pointless."""
        given = [(name, cap) for name, cap in found.items() if cap is not None]
        order = ("order", "day", "month", "total")
        for (short, less), (long, more) in pairwise(sorted(given, key=lambda cap: order.index(cap[0]))):
            if less > more:
                said = f"{short} = {less} can never be reached, because {long} = {more} is less."
                self._refuse((*place, short), "CONTRADICTION", said)
        return Caps(**{name: self._minor((*place, name), cap, currency.scale) for name, cap in given})

    def _budget(self, place: Place, found: Any, currency: Currency) -> Budget | None:
        """Return what all members together may get."""
        if found is None:
            return None
        most = self._minor((*place, "points"), found["points"], currency.scale)
        stops = found["when_spent"] == "stop"
        return Budget(most=most, per=found["per"], warn_at=ratio(found["warn_at"]), stops=stops)

    def _tiers(self, place: Place, found: Mapping[str, Any], currency: Currency) -> dict[str, Ratio]:
        """Return the multiplier of each tier that has one."""
        tiers = found["tiers"]
        steps = self._steps(place, found)
        if tiers == "none":
            return {}
        if tiers != "benefits":
            for tier in tiers:
                if tier not in steps:
                    said = f"The ladder of the rule has no tier {tier!r}{suggest(tier, steps)}."
                    self._refuse((*place, "tiers", tier, "value"), "UNKNOWN_TIER", said)
            return {tier: ratio(factor) for tier, factor in tiers.items()}
        made: dict[str, Ratio] = {}
        for tier, benefits in steps.items():
            if benefit_of(currency.code) in benefits:
                try:
                    made[tier] = ratio(
                        cast("Any", Exact(least=0, most=1000)).deserialize(benefits[benefit_of(currency.code)])
                    )
                except ValidationError as error:
                    problem = cast("Any", error).messages[0]
                    said = f"Benefit {benefit_of(currency.code)!r} of tier {tier!r}: {problem['message']}"
                    self._refuse((*place, "tiers"), problem["code"], said)
        return made

    def _used(self, place: Place, names: Sequence[str]) -> tuple[Calendar, ...]:
        """Return the calendars that a rule names."""
        for name in names:
            if name not in self._calendars:
                said = f"There is no calendar {name!r}{suggest(name, self._calendars)}."
                self._refuse(place, "UNKNOWN_CALENDAR", said)
        return tuple(self._calendars[name] for name in names if name in self._calendars)

    def _bringing(self, place: Place, names: Sequence[str], currency: Currency) -> tuple[Calendar, ...]:
        """Return the calendars that a rule names, with what they add in minor units of its currency."""
        used = self._used(place, names)
        for calendar in used:
            if calendar.multiplier is None and not calendar.add:
                said = (
                    f"The calendar {calendar.id!r} brings nothing: give it a multiplier or add, or name it in during."
                )
                self._refuse(place, "CONTRADICTION", said)
        scale: int = 10**currency.scale
        return tuple(evolve(each, add=each.add * scale) if each.add else each for each in used)
