"""What the section [medals] may not say, each by its path and with a code; and what the page of the docs shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from marshmallow import Schema, fields

from corekit import AccountKind, ActivityType, Declares, Metric, Section, Settings, SettingsError, Unit, hookimpl
from corekit.core import declares
from corekit.plugins import discover
from corekit.program import load
from corekit.registry import Registry
from corekit_medals.counting import Tally
from corekit_medals.rules import Counted

PAGE = Path(__file__).parents[3] / "docs/medals.md"
SETTINGS = Settings.of(database="sqlite:///unused.db", plugins=["medals"])
HEAD = """
[program]
name = "Corner shop"

[[activities]]
name = "check_in"
fields = [{name = "store"}]

[[ladders]]
code = "status"
name = "Status"

[[ladders.tiers]]
code = "ordinary"
name = "Ordinary"
"""
ONE = '[[medals.definitions]]\nid = "one"\ntexts.en = {name = "One"}\n'


class _PlaySchema(Schema):
    game = fields.String()
    level = fields.Integer()
    won = fields.Boolean()
    mood = fields.String()


def problems(text: str) -> list[tuple[str, str]]:
    try:
        load(HEAD + text, Registry.of(declares(SETTINGS), discover(SETTINGS)), SETTINGS)
    except SettingsError as error:
        return [(".".join(map(str, each["path"])), each["code"]) for each in error.parameters["problems"]]
    return []


@pytest.mark.parametrize(
    ("when", "path", "code"),
    [
        ("{}", "kind", "REQUIRED"),
        ('{kind = "often"}', "kind", "NOT_ONE_OF"),
        ('{kind = "count", activity = "purchase"}', "least", "REQUIRED"),
        ('{kind = "count", activity = "purchse", least = 1}', "activity.0", "UNKNOWN_ACTIVITY"),
        ('{kind = "count", activity = "refund", least = 1}', "activity.0", "INVALID"),
        ('{kind = "count", activity = "purchase", least = 0}', "least", "RANGE"),
        ('{kind = "count", activity = "purchase", least = "1.5"}', "least", "TOO_FINE"),
        ('{kind = "count", activity = "purchase", least = 1, tier = "gold"}', "tier", "UNKNOWN_FIELD"),
        ('{kind = "count", activity = "purchase", least = 1, window = "fortnight"}', "window", "INVALID"),
        ('{kind = "count", activity = "purchase", least = 1, window = "membership year"}', "window", "INVALID"),
        ('{kind = "sum", activity = ["purchase", "check_in"], least = 1}', "least", "CONTRADICTION"),
        ('{kind = "first", activity = "check_in", where = {shop = "a"}}', "where.shop", "UNKNOWN_FIELD"),
        ('{kind = "first", activity = "check_in", where = {store = []}}', "where.store", "TYPE"),
        ('{kind = "first", activity = "check_in", lines = {skus = ["a"]}}', "lines", "CONTRADICTION"),
        ('{kind = "distinct", activity = "check_in", field = "stor", least = 2}', "field", "UNKNOWN_FIELD"),
        (
            '{kind = "distinct", activity = "check_in", field = "store", least = 2, window = "rolling 7 days"}',
            "window",
            "INVALID",
        ),
        ('{kind = "streak", activity = "check_in", unit = "year", least = 2}', "unit", "NOT_ONE_OF"),
        ('{kind = "metric", metric = "spent", least = 1}', "metric", "UNKNOWN_METRIC"),
        ('{kind = "metric", metric = "spend=1", least = 1}', "metric", "INVALID"),
        ('{kind = "metric", metric = "visits", least = "1.5"}', "least", "TOO_FINE"),
        ('{kind = "metric", metric = "visits", least = 1, window = "membership year"}', "window", "INVALID"),
        ('{kind = "tier", tier = "gold"}', "tier", "UNKNOWN_TIER"),
        ('{kind = "tier", tier = "gold", ladder = "statu"}', "ladder", "UNKNOWN_LADDER"),
        ('{kind = "medal", medal = "two"}', "medal", "MEDALS_UNKNOWN"),
        ('{kind = "all", criteria = []}', "criteria", "LENGTH"),
        ('{kind = "any", criteria = [{kind = "first"}]}', "criteria.0.activity", "REQUIRED"),
    ],
)
@pytest.mark.row("G1", way="bad_input")
@pytest.mark.row("G2", way="bad_input")
def test_a_criterion_that_cannot_hold_is_refused_by_path(when: str, path: str, code: str) -> None:
    assert problems(f"{ONE}when = {when}\n") == [(f"medals.definitions.0.when.{path}", code)]


@pytest.mark.parametrize(
    ("text", "path", "code"),
    [
        (ONE, "0.when", "REQUIRED"),
        (ONE.replace("en", "zh") + 'when = {kind = "tier", tier = "ordinary"}\n', "0.texts", "REQUIRED"),
        (
            f'{ONE}when = {{kind = "tier", tier = "ordinary"}}\nseason = {{from = 2027-01-02, to = 2027-01-01}}\n',
            "0.season.to",
            "CONTRADICTION",
        ),
        (f'{ONE}when = {{kind = "medal", medal = "one"}}\n', "0.id", "CONTRADICTION"),
        (
            f'{ONE}[[medals.definitions.levels]]\nwhen = {{kind = "medal", medal = "one", level = 2}}\n',
            "0.levels.0.when.level",
            "MEDALS_LEVEL_UNKNOWN",
        ),
    ],
)
def test_a_medal_that_cannot_be_is_refused_by_path(text: str, path: str, code: str) -> None:
    assert problems(text) == [(f"medals.definitions.{path}", code)]


def test_a_medal_asks_for_the_metrics_of_any_plugin_that_measure_activities() -> None:
    playing: dict[str, Any] = {"activities": ("toy.play",), "measure": "count"}
    declared = Declares(
        accounts=[AccountKind(code="toy.tokens", unit=Unit("toy.tokens"))],
        activities=[
            ActivityType(name="toy.play", schema=_PlaySchema, kept=("game", "level", "won")),
            ActivityType(name="toy.undo", reversal=True),
        ],
        metrics=[
            Metric(name="toy.played", by="game", **playing),
            Metric(name="toy.reached", by="level", **playing),
            Metric(name="toy.ended", by="won", **playing),
            Metric(name="toy.mooded", by="mood", **playing),
            Metric(name="toy.undone", activities=("toy.undo",), measure="count"),
            Metric(name="toy.won", credits="toy.tokens"),
        ],
        program=Section(schema=Schema, metrics=lambda _: [Metric(name="toy.told", **playing)]),
    )
    asked = _asking(declared)

    def by(field: str, *values: str) -> Counted:
        return Counted(tally=Tally(types=("toy.play",), where=((field, values),)), least=3)

    assert asked("toy.told") == Counted(tally=Tally(types=("toy.play",)), least=3)
    assert asked("toy.played=chess") == by("game", '"chess"')
    assert asked("toy.reached=7") == by("level", '"7"', "7")
    assert asked("toy.ended=True") == by("won", '"True"', "true")
    assert asked("toy.played") == ("INVALID", "Write toy.played= and a value of game.")
    assert asked("toy.told=chess") == ("INVALID", "'toy.told' is measured as a whole.")
    assert asked("toy.mooded=good")[0] == "UNKNOWN_FIELD", "what is not kept cannot be counted"
    assert asked("toy.undone")[0] == "INVALID"
    assert asked("toy.lost")[0] == "UNKNOWN_METRIC"
    for credited in "toy.won", "balance:toy.tokens":
        code, message = asked(credited)
        assert (code, "Let a ladder ask for it" in message) == ("INVALID", True)


def _asking(declared: Declares) -> Callable[[str], Any]:
    """Return what makes a criterion of the name of a metric, or the code and the message of the one problem."""
    toy = ModuleType("toy")
    toy.corekit_declare = hookimpl(lambda: declared)  # type: ignore[attr-defined]
    settings = Settings.of(database="sqlite:///unused.db", plugins=["medals", "toy"])
    registry = Registry.of(declares(settings), discover(settings, modules={"toy": toy}))

    def asked(metric: str) -> Any:
        text = f'{HEAD}{ONE}when = {{kind = "metric", metric = "{metric}", least = 3}}\n'
        try:
            return load(text, registry, settings)[0].sections["medals"].medals["one"].levels[0].when
        except SettingsError as error:
            (problem,) = error.parameters["problems"]
            assert ".".join(map(str, problem["path"])) == "medals.definitions.0.when.metric"
            return problem["code"], problem["message"]

    return asked


def test_the_examples_of_the_page_are_programs() -> None:
    found = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert [problems(each) for each in found] == [[], []]
