"""From the section ``[points]`` as it was read to rules ready to run; what contradicts itself is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, cast

from corekit import Place, Problems, ProgramContext, suggest
from corekit_points.calendar import Calendar, holidays_of
from corekit_points.draws.compiling import Draws
from corekit_points.draws.prizes import Draw
from corekit_points.earners import Earners
from corekit_points.pool.shared import Pool, limits_of
from corekit_points.rewards.compiling import Shelves
from corekit_points.rules import CURRENCY, Book, Currency, Rule, benefit_of, kind_of, ratio

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
RESERVED = ("adjust", "breakage", "debt", "issued", "opening", "redeemed")
"""``points.<name>`` is an account of the house for each of these."""

_ANY_YEAR = 2020
"""To see whether holidays of a place are known."""


class Compiler:
    """Turns a section as it was read into a book, and collects everything that is wrong with it."""

    def __init__(self, context: ProgramContext, data: Mapping[str, Any]) -> None:
        self._context = context
        self._data = data
        self._problems = Problems()

    def book(self) -> Book:
        """Return the book, or raise the ValidationError with every problem at its place."""
        currencies = self._currencies()
        calendars = self._calendars()
        self._benefits(currencies)
        earners = Earners(self._context, self._problems, currencies, calendars, self._data["claim_hours"])
        self._unique("rules")
        rules = earners.all("rules", self._data["rules"], earners.rule)
        self._groups(rules)
        self._unique("tasks")
        tasks = earners.all("tasks", self._data["tasks"], earners.task)
        self._unique("draws")
        draws = Draws(self._context, self._problems)

        def draw(place: Place, found: Mapping[str, Any], currency: Currency) -> Draw:
            return draws.draw(place, found, currency, earners.terms(place, found))

        drawn = earners.all("draws", self._data["draws"], draw)
        self._apart("rules", "tasks")
        self._apart("rules", "draws")
        self._apart("tasks", "draws")
        self._unique("rewards")
        shelves = Shelves(self._context, self._problems, currencies)
        rewards = shelves.rewards(self._data["rewards"])
        pay = shelves.pay(self._data["pay"])
        pool = self._pool(currencies)
        self._problems.tell()
        return Book(
            currencies,
            tuple(rules),
            tuple(tasks),
            rewards={each.id: each for each in rewards},
            pay=pay,
            zone=self._context.zone,
            draws={each.id: each for each in drawn},
            pool=pool,
        )

    def _pool(self, currencies: Mapping[str, Currency]) -> Pool | None:
        """Return whose points are one."""
        found = self._data["pool"]
        if found is None:
            return None
        if found["currency"] not in currencies:
            said = f"There is no currency {found['currency']!r}{suggest(found['currency'], currencies)}."
            self._problems.refuse(("pool", "currency"), "UNKNOWN_CURRENCY", said)
            return None
        currency = currencies[found["currency"]]
        limits = [
            (window, self._problems.minor(("pool", "limits", window), most, currency.scale))
            for window, most in limits_of(found["limits"])
        ]
        return Pool(group=found["group"], kind=currency.kind, limits=tuple(limits))

    def _unique(self, table: str) -> None:
        """Refuse two entries of a table with the same id."""
        for (first, one), (second, other) in combinations(enumerate(cast("list[Any]", self._data[table])), 2):
            if one["id"] == other["id"]:
                said = f"{table}.{first} and {table}.{second} both have the id {one['id']!r}."
                self._problems.refuse((table, second, "id"), "CONTRADICTION", said)

    def _currencies(self) -> dict[str, Currency]:
        """Return the currencies; refuse names that the ledger needs itself."""
        for code in self._data["currencies"]:
            if code in RESERVED:
                said = f"Choose another name: points.{code} is an account of the house."
                self._problems.refuse(("currencies", code, "key"), "RESERVED", said)
        if self._data["currencies"][CURRENCY]["scale"]:
            # It is in the books before any program is, and a unit never changes there.
            said = "The currency points counts whole points; give decimal places to one of another name."
            self._problems.refuse(("currencies", CURRENCY, "value", "scale"), "RESERVED", said)
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
                notices=tuple(sorted(set(found["notices"]))),
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
                self._problems.refuse(("calendars", at, "_schema"), "INVALID", said)
            made[found["id"]] = Calendar(
                id=found["id"],
                multiplier=None if found["multiplier"] is None else ratio(found["multiplier"]),
                add=self._problems.minor(("calendars", at, "add"), found["add"], 0),
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
            self._problems.refuse(place, "UNKNOWN_COUNTRY", str(error.args[0]))
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
                        self._problems.refuse(("_schema",), "UNKNOWN_BENEFIT", said)

    def _apart(self, one: str, other: str) -> None:
        """Refuse one id in two tables, such as a rule's and a task's: what they credit could not be told apart."""
        known = {each["id"]: at for at, each in enumerate(self._data[one])}
        for at, each in enumerate(self._data[other]):
            if each["id"] in known:
                said = f"{one}.{known[each['id']]} and {other}.{at} both have the id {each['id']!r}."
                self._problems.refuse((other, at, "id"), "CONTRADICTION", said)

    def _groups(self, rules: Sequence[Rule]) -> None:
        """Refuse a group whose rules cannot be compared."""
        for one, other in combinations(rules, 2):
            if one.group is not None and one.group == other.group and one.currency != other.currency:
                both = f"{one.id!r} earns {one.currency} and {other.id!r} earns {other.currency}"
                said = f"Rules of a group earn one currency, but in {one.group!r} {both}."
                self._problems.refuse(("_schema",), "CONTRADICTION", said)
