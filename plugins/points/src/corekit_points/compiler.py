"""From the section ``[points]`` as it was read to rules ready to run; what contradicts itself is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any, cast

from attrs import evolve
from marshmallow import ValidationError

from corekit import AccountKind, Exact, Metric, ProgramContext, Unit, minor_units, suggest
from corekit_points.calendar import Calendar, holidays_of
from corekit_points.rules import Book, Caps, Currency, Ratio, Rule, Selection, Streak, Task, Terms

CURRENCY = "points"
"""The currency that always is, and the account kind of the same name."""
BENEFIT = "points_multiplier"
"""The tier benefit that multiplies what ``points`` rules earn; other currencies append ``_<code>``."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
RESERVED = ("adjust", "breakage", "debt", "issued", "opening", "redeemed")
"""``points.<name>`` is an account of the house for each of these."""

UNSAID = "unsaid"
"""Where a rule leaves to the section how long after the fact something may be reported."""

_ANY_YEAR = 2020
"""To see whether holidays of a place are known."""

Place = tuple[str | int, ...]


def kind_of(currency: str) -> str:
    """Return the account kind, and the unit, of a currency."""
    return CURRENCY if currency == CURRENCY else f"{CURRENCY}.{currency}"


def benefit_of(currency: str) -> str:
    """Return the name of the tier benefit that multiplies what rules of a currency earn."""
    return BENEFIT if currency == CURRENCY else f"{BENEFIT}_{currency}"


