"""Medals over the year of the demo are the same awarded live, found by a back-fill, and computed from the raw data."""

from __future__ import annotations

import os
from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from sqlalchemy import select

from corekit import Activity, Kit
from corekit.program import apply_text
from corekit.testing import MakeKit
from corekit_demo import data, journey
from corekit_medals.backfill import run
from corekit_medals.tables import award

PROGRAM = (Path(__file__).parent / "medals.toml").read_text(encoding="utf-8")
LADDER = PROGRAM[: PROGRAM.index("[[medals")]
ZONE = ZoneInfo("America/New_York")
HOUSEHOLDS = int(os.environ.get("COREKIT_DEMO_HOUSEHOLDS", "400" if os.environ.get("COREKIT_FUZZ") else "16"))
DRINKS = {"GROCERY > SOFT DRINKS", "GROCERY > BREAD", "GROCERY > FLUID MILK PRODUCTS"}
SUMMER = (date(2017, 6, 21), date(2017, 9, 21))
Won = dict[tuple[str, str, int], datetime]
"""When each household won which level of which medal."""


@pytest.mark.row("G2", way="python")
@pytest.mark.row("G4", way="python")
def test_live_back_fill_and_raw_data_agree(make_kit: MakeKit) -> None:
    chosen = data.survey(HOUSEHOLDS).households
    baskets: dict[int, list[Any]] = {}
    for basket in data.baskets(chosen):
        baskets.setdefault(basket.household, []).append(basket)
    computed = {
        (journey.member_id(household), *won): at
        for household, theirs in baskets.items()
        for won, at in from_raw_data(theirs).items()
    }
    assert {medal for _, medal, _ in computed} == {
        line.split('"')[1] for line in PROGRAM.split("\n") if 'id = "' in line
    }

    live, later = opened(make_kit, PROGRAM), opened(make_kit, LADDER)
    for kit in live, later:
        assert all(each.settled for each in kit.record_many(lived(chosen)))
    assert awarded(live) == computed
    apply_text(later, PROGRAM)
    assert run(later) == len(computed)
    assert awarded(later) == computed


def opened(make_kit: MakeKit, program: str) -> Kit:
    sources = {journey.SOURCE: {"historical": True}}
    return make_kit(["medals"], program=program, sources=sources, time_zone="America/New_York")


def lived(households: Sequence[int]) -> Iterator[Activity]:
    """Yield the year of households, of which nothing is known but what they bought."""
    for each in journey.activities(households):
        known = {name: value for name, value in each.payload.items() if name != "attributes"}
        yield evolve(each, payload=known)


def awarded(kit: Kit) -> Won:
    with kit.read() as read:
        rows = read.all(select(award.c.member_id, award.c.medal, award.c.level, award.c.since))
    return {(row.member_id, row.medal, row.level): instant(row.since) for row in rows}


