"""A program with one ladder and its policies, a kit whose history settles as history, and words for its members."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest

from corekit import Activity, Kit, Outcome
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit.tiers.read import Standing, history, standing

HISTORY = {"till": {"historical": True}}
STEPS = """
[[ladders.tiers]]
code = "base"
name = "Base"

[[ladders.tiers]]
code = "silver"
name = "Silver"
criteria = [{{metric = "{metric}", window = "{window}", at_least = {silver}}}]
{silver_more}

[[ladders.tiers]]
code = "gold"
name = "Gold"
criteria = [{{metric = "{metric}", window = "{window}", at_least = {gold}}}]
{gold_more}
"""


def program(
    policies: str = "",
    *,
    metric: str = "spend",
    window: str = "year",
    steps: tuple[int, int] = (100, 300),
    silver: str = "",
    gold: str = "",
    code: str = "status",
) -> str:
    """Return a program with one ladder of three tiers and these policies."""
    told = STEPS.format(
        metric=metric, window=window, silver=steps[0], gold=steps[1], silver_more=silver, gold_more=gold
    )
    return f'[program]\nname = "Corner shop"\n\n[[ladders]]\ncode = "{code}"\nname = "{code}"\n{policies}\n{told}'


class Club:
    """A kit whose members are known by name; what they do is written in whole units and at noon UTC."""

    def __init__(self, kit: Kit, clock: SettableClock) -> None:
        self.kit = kit
        self.clock = clock
        self.ids: dict[str, str] = {}

    def join(self, name: str, day: str = "2024-01-01") -> str:
        joined = noon(day)
        answer = self.kit.record(Activity(type="member.registered", member="", occurred_at=joined, source="till"))
        self.ids[name] = answer.member
        return answer.member

    def buy(self, name: str, amount: int, day: str) -> Outcome:
        return self.does(name, "purchase", day, amount=amount * 100)

    def does(self, name: str, kind: str, day: str, **values: Any) -> Outcome:
        return self.kit.record(
            Activity(type=kind, member=self.ids[name], occurred_at=noon(day), source="till", **values)
        )

    def sweep(self, at: str) -> int:
        settled: int = self.kit.sweep("tiers", instant(at)).settled
        return settled

    def stands(self, name: str, at: str | None = None, ladder: str = "status") -> str:
        with self.kit.read() as read:
            found = standing(read, [self.ids[name]], instant(at) if at else None)[self.ids[name]]
        return next((each.tier for each in found if each.ladder == ladder), "base")

    def stays(self, name: str) -> list[Standing]:
        with self.kit.read() as read:
            return history(read, [self.ids[name]])[self.ids[name]]

    def reasons(self, name: str) -> list[tuple[str, str]]:
        return [(each.tier, each.reason) for each in self.stays(name)]

    def types(self, name: str) -> list[str]:
        from corekit.activities.read import activities_of  # noqa: PLC0415

        with self.kit.read() as read:
            page = activities_of(read, [self.ids[name]], first=100)[self.ids[name]]
        return [each.type for each in reversed(page.items)]

    def is_proved(self) -> bool:
        report = self.kit.verify()
        assert report.clean, report.violations
        return True


def noon(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


OpenClub = Callable[..., Club]


@pytest.fixture
def club(make_kit: MakeKit, clock: SettableClock) -> OpenClub:
    """Open a club whose ladder has these policies, or with the text of a whole program."""
    clock.set("2030-01-01T00:00:00+00:00")

    def open_(policies: str = "", *, modules: Mapping[str, ModuleType] | None = None, **ladder: Any) -> Club:
        text = ladder.pop("text", None) or program(policies, **ladder)
        return Club(make_kit(program=text, modules=modules, sources=HISTORY), clock)

    return open_
