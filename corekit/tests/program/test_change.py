"""What a change of the program would do is told before it is done, and what may not be done is refused."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from marshmallow import Schema, fields
from sqlalchemy import event
from typer.testing import CliRunner, Result

from corekit import AccountKind, Declares, Invalid, Kit, Metric, Section, SettingsError, Unit, hookimpl
from corekit.cli import app
from corekit.program import apply_text, plan_text, versions
from corekit.program.differences import differences
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit

FIRST = """
[program]
name = "Corner shop"

[[ladders]]
code = "status"
name = "Status"
[[ladders.tiers]]
code = "ordinary"
name = "Ordinary"
[[ladders.tiers]]
code = "silver"
name = "Silver"
criteria = [{metric = "spend", window = "year", at_least = "500.00"}]

[points.currencies.growth]

[[points.rules]]
id = "base"
rate = 1
"""
HIGHER = FIRST.replace("500.00", "600.00")
START = datetime(2026, 1, 15, 12, tzinfo=UTC)


def days(number: int) -> datetime:
    return START + timedelta(days=number)


def codes(refused: pytest.ExceptionInfo[Invalid]) -> dict[str, Any]:
    return {problem.code: dict(problem.parameters) for problem in refused.value.problems}


@pytest.fixture
def kit(make_kit: MakeKit, clock: SettableClock) -> Kit:
    kit = make_kit(["points"])
    apply_text(kit, FIRST)
    clock.advance(days=1)
    return kit


@pytest.mark.row("A10", way="python")
def test_a_plan_of_the_same_program_says_no_change(kit: Kit) -> None:
    same = plan_text(kit, "# a comment\n" + FIRST.replace(" = ", "="))
    assert (same.changed, same.version, same.changes, same.problems) == (False, 1, (), ())


@pytest.mark.row("A10", way="python")
def test_a_plan_names_what_is_added_removed_and_changed_with_both_values(kit: Kit) -> None:
    other = (
        HIGHER.replace("[points.currencies.growth]", "[points.currencies.stars]\nscale = 1")
        .replace('name = "Silver"', 'name = "Silver card"')
        .replace("rate = 1", 'rate = 2\n[[points.rules]]\nid = "extra"\nrate = "0.5"')
    )
    told = [str(change) for change in plan_text(kit, other).changes]
    assert told == [
        '~ ladders.status.tiers.silver.name: "Silver" -> "Silver card"',
        '~ ladders.status.tiers.silver.criteria.spend year.at_least: "500.00" -> "600.00"',
        "+ points.currencies.stars = {scale = 1}",
        "- points.currencies.growth = {}",
        "~ points.rules.base.rate: 1 -> 2",
        '+ points.rules.extra = {id = "extra", rate = "0.5"}',
    ]


def test_a_plan_of_a_whole_program_says_that_everything_is_added(make_kit: MakeKit) -> None:
    planned = plan_text(make_kit(["points"]), FIRST)
    assert (planned.base, planned.version, planned.valid_from) == (0, 1, None)
    assert {change.kind for change in planned.changes} == {"added"}


def test_a_plan_stores_nothing(kit: Kit) -> None:
    plan_text(kit, HIGHER)
    with kit.read() as read:
        assert [each.version for each in versions(read)] == [1]


def test_tables_in_another_order_are_a_change() -> None:
    old = {"tiers": [{"code": "a"}, {"code": "b"}], "days": ["monday"]}
    new = {"tiers": [{"code": "b"}, {"code": "a"}], "days": ["sunday"]}
    assert [(each.kind, each.path) for each in differences(old, new)] == [("moved", ("tiers",)), ("changed", ("days",))]


@pytest.mark.parametrize(("old", "new"), [(1, True), (1, "1"), ([], {})])
def test_a_value_of_another_type_is_another_value(old: object, new: object) -> None:
    assert [each.kind for each in differences({"it": old}, {"it": new})] == ["changed"]


@pytest.mark.parametrize("written", ["2026-02-01", '"2026-02-01"', "2026-02-01T00:00:00", '"2026-02-01T05:00:00Z"'])
def test_the_file_may_say_from_when_on_it_holds_on_the_clock_of_the_program(make_kit: MakeKit, written: str) -> None:
    kit = make_kit(["points"], time_zone="America/New_York")
    apply_text(kit, FIRST)
    done = apply_text(kit, HIGHER.replace("[program]", f"[program]\nvalid_from = {written}"))
    assert done.valid_from == datetime(2026, 2, 1, 5, tzinfo=UTC)
    assert kit.program.version == 1


@pytest.mark.row("A10", way="python")
def test_an_instant_without_an_offset_is_on_the_clock_of_the_program(
    make_kit: MakeKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = make_kit(["points"], time_zone="America/New_York")
    apply_text(kit, FIRST)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        planned = plan_text(kit, HIGHER, valid_from=datetime(2027, 1, 1))  # noqa: DTZ001 - that is what is tested
    finally:
        monkeypatch.undo()
        time.tzset()
    assert planned.valid_from == datetime(2027, 1, 1, 5, tzinfo=UTC)


@pytest.mark.row("A10", way="bad_input")
def test_a_change_in_the_past_needs_a_reason(kit: Kit) -> None:
    with pytest.raises(Invalid) as refused:
        apply_text(kit, HIGHER, valid_from=days(0) - timedelta(hours=1))
    assert set(codes(refused)) == {"PROGRAM_IN_PAST"}
    done = apply_text(kit, HIGHER, valid_from=days(0), reason="Silver was announced at 600")
    assert (done.valid_from, done.reason) == (days(0), "Silver was announced at 600")


@pytest.mark.row("A10", way="bad_input")
def test_nothing_begins_before_a_version_that_was_valid_already(kit: Kit) -> None:
    apply_text(kit, HIGHER)
    other = FIRST.replace("500.00", "700.00")
    with pytest.raises(Invalid) as refused:
        apply_text(kit, other, valid_from=days(0), reason="as it should have been")
    told = {"version": "2", "since": days(1).isoformat(), "valid_from": days(0).isoformat()}
    assert codes(refused) == {"PROGRAM_BEHIND": told}


@pytest.mark.row("A10", way="bad_input")
def test_an_announced_version_is_given_up_only_when_that_is_said(kit: Kit) -> None:
    apply_text(kit, HIGHER, valid_from=days(30))
    other = FIRST.replace("500.00", "700.00")
    with pytest.raises(Invalid) as refused:
        apply_text(kit, other, valid_from=days(20))
    assert codes(refused) == {"PROGRAM_REPLACES": {"version": 2, "valid_from": days(30).isoformat()}}
    assert plan_text(kit, other, valid_from=days(20)).replaces == (2,)
    assert apply_text(kit, other, valid_from=days(20), replace=True).version == 3
    held = [kit.terms().versions.edition_at(round(days(day).timestamp() * 1e6)).version for day in (19, 20, 40)]
    assert held == [1, 3, 3]


def test_an_announcement_is_withdrawn_by_the_program_in_force(kit: Kit) -> None:
    apply_text(kit, HIGHER, valid_from=days(30))
    assert not plan_text(kit, FIRST).changed
    done = apply_text(kit, FIRST, replace=True)
    assert (done.version, done.changed) == (3, True)
    assert kit.terms().versions.after(0)[-1].version == 3


def test_of_many_who_apply_at_once_each_makes_a_version_of_its_own(kit: Kit, make_kit: MakeKit) -> None:
    kits = [make_kit(["points"], database=kit.settings.database) for _ in range(4)]
    texts = [FIRST.replace("500.00", f"{amount}.00") for amount in (501, 502, 503, 504)]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(apply_text, kits, texts))
    assert sorted(each.version for each in done) == [2, 3, 4, 5]
    with kit.read() as read:
        stored = {each.version: each.content for each in versions(read)}
    assert {each.version: each.content for each in done} | {1: FIRST} == stored


def test_who_applies_a_moment_after_another_replaces_nothing_that_was_announced(kit: Kit, clock: SettableClock) -> None:
    others: list[int] = []

    def meanwhile(_connection: Any, _cursor: Any, sent: str, *_: Any) -> None:
        begins = "LOCK TABLE" if kit.database.dialect == "postgresql" else "BEGIN IMMEDIATE"
        if sent.startswith(begins) and not others:
            others.append(0)
            clock.advance(seconds=1)
            with ThreadPoolExecutor(1) as pool:
                others.append(pool.submit(apply_text, kit, HIGHER).result().version)

    event.listen(kit.database.engine, "before_cursor_execute", meanwhile)
    done = apply_text(kit, FIRST.replace("500.00", "700.00"))
    assert (others[-1], done.version) == (2, 3)
    assert kit.program.version == 3


def test_a_version_after_an_announced_one_leaves_it_alone(kit: Kit) -> None:
    apply_text(kit, HIGHER, valid_from=days(30))
    planned = plan_text(kit, FIRST, valid_from=days(60))
    assert (planned.base, planned.replaces, planned.problems) == (2, (), ())


NOTICE = FIRST.replace("[program]", "[program]\nnotice_days = 30")


class TestNotice:
    """A change holds only after the notice that the version before it promised."""

    @pytest.fixture
    def kit(self, make_kit: MakeKit) -> Kit:
        kit = make_kit(["points"], time_zone="Europe/Berlin")
        apply_text(kit, NOTICE)
        return kit

    @pytest.mark.row("A10", way="bad_input")
    @pytest.mark.parametrize(
        ("valid_from", "missing"),
        [
            (days(0), 30),
            (days(1), 29),
            (days(29), 1),
            (days(30) - timedelta(microseconds=1), 1),
            (days(30), 0),
        ],
    )
    def test_days_that_are_missing_are_told(self, kit: Kit, valid_from: datetime, missing: int) -> None:
        change = NOTICE.replace("500.00", "600.00")
        if not missing:
            assert apply_text(kit, change, valid_from=valid_from).version == 2
            return
        with pytest.raises(Invalid) as refused:
            apply_text(kit, change, valid_from=valid_from)
        told = codes(refused)["PROGRAM_NOTICE"]
        assert (told["days"], told["missing"], told["version"]) == (30, missing, 1)
        assert datetime.fromisoformat(told["earliest"]) == days(30)

    def test_days_are_those_of_the_calendar(self, kit: Kit, clock: SettableClock) -> None:
        clock.set("2026-03-20T12:00:00+01:00")  # the clocks change on 29 March
        planned = plan_text(kit, NOTICE.replace("500.00", "600.00"))
        assert planned.earliest == datetime.fromisoformat("2026-04-19T12:00:00+02:00")

    def test_the_notice_itself_cannot_be_dropped_without_notice(self, kit: Kit) -> None:
        with pytest.raises(Invalid) as refused:
            apply_text(kit, HIGHER)
        assert set(codes(refused)) == {"PROGRAM_NOTICE"}

    def test_another_name_needs_no_notice(self, kit: Kit) -> None:
        assert apply_text(kit, NOTICE.replace("Corner shop", "Corner store")).version == 2

    def test_the_first_program_needs_no_notice(self, kit: Kit) -> None:
        assert kit.program.notice_days == 30


class AnythingSchema(Schema):
    """What the accounts of a plugin are like."""

    unit = fields.String(load_default="stamps")
    scale = fields.Integer(load_default=0)
    lots = fields.Boolean(load_default=True)
    rule = fields.String(load_default="base")


def stamps() -> ModuleType:
    """A plugin whose accounts are what its section says, so that a program can say anything."""
    module = ModuleType("stamps")

    def accounts(section: dict[str, Any]) -> list[AccountKind]:
        unit = Unit("stamps" if section["unit"] == "stamps" else "stamps.other", section["scale"])
        return [AccountKind(code="stamps", unit=unit, lots=section["lots"])]

    def metrics(section: dict[str, Any]) -> list[Metric]:
        return [Metric(name="stamps.given", credits="stamps", rule=section["rule"])]

    @hookimpl
    def corekit_declare() -> Declares:
        return Declares(program=Section(schema=AnythingSchema, accounts=accounts, metrics=metrics))

    vars(module)["corekit_declare"] = corekit_declare
    return module


@pytest.mark.row("A10", way="bad_input")
@pytest.mark.parametrize(
    ("says", "what", "old", "new"),
    [
        ("scale = 2", "unit", "scale 0", "scale 2"),
        ('unit = "other"', "kind", "unit stamps", "unit stamps.other"),
        ("lots = false", "kind", "lots", "no lots"),
        ('rule = "bonus"', "metric", "credits to stamps by base", "credits to stamps by bonus"),
    ],
)
def test_what_the_books_rest_on_never_changes(make_kit: MakeKit, says: str, what: str, old: str, new: str) -> None:
    kit = make_kit([], modules={"stamps": stamps()})
    head = '[program]\nname = "Shop"\n'
    apply_text(kit, head)
    with pytest.raises(Invalid) as refused:
        apply_text(kit, f"{head}[stamps]\n{says}\n")
    (problem,) = refused.value.problems
    assert problem.code == "PROGRAM_FIXED"
    told = {name: problem.parameters[name] for name in ("what", "old", "new")}
    assert told == {"what": what, "old": old, "new": new}
    assert old in problem.message
    assert kit.program.version == 1


def test_all_that_is_wrong_is_said_at_once(kit: Kit) -> None:
    apply_text(kit, HIGHER, valid_from=days(30))
    with pytest.raises(Invalid) as refused:
        apply_text(
            kit,
            FIRST.replace("[points.currencies.growth]", "[points.currencies.growth]\nscale = 2").replace(
                "rate = 1", "rate = 3"
            ),
            valid_from=days(1) - timedelta(hours=1),
        )
    assert set(codes(refused)) == {"PROGRAM_IN_PAST", "PROGRAM_REPLACES", "PROGRAM_FIXED"}


@pytest.mark.row("A10", way="bad_input")
def test_unknown_keys_and_contradictions_are_named_by_a_plan_too(kit: Kit) -> None:
    with pytest.raises(SettingsError, match=r"points\.rules\.0\.rat: There is no such field: did you mean 'rate'"):
        plan_text(kit, FIRST.replace("rate = 1", "rat = 1"))
    twice = FIRST.replace("rate = 1", 'rate = 1\n[[points.rules]]\nid = "base"\nrate = 2')
    with pytest.raises(SettingsError, match=r"rules\.0 and rules\.1 both have the id 'base'"):
        plan_text(kit, twice)


@pytest.mark.row("A10", way="bad_input")
@pytest.mark.parametrize("written", ['"soon"', "12", '"9999-12-31"'])
def test_a_time_that_is_none_is_refused_with_its_path(kit: Kit, written: str) -> None:
    with pytest.raises(SettingsError, match=r"program\.valid_from"):
        plan_text(kit, FIRST.replace("[program]", f"[program]\nvalid_from = {written}"))


class TestCommands:
    """``corekit program plan``, ``apply``, ``versions`` and ``export``."""

    @pytest.fixture
    def run(self, make_kit: MakeKit, tmp_path: Path) -> Any:
        kit = make_kit(["points"])
        config = tmp_path / "corekit.toml"
        config.write_text(f'[corekit]\ndatabase = "{kit.settings.database}"\nplugins = ["points"]\n', encoding="utf-8")
        file = tmp_path / "file.toml"

        def run(command: str, content: str | None = None, *more: str) -> Result:
            if content is not None:
                file.write_text(content, encoding="utf-8")
            arguments = [str(file)] if content is not None else []
            return CliRunner().invoke(app, ["--config", str(config), "program", command, *arguments, *more])

        return run

    @pytest.mark.row("A10", way="cli")
    def test_a_plan_exits_with_0_and_if_told_with_1_where_there_are_changes(self, run: Any) -> None:
        run("apply", FIRST)
        same = run("plan", FIRST, "--exit-code")
        assert (same.exit_code, same.stdout) == (0, "no change: version 1 says the same\n")
        assert run("plan", HIGHER).exit_code == 0
        other = run("plan", HIGHER, "--exit-code")
        assert other.exit_code == 1
        assert '  ~ ladders.status.tiers.silver.criteria.spend year.at_least: "500.00" -> "600.00"' in other.stdout

    @pytest.mark.row("A10", way="cli")
    def test_a_plan_that_would_be_refused_says_why_and_exits_with_1(self, run: Any) -> None:
        run("apply", FIRST)
        past = run("plan", HIGHER, "--valid-from", "2020-01-01")
        assert past.exit_code == 1
        assert "[PROGRAM_IN_PAST]" in past.stdout

    def test_a_file_that_is_no_program_exits_with_2(self, run: Any) -> None:
        assert run("plan", FIRST.replace("rate", "rat")).exit_code == 2

    def test_a_plan_can_be_read_by_machines(self, run: Any, tmp_path: Path) -> None:
        run("apply", FIRST)
        file = tmp_path / "file.toml"
        file.write_text(HIGHER, encoding="utf-8")
        config = str(tmp_path / "corekit.toml")
        done = CliRunner().invoke(app, ["--config", config, "--json", "program", "plan", str(file)])
        found = json.loads(done.stdout)
        assert (found["changed"], found["base"], found["version"], found["problems"]) == (True, 1, 2, [])
        assert found["changes"] == [
            {
                "kind": "changed",
                "path": ["ladders", "status", "tiers", "silver", "criteria", "spend year", "at_least"],
                "old": "500.00",
                "new": "600.00",
            }
        ]

    @pytest.mark.row("A10", way="cli")
    def test_an_announced_version_is_listed_and_exported(self, run: Any, tmp_path: Path) -> None:
        run("apply", FIRST)
        announced = run("apply", HIGHER, "--valid-from", "2126-01-01T00:00Z")
        assert announced.stdout.startswith("version 2 holds from 2126-01-01T00:00:00+00:00 on\n")
        listed = run("versions").stdout.splitlines()
        assert [line.split()[:2] for line in listed] == [["1", "in"], ["2", "announced"]]
        assert run("export").stdout == FIRST
        assert run("export").stderr == ""
        assert run("export", None, "--version", "2").stdout == HIGHER
        assert run("export", None, str(tmp_path / "out.toml"), "--version", "2").exit_code == 0
        assert (tmp_path / "out.toml").read_text(encoding="utf-8") == HIGHER
        assert run("export", None, "--version", "3").exit_code == 1