def instant(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC")) + timedelta(microseconds=micros)


# What the medals mean, a second time, with nothing of corekit: one loop over the baskets of a household


def from_raw_data(baskets: list[Any]) -> dict[tuple[str, int], datetime]:
    """Return when a household won what."""
    won: dict[tuple[str, int], datetime] = {}
    for number, basket in enumerate(baskets, 1):
        seen = Seen(baskets[:number])
        for medal, is_met in MEANINGS.items():
            if medal not in won and is_met(seen):
                won[medal] = basket.at
    return won


class Seen:
    """The baskets of a household so far, as they are seen on the day of the last."""

    def __init__(self, baskets: list[Any]) -> None:
        self.baskets = baskets
        self.last = baskets[-1]
        self.days = [basket.at.astimezone(ZONE).date() for basket in baskets]
        self.today = self.days[-1]
        self.items = [item for basket in baskets for item in basket.items]
        self.cents = sum(item.cents for item in self.items)
        self.stores = len({basket.store for basket in baskets})
        self.this_month = [
            basket for basket, day in zip(baskets, self.days, strict=True) if same_month(day, self.today)
        ]
        self.in_a_row = row(set(self.days), timedelta(days=1))
        self.weeks = row({day - timedelta(days=day.weekday()) for day in self.days}, timedelta(days=7))

    def within(self, number: int) -> int:
        """Return how many baskets there were in so many days."""
        return sum(self.today - timedelta(days=number) < day <= self.today for day in self.days)

    def since(self, first: date) -> list[Any]:
        """Return the baskets from a day on."""
        return [basket for basket, day in zip(self.baskets, self.days, strict=True) if first <= day]

    def this_week(self) -> list[Any]:
        """Return those of this week."""
        return self.since(self.today - timedelta(days=self.today.weekday()))

    def this_quarter(self) -> list[Any]:
        """Return those of this quarter."""
        return self.since(self.today.replace(month=(self.today.month + 2) // 3 * 3 - 2, day=1))

    def last_months(self, number: int) -> list[Any]:
        """Return those of so many months up to today: after this day of the month then, or after its last day."""
        year, month = divmod(self.today.year * 12 + self.today.month - 1 - number, 12)
        then = date(year, month + 1, min(self.today.day, monthrange(year, month + 1)[1]))
        return self.since(then + timedelta(days=1))

    def in_summer(self) -> int:
        """Return how many there were in summer, if this is summer."""
        first, last = SUMMER
        return sum(first <= day <= last for day in self.days) if first <= self.today <= last else 0

    def of_drinks(self) -> int:
        """Return what was paid for some categories."""
        return sum(item.cents for item in self.items if item.category in DRINKS)

    def curiosities(self) -> int:
        """Return how many categories there were this month."""
        return len({item.category for basket in self.this_month for item in basket.items} - {None})


MEANINGS: Mapping[tuple[str, int], Callable[[Seen], bool]] = {
    ("regular", 1): lambda seen: len(seen.baskets) >= 10,
    ("regular", 2): lambda seen: len(seen.baskets) >= 50,
    ("busy_week", 1): lambda seen: seen.within(7) >= 5,
    ("busy_month", 1): lambda seen: len(seen.this_month) >= 8,
    ("big_week", 1): lambda seen: cents(seen.this_week()) >= 120_00,
    ("busy_quarter", 1): lambda seen: len(seen.this_quarter()) >= 20,
    ("rolling_month", 1): lambda seen: cents(seen.last_months(1)) >= 320_00,
    ("rolling_months", 1): lambda seen: len(seen.last_months(3)) >= 25,
    ("many_stores", 1): lambda seen: len({basket.store for basket in seen.this_quarter()}) >= 2,
    ("grocer", 1): lambda seen: seen.of_drinks() >= 250_00,
    ("hauler", 1): lambda seen: sum(item.quantity for item in seen.items) >= 300,
    ("traveller", 1): lambda seen: seen.stores >= 3,
    ("curious", 1): lambda seen: seen.curiosities() >= 40,
    ("daily", 1): lambda seen: seen.in_a_row >= 3,
    ("weekly", 1): lambda seen: seen.weeks >= 6,
    ("monthly", 1): lambda seen: months({(day.year, day.month) for day in seen.days}) >= 6,
    ("feast", 1): lambda seen: sum(item.cents for item in seen.last.items) >= 100_00,
    ("summer", 1): lambda seen: seen.in_summer() >= 12,
    ("big_month", 1): lambda seen: cents(seen.this_month) >= 300_00,
    ("golden", 1): lambda seen: seen.cents >= 2_000_00,
    ("second", 1): lambda seen: len(seen.baskets) >= 50,
    ("all", 1): lambda seen: seen.cents >= 500_00 and seen.weeks >= 6 and seen.stores >= 2,
    ("any", 1): lambda seen: seen.in_a_row >= 2 or seen.cents >= 400_00,
    ("none", 1): lambda seen: len(seen.baskets) >= 20 and seen.within(14) < 5,
}


def cents(baskets: Sequence[Any]) -> int:
    """Return what was paid for baskets."""
    return sum(item.cents for basket in baskets for item in basket.items)


def same_month(one: date, other: date) -> bool:
    return (one.year, one.month) == (other.year, other.month)


def row(found: set[date], step: timedelta) -> int:
    """Return the most in a row."""
    lengths = Counter[date]()
    for day in sorted(found):
        lengths[day] = lengths[day - step] + 1
    return max(lengths.values())


def months(found: set[tuple[int, int]]) -> int:
    lengths = Counter[int]()
    for year, month in sorted(found):
        place = year * 12 + month
        lengths[place] = lengths[place - 1] + 1
    return max(lengths.values())
