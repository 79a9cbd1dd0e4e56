"""A program comes into force once, and holds for every kit on its database."""

from __future__ import annotations

import json
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema, fields
from sqlalchemy import event, select
from typer.testing import CliRunner

from corekit import (
    AccountKind,
    Activity,
    ActivityType,
    Declares,
    Invalid,
    Kit,
    Reader,
    Section,
    SettingsError,
    Unit,
)
from corekit.cli import app
from corekit.ledger import tables
from corekit.program import apply, apply_text, newest, versions
from corekit.suspension.suspensions import Suspensions, read_suspensions
from corekit.testing.clock import SettableClock
from corekit.testing.modules import plugin_module
from corekit.testing.plugin import MakeKit

PROGRAM = """
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
criteria = [{metric = "spend", at_least = "500.00"}]

[points.currencies.growth]
name = "Growth value"
scale = 2
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shop.toml"
    path.write_text(PROGRAM, encoding="utf-8")
    return path


def test_before_anything_is_applied_there_are_no_ladders(kit: Kit) -> None:
    assert (kit.program.version, kit.program.ladders) == (0, ())


def test_what_was_applied_holds_at_once(make_kit: MakeKit, file: Path) -> None:
    kit = make_kit(["points"])
    done = apply(kit, file)
    assert (done.version, done.changed) == (1, True)
    assert (kit.program.version, kit.program.name) == (1, "Corner shop")
    assert [tier.code for tier in kit.program.ladders[0].tiers] == ["ordinary", "silver"]


def test_what_was_applied_holds_for_another_kit_on_the_database(make_kit: MakeKit, file: Path) -> None:
    kit = make_kit(["points"])
    apply(kit, file)
    other = make_kit(["points"], database=kit.settings.database)
    assert other.program.ladders == kit.program.ladders


def test_a_scheduler_hears_that_another_process_applied_a_program(
    make_kit: MakeKit, file: Path, clock: SettableClock
) -> None:
    kit = make_kit(["points"])
    scheduler = make_kit(["points"], database=kit.settings.database)
    assert scheduler.jobs.tick() == []
    apply(kit, file)
    member = kit.record(Activity(type="member.registered")).member
    lot = {"amount": 5, "expires_at": (clock() + timedelta(hours=1)).isoformat()}
    told = {"account": "points.growth", "lots": [lot]}
    assert kit.record(Activity(type="opening.balance", member=member, payload=told)).settled
    clock.advance(days=1)
    scheduler.jobs.tick()
    with kit.read() as read:
        wanted = select(tables.account.c.debits_posted).where(tables.account.c.kind == "points.growth")
        assert read.scalar(wanted.where(tables.account.c.member_id == member)) == 5


def test_what_another_process_just_made_possible_is_understood(make_kit: MakeKit) -> None:
    class OnSchema(Schema):
        on = fields.Boolean(load_default=False)

    def accounts(section: Any) -> list[AccountKind]:
        return [AccountKind(code="shop", unit=Unit("shops", 0))] if section["on"] else []

    declares = Declares(
        activities=[ActivityType(name="shop.seen", amount="own")], program=Section(schema=OnSchema, accounts=accounts)
    )
    modules = {"shop": plugin_module(declares, "shop")}
    kit = make_kit(modules=modules)
    other = make_kit(modules=modules, database=kit.settings.database)
    member = other.record(Activity(type="member.registered")).member
    seen = Activity(type="shop.seen", member=member, amount=5, unit="shops")
    with pytest.raises(Invalid, match="UNIT_WRONG"):
        other.record(seen)
    apply_text(kit, '[program]\nname = "Shop"\n[shop]\non = true\n')
    assert [each.outcome for each in other.record_many([seen])] == ["settled"]


def test_what_was_read_before_another_thread_applied_a_program_holds_no_longer(
    make_kit: MakeKit, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = make_kit(["points"])
    kit.renew()

    def meanwhile(read: Reader) -> Suspensions:
        monkeypatch.undo()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(apply, kit, file).result()
        return read_suspensions(read)

    monkeypatch.setattr("corekit.kit.read_suspensions", meanwhile)
    assert [kit.program.version for _ in range(2)] == [0, 1]


def test_what_follows_from_the_program_enters_the_books(make_kit: MakeKit, file: Path) -> None:
    kit = make_kit(["points"])
    apply(kit, file)
    with kit.read() as read:
        units = {row.code: row.scale for row in read.all(select(tables.unit))}
        kinds = {row.code for row in read.all(select(tables.account_kind))}
    assert units["points.growth"] == 2
    assert {"points", "points.growth", "points.growth.issued"} <= kinds


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_what_two_upgrades_enter_at_once_enters_the_books_once(make_kit: MakeKit) -> None:
    kinds = [AccountKind(code="shop", unit=Unit("stamps", 0))]
    settings, modules = make_kit().settings, {"shop": plugin_module(Declares(accounts=kinds), "shop")}
    first, second = Kit(settings, modules=modules), Kit(settings, modules=modules)
    others: list[Future[list[str]]] = []
    there = threading.Event()

    def comes(_connection: Any, _cursor: Any, sent: str, *_: Any) -> None:
        if sent.startswith(("LOCK TABLE", "INSERT INTO core_unit")):
            there.set()

    def meanwhile(_connection: Any, _cursor: Any, sent: str, *_: Any) -> None:
        if sent.startswith("INSERT INTO core_unit"):
            others.append(pool.submit(second.upgrade))
            assert there.wait(10)

    event.listen(second.database.engine, "before_cursor_execute", comes)
    event.listen(first.database.engine, "after_cursor_execute", meanwhile)
    with ThreadPoolExecutor(1) as pool:
        first.upgrade()
        others[0].result()
    assert second.terms().chart.books.keys() == {"shop"}
    first.close()
    second.close()


def test_the_same_program_again_changes_nothing(make_kit: MakeKit, file: Path) -> None:
    kit = make_kit(["points"])
    first = apply(kit, file)
    file.write_text("# a comment and other spaces\n" + PROGRAM.replace(" = ", "="), encoding="utf-8")
    again = apply(kit, file)
    assert (again.version, again.changed, again.applied_at) == (1, False, first.applied_at)


def test_another_program_is_the_next_version_and_the_first_is_kept(
    make_kit: MakeKit, file: Path, clock: SettableClock
) -> None:
    kit = make_kit(["points"])
    apply(kit, file)
    clock.advance(days=1)
    file.write_text(PROGRAM.replace("500.00", "400.00"), encoding="utf-8")
    done = apply(kit, file, actor="staff:mira")
    assert (done.version, done.changed, done.valid_from, done.actor) == (2, True, clock(), "staff:mira")
    assert kit.program.version == 2
    with kit.read() as read:
        assert [each.content for each in versions(read)] == [PROGRAM, PROGRAM.replace("500.00", "400.00")]


def test_a_program_that_cannot_be_used_leaves_no_trace(make_kit: MakeKit, file: Path) -> None:
    kit = make_kit(["points"])
    file.write_text(PROGRAM.replace('"500.00"', "500.00"), encoding="utf-8")
    with pytest.raises(SettingsError, match="write it in quotes"):
        apply(kit, file)
    with kit.read() as read:
        assert newest(read) is None


def test_what_is_stored_for_a_plugin_that_is_off_is_passed_over(make_kit: MakeKit, file: Path) -> None:
    kit = make_kit(["points"])
    apply(kit, file)
    without = make_kit([], database=kit.settings.database)
    assert without.program.version == 1
    assert "points" not in without.program.sections


@pytest.mark.parametrize(("content", "reason"), [(None, "No such file"), (b"\xff\xfe", "it is not UTF-8")])
def test_a_file_that_cannot_be_read_is_named(kit: Kit, tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "no.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=reason):
        apply(kit, path)


class TestCommands:
    """``corekit program``."""

    @pytest.fixture
    def config(self, make_kit: MakeKit, tmp_path: Path) -> Path:
        kit = make_kit(["points"])
        path = tmp_path / "corekit.toml"
        path.write_text(f'[corekit]\ndatabase = "{kit.settings.database}"\nplugins = ["points"]\n', encoding="utf-8")
        return path

    @pytest.mark.row("T1", way="cli")
    @pytest.mark.row("T2", way="cli")
    def test_apply_says_what_is_in_force_now(self, config: Path, file: Path) -> None:
        done = CliRunner().invoke(app, ["--config", str(config), "program", "apply", str(file)])
        assert done.exit_code == 0
        assert done.stdout == (
            "version 1 is in force\nCorner shop\n  ladder status: ordinary < silver\n  rules of: points\n"
        )

    def test_apply_again_says_that_nothing_changed(self, config: Path, file: Path) -> None:
        for changed in (True, False):
            done = CliRunner().invoke(app, ["--config", str(config), "--json", "program", "apply", str(file)])
            answer = json.loads(done.stdout)
            assert (done.exit_code, answer["version"], answer["changed"]) == (0, 1, changed)

    @pytest.mark.row("T1", way="bad_input")
    def test_apply_of_a_bad_file_could_not_run_and_names_the_path(self, config: Path, file: Path) -> None:
        file.write_text(PROGRAM.replace("at_least", "at_last"), encoding="utf-8")
        done = CliRunner().invoke(app, ["--config", str(config), "program", "apply", str(file)])
        assert done.exit_code == 2
        assert "ladders.0.tiers.1.criteria.0.at_last: There is no such field: did you mean 'at_least'?" in done.stderr

    def test_show_gives_back_what_was_applied(self, config: Path, file: Path) -> None:
        before = CliRunner().invoke(app, ["--config", str(config), "program", "show"])
        assert before.stdout == "no program was applied yet\n"
        CliRunner().invoke(app, ["--config", str(config), "program", "apply", str(file)])
        shown = CliRunner().invoke(app, ["--config", str(config), "program", "show"])
        assert shown.stdout.startswith("# version 1, applied at ")
        assert PROGRAM in shown.stdout
        answer = json.loads(CliRunner().invoke(app, ["--config", str(config), "--json", "program", "show"]).stdout)
        assert (answer["version"], answer["content"]) == (1, PROGRAM)