class Compiler:
    """Turns a section as it was read into a book, and collects everything that is wrong with it."""

    def __init__(self, context: ProgramContext, data: Mapping[str, Any]) -> None:
        self._context = context
        self._data = data
        self._wrong: dict[str | int, Any] = {}
        self._refused = 0

    def book(self) -> Book:
        """Return the book, or raise the ValidationError with every problem at its place."""
        currencies = self._currencies()
        calendars = self._calendars()
        self._benefits(currencies)
        self._unique("rules")
        rules = [self._rule(("rules", at), rule, currencies, calendars) for at, rule in enumerate(self._data["rules"])]
        self._groups([rule for rule in rules if rule is not None])
        self._unique("tasks")
        tasks = [self._task(("tasks", at), task, currencies, calendars) for at, task in enumerate(self._data["tasks"])]
        self._apart()
        if self._wrong:
            raise ValidationError(cast("dict[str, Any]", self._wrong))
        made = tuple(rule for rule in rules if rule is not None)
        return Book(currencies, made, tuple(task for task in tasks if task is not None))

    def _refuse(self, place: Place, code: str, message: str) -> None:
        """Note a problem at its place, as marshmallow would: below an entry of a table stands ``key`` or ``value``."""
        self._refused += 1
        inner = self._wrong
        for part in place[:-1]:
            inner = inner.setdefault(part, {})
        inner.setdefault(place[-1], []).append({"code": code, "message": message})

    def _unique(self, table: str) -> None:
        """Refuse two entries of a table with the same id."""
        for (first, one), (second, other) in combinations(enumerate(cast("list[Any]", self._data[table])), 2):
            if one["id"] == other["id"]:
                said = f"{table}.{first} and {table}.{second} both have the id {one['id']!r}."
                self._refuse((table, second, "id"), "CONTRADICTION", said)

    def _currencies(self) -> dict[str, Currency]:
        """Return the currencies; refuse names that the ledger needs itself."""
        for code in self._data["currencies"]:
            if code in RESERVED:
                said = f"Choose another name: points.{code} is an account of the house."
                self._refuse(("currencies", code, "key"), "RESERVED", said)
        if self._data["currencies"][CURRENCY]["scale"]:
            # It is in the books before any program is, and a unit never changes there.
            said = "The currency points counts whole points; give decimal places to one of another name."
            self._refuse(("currencies", CURRENCY, "value", "scale"), "RESERVED", said)
        return {
            code: Currency(
                code=code,
                kind=kind_of(code),
                name=found["name"] or code.replace("_", " ").capitalize(),
                scale=found["scale"],
                expiry=None if found["expiry"] == "never" else found["expiry"],
                clawback=found["clawback"],
                grace=found["grace"],
                transfers=found["transfers"],
            )
            for code, found in self._data["currencies"].items()
        }

    def _calendars(self) -> dict[str, Calendar]:
        """Return the calendars by id."""
        self._unique("calendars")
        made: dict[str, Calendar] = {}
        for at, found in enumerate(self._data["calendars"]):
            conditions = ("dates", "weekdays", "hours", "holidays", "anniversary", "birthday")
            if not any(found[condition] for condition in conditions):
                said = f"{found['id']!r} says never when it holds: give one of {', '.join(conditions)}."
                self._refuse(("calendars", at, "_schema"), "INVALID", said)
            made[found["id"]] = Calendar(
                id=found["id"],
                multiplier=None if found["multiplier"] is None else _ratio(found["multiplier"]),
                add=self._minor(("calendars", at, "add"), found["add"], 0),
                dates=tuple(found["dates"]),
                weekdays=frozenset(WEEKDAYS.index(day) for day in found["weekdays"]),
                hours=found["hours"],
                holidays=self._holidays(("calendars", at, "holidays"), found["holidays"]),
                anniversary=found["anniversary"],
                birthday=found["birthday"],
            )
        return made

    def _holidays(self, place: Place, found: Any) -> tuple[str, str | None] | None:
        """Return country and subdivision if the library knows them."""
        if found is None:
            return None
        country, subdivision = (found, None) if isinstance(found, str) else (found["country"], found["subdivision"])
        try:
            holidays_of(country, subdivision, _ANY_YEAR)
        except LookupError as error:
            self._refuse(place, "UNKNOWN_COUNTRY", str(error.args[0]))
        return country, subdivision

    def _benefits(self, currencies: Mapping[str, Currency]) -> None:
        """Refuse benefits of tiers that begin with this plugin's name and mean nothing to it."""
        known = {benefit_of(code) for code in currencies}
        for ladder, tiers in self._context.ladders.items():
            for tier, benefits in tiers.items():
                for name in benefits:
                    # Another plugin may have benefits that begin alike; what resembles ours is a slip of the pen.
                    if name.startswith(f"{CURRENCY}_") and name not in known and suggest(name, known):
                        owner = f"Tier {tier!r} of ladder {ladder!r}"
                        said = f"{owner} has an unknown benefit {name!r}{suggest(name, known)}."
                        self._refuse(("_schema",), "UNKNOWN_BENEFIT", said)

    def _rule(
        self,
        place: Place,
        found: Mapping[str, Any],
        currencies: Mapping[str, Currency],
        calendars: Mapping[str, Calendar],
    ) -> Rule | None:
        """Return one rule, or None where it cannot be made."""
        before = self._refused
        currency = currencies.get(found["currency"])
        if currency is None:
            said = f"There is no currency {found['currency']!r}{suggest(found['currency'], currencies)}."
            self._refuse((*place, "currency"), "UNKNOWN_CURRENCY", said)
            return None
        self._activity((*place, "activity"), found["activity"])
        self._overlaps(place, found)
        rate, step = self._rate((*place, "rate"), found["rate"], currency)
        minimum = self._minor((*place, "minimum"), found["minimum"], self._context.currency.scale)
        caps = self._caps((*place, "caps"), found["caps"], currency)
        tiers = self._tiers(place, found, currency)
        used = self._bringing((*place, "calendars"), found["calendars"], calendars, currency)
        terms = self._terms(place, found, calendars)
        add = self._minor((*place, "add"), found["add"], currency.scale)
        if self._refused != before:
            return None
        include, exclude = found["include"], found["excluding"]
        return Rule(
            id=found["id"],
            version=found["version"],
            currency=currency.code,
            kind=currency.kind,
            activity=found["activity"],
            rate=_ratio(rate),
            step=step,
            add=add,
            basis=None if found["basis"].is_charged else found["basis"],
            terms=terms,
            pending=found["pending_days"],
            lines=Selection(
                categories=frozenset(include["categories"]),
                skus=frozenset(include["skus"]),
                no_categories=frozenset(exclude["categories"]),
                no_skus=frozenset(exclude["skus"]),
                no_flags=frozenset(exclude["flags"]),
            ),
            stores=frozenset(include["stores"]),
            no_stores=frozenset(exclude["stores"]),
            minimum=minimum,
            caps=caps,
            tiers=tiers,
            calendars=used,
            stacking=found["stacking"],
            priority=found["priority"],
            group=found["group"],
        )

    def _terms(self, place: Place, found: Mapping[str, Any], calendars: Mapping[str, Calendar]) -> Terms:
        """Return when a rule or a task holds at all."""
        least: tuple[str, int] | None = None
        if found["min_tier"] is not None:
            steps = list(self._steps(place, found))
            if found["min_tier"] in steps:
                least = found["min_tier"], steps.index(found["min_tier"])
            else:
                said = f"The ladder has no tier {found['min_tier']!r}{suggest(found['min_tier'], steps)}."
                self._refuse((*place, "min_tier"), "UNKNOWN_TIER", said)
        claim = self._data["claim_hours"] if found["claim_hours"] == UNSAID else found["claim_hours"]
        during = self._used((*place, "during"), found["during"], calendars)
        return Terms(ladder=found["ladder"], least_tier=least, during=during, claim=claim)

    def _steps(self, place: Place, found: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the tiers of the ladder that a rule names, or of the first one."""
        ladders, name = self._context.ladders, found["ladder"]
        if name is not None and name not in ladders:
            self._refuse((*place, "ladder"), "UNKNOWN_LADDER", f"There is no ladder {name!r}{suggest(name, ladders)}.")
            return {}
        return ladders[name] if name is not None else next(iter(ladders.values()), dict[str, Any]())

    def _task(
        self,
        place: Place,
        found: Mapping[str, Any],
        currencies: Mapping[str, Currency],
        calendars: Mapping[str, Calendar],
    ) -> Task | None:
        """Return one task, or None where it cannot be made."""
        before = self._refused
        currency = currencies.get(found["currency"])
        if currency is None:
            said = f"There is no currency {found['currency']!r}{suggest(found['currency'], currencies)}."
            self._refuse((*place, "currency"), "UNKNOWN_CURRENCY", said)
            return None
        gives, takes = found["points"], found["deduct"]
        if (gives is None) == (takes is None) or takes == 0 or (gives == 0 and found["streak"] is None):
            said = f"{found['id']!r} must either give points or deduct some."
            self._refuse((*place, "_schema"), "CONTRADICTION", said)
        if takes is not None and (found["streak"] is not None or found["pending_days"] is not None):
            said = f"{found['id']!r} deducts, so it has neither a streak nor pending days."
            self._refuse((*place, "_schema"), "CONTRADICTION", said)
        self._done(place, found)
        points = self._minor((*place, "points"), gives or Fraction(0), currency.scale)
        points -= self._minor((*place, "deduct"), takes or Fraction(0), currency.scale)
        terms = self._terms(place, found, calendars)
        streak = self._streak((*place, "streak", "steps"), found["streak"], currency)
        if self._refused != before:
            return None
        windows = (("day", "day"), ("month", "month"), ("year", "year"), ("lifetime", "total"))
        limits = ((window, found["limits"][name]) for window, name in windows)
        return Task(
            id=found["id"],
            version=found["version"],
            kind=currency.kind,
            activity=found["activity"],
            points=points,
            terms=terms,
            limits=tuple((window, most) for window, most in limits if most is not None),
            once_per=found["once_per"],
            streak=streak,
            pending=found["pending_days"],
        )

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

    def _apart(self) -> None:
        """Refuse a rule and a task of one id: what they credit could not be told apart."""
        rules = {rule["id"]: at for at, rule in enumerate(self._data["rules"])}
        for at, task in enumerate(self._data["tasks"]):
            if task["id"] in rules:
                said = f"rules.{rules[task['id']]} and tasks.{at} both have the id {task['id']!r}."
                self._refuse(("tasks", at, "id"), "CONTRADICTION", said)

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

    def _minor(self, place: Place, number: Fraction, scale: int) -> int:
        """Return a number in minor units; note where it is too fine for them."""
        try:
            return minor_units(number, scale)
        except ValidationError as error:
            problem = cast("Any", error).messages[0]
            self._refuse(place, problem["code"], problem["message"])
            return 0

    def _caps(self, place: Place, found: Mapping[str, Fraction | None], currency: Currency) -> Caps:
        """Return the caps; refuse one that another makes pointless."""
        given = [(name, cap) for name, cap in found.items() if cap is not None]
        order = ("order", "day", "month", "total")
        for (short, less), (long, more) in pairwise(sorted(given, key=lambda cap: order.index(cap[0]))):
            if less > more:
                said = f"{short} = {less} can never be reached, because {long} = {more} is less."
                self._refuse((*place, short), "CONTRADICTION", said)
        return Caps(**{name: self._minor((*place, name), cap, currency.scale) for name, cap in given})

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
            return {tier: _ratio(factor) for tier, factor in tiers.items()}
        made: dict[str, Ratio] = {}
        for tier, benefits in steps.items():
            if benefit_of(currency.code) in benefits:
                try:
                    made[tier] = _ratio(
                        cast("Any", Exact(least=0, most=1000)).deserialize(benefits[benefit_of(currency.code)])
                    )
                except ValidationError as error:
                    problem = cast("Any", error).messages[0]
                    said = f"Benefit {benefit_of(currency.code)!r} of tier {tier!r}: {problem['message']}"
                    self._refuse((*place, "tiers"), problem["code"], said)
        return made

    def _used(self, place: Place, names: Sequence[str], calendars: Mapping[str, Calendar]) -> tuple[Calendar, ...]:
        """Return the calendars that a rule names."""
        for name in names:
            if name not in calendars:
                said = f"There is no calendar {name!r}{suggest(name, calendars)}."
                self._refuse(place, "UNKNOWN_CALENDAR", said)
        return tuple(calendars[name] for name in names if name in calendars)

    def _bringing(
        self, place: Place, names: Sequence[str], calendars: Mapping[str, Calendar], currency: Currency
    ) -> tuple[Calendar, ...]:
        """Return the calendars that a rule names, with what they add in minor units of its currency."""
        used = self._used(place, names, calendars)
        for calendar in used:
            if calendar.multiplier is None and not calendar.add:
                said = (
                    f"The calendar {calendar.id!r} brings nothing: give it a multiplier or add, or name it in during."
                )
                self._refuse(place, "CONTRADICTION", said)
        scale: int = 10**currency.scale
        return tuple(evolve(each, add=each.add * scale) if each.add else each for each in used)

    def _groups(self, rules: Sequence[Rule]) -> None:
        """Refuse a group whose rules cannot be compared."""
        for one, other in combinations(rules, 2):
            if one.group is not None and one.group == other.group and one.currency != other.currency:
                both = f"{one.id!r} earns {one.currency} and {other.id!r} earns {other.currency}"
                said = f"Rules of a group earn one currency, but in {one.group!r} {both}."
                self._refuse(("_schema",), "CONTRADICTION", said)


def _ratio(number: Fraction) -> Ratio:
    return number.numerator, number.denominator


# What follows from a book


def accounts(book: Book) -> list[AccountKind]:
    """Return the account kind of each currency."""
    return [
        AccountKind(
            code=currency.kind,
            unit=Unit(currency.kind, currency.scale, "points"),
            name=currency.name,
            lots=True,
            expiry=currency.expiry,
            clawback=currency.clawback,
            grace=currency.grace,
        )
        for currency in book.currencies.values()
    ]


def metrics(book: Book) -> list[Metric]:
    """Return what was earned of each currency, and by each rule whose caps look back."""
    return [*_earned(book), *_capped(book), *_done(book)]


def _earned(book: Book) -> Iterator[Metric]:
    for currency in book.currencies.values():
        name = "points.earned" if currency.code == CURRENCY else f"points.earned.{currency.code}"
        yield Metric(name=name, credits=currency.kind, description=f"{currency.name} earned, by whatever rule")


def _capped(book: Book) -> Iterator[Metric]:
    for rule in book.rules:
        if rule.windows:
            windows = tuple(window for window, _, _ in rule.windows if window != "lifetime")
            said = f"what the rule {rule.id!r} credited"
            yield Metric(name=rule.metric, credits=rule.kind, rule=rule.id, windows=windows, description=said)


def _done(book: Book) -> Iterator[Metric]:
    """Count what tasks ask for: how often, on which days, of which values, and when a streak reached its last step."""
    for task in book.tasks:
        said = f"for the task {task.id!r}"
        windows = {window for window, _ in task.limits}
        if task.streak is not None:
            windows |= {"day", task.streak.window}
        if windows:
            kept = tuple(sorted(windows - {"lifetime"}))
            how_often = f"how often this was done, {said}"
            yield Metric(
                name=task.done, activities=(task.activity,), measure="count", windows=kept, description=how_often
            )
        if task.once_per is not None:
            of_each = f"how often {task.once_per} had a value, {said}"
            yield Metric(
                name=task.once, activities=(task.activity,), measure="count", by=task.once_per, description=of_each
            )
        if task.streak is not None and task.streak.repeats:
            rule = task.streak_rule(task.streak.longest)
            last = f"the last step of the streak, {said}"
            yield Metric(
                name=task.topped, credits=task.kind, rule=rule, windows=(task.streak.window,), description=last
            )
