"""The year is settled the same way on both databases, by the demo's own command, and a second run changes nothing."""

from __future__ import annotations

import csv
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from typer.testing import CliRunner, Result

from corekit import Kit, balances_at
from corekit.cli import app
from corekit.testing.backends import Backend, PostgreSQLBackend, SQLiteBackend
from corekit.tiers.read import standing
from corekit_demo.journey import member_id

HERE = Path(__file__).resolve().parent.parent
INDEPENDENT = HERE / "independent.py"
HOUSEHOLDS = 20


@frozen
class Loaded:
    """A database that the demo has loaded, the figures that it printed, and its file of month ends."""

    url: str
    figures: dict[str, Any]
    month_ends: Path


def corekit(*arguments: str) -> Result:
    """Run the command line."""
    return CliRunner().invoke(app, arguments)


def load(url: str, month_ends: Path, *before: str) -> Loaded:
    """Load the demo into a database, with options before the command."""
    given = ("--households", str(HOUSEHOLDS), "--load-only", "--db", url, "--month-ends", str(month_ends))
    done = corekit("--json", *before, "demo", *given)
    assert done.exit_code == 0, done.output
    return Loaded(url, json.loads(done.stdout), month_ends)


@pytest.fixture(scope="session")
def loaded_on(tmp_path_factory: pytest.TempPathFactory, corekit_backends: dict[str, Backend]) -> dict[str, Loaded]:
    """The demo on SQLite and on PostgreSQL."""
    folder = tmp_path_factory.mktemp("demo")
    for name, start in (("sqlite", SQLiteBackend), ("postgresql", PostgreSQLBackend)):
        if name not in corekit_backends:
            corekit_backends[name] = start()
    return {name: load(corekit_backends[name].empty(), folder / f"{name}.csv") for name in ("sqlite", "postgresql")}


@pytest.fixture
def loaded(loaded_on: dict[str, Loaded], dialect: str) -> Loaded:
    """The demo on the database of the test."""
    return loaded_on[dialect]


def independent(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(INDEPENDENT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def outcome(loaded: Loaded) -> dict[str, object]:
    passing = ("database", "loaded", "replayed", "seconds", "per_second")
    return {name: value for name, value in loaded.figures.items() if name not in passing}


def test_the_independent_check_computes_the_same(loaded: Loaded) -> None:
    done = independent(loaded.url, "--month-ends", loaded.month_ends)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("no difference\n")


def test_both_databases_end_alike(loaded_on: dict[str, Loaded]) -> None:
    sqlite, postgresql = loaded_on["sqlite"], loaded_on["postgresql"]
    assert outcome(sqlite) == outcome(postgresql)
    assert sqlite.month_ends.read_text() == postgresql.month_ends.read_text()


def test_every_tier_has_members_and_points_are_earned_spent_and_lapse(loaded: Loaded) -> None:
    figures = loaded.figures
    assert sum(figures["tiers"].values()) == figures["members"] == HOUSEHOLDS
    assert all(figures["tiers"].values())
    assert figures["issued"] == figures["spent"] + figures["expired"] + figures["outstanding"]
    assert min(figures["spent"], figures["expired"], figures["outstanding"]) > 0


def test_a_second_run_replays_and_writes_the_same_month_ends(loaded: Loaded, tmp_path: Path) -> None:
    again = load(loaded.url, tmp_path / "again.csv")
    assert again.figures["replayed"] == again.figures["loaded"] == loaded.figures["baskets"]
    assert outcome(again) == outcome(loaded)
    assert again.month_ends.read_text() == loaded.month_ends.read_text()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE core_tier_assignment SET tier = 'bronze' WHERE valid_to IS NULL",
        "UPDATE core_account SET credits_posted = credits_posted + 1 WHERE kind = 'points'",
        "UPDATE core_lot SET expires_at = expires_at + 1 WHERE issued > 0",
        "UPDATE core_profile SET external_id = '0' WHERE external_id = '1'",
    ],
)
def test_the_independent_check_sees_what_is_wrong(loaded_on: dict[str, Loaded], tmp_path: Path, change: str) -> None:
    copy = tmp_path / "copy.db"
    original = loaded_on["sqlite"].url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(original)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        assert target.execute(change).rowcount > 0
        target.commit()
    done = independent(copy)
    assert done.returncode == 1
    assert "the database says" in done.stdout


def test_the_independent_check_says_when_there_is_nothing_to_compare(tmp_path: Path) -> None:
    done = independent(tmp_path / "none.db")
    assert done.returncode == 2
    assert done.stderr.startswith("error: there is no database")


def config(folder: Path, url: str, program: str) -> str:
    """Write the demo's settings over another database, with a program beside them; return the file."""
    settings = (HERE / "corekit.toml").read_text(encoding="utf-8").replace("sqlite:///demo.db", url)
    (folder / "corekit.toml").write_text(settings, encoding="utf-8")
    (folder / "program.toml").write_text(program, encoding="utf-8")
    return str(folder / "corekit.toml")


@pytest.mark.row("A10", way="cli")
def test_the_program_that_it_exports_gives_the_same_result_elsewhere(
    loaded: Loaded, backend: Backend, tmp_path: Path
) -> None:
    here = config(tmp_path, loaded.url, "")
    exported = corekit("--config", here, "program", "export")
    assert exported.exit_code == 0, exported.output
    assert "Thanksgiving" in exported.stdout or "thanksgiving" in exported.stdout
    (tmp_path / "program.toml").write_text(exported.stdout, encoding="utf-8")
    planned = corekit("--config", here, "program", "plan", str(tmp_path / "program.toml"), "--exit-code")
    assert (planned.exit_code, planned.stdout) == (0, "no change: version 1 says the same\n")
    (elsewhere := tmp_path / "elsewhere").mkdir()
    url = backend.empty()
    there = config(elsewhere, url, exported.stdout)
    again = load(url, elsewhere / "month-ends.csv", "--config", there)
    assert outcome(again) == outcome(loaded)
    assert again.month_ends.read_text() == loaded.month_ends.read_text()
    backend.drop(url)


def asked(kit: Kit, month: str, household: str) -> tuple[str, int]:
    """Return the tier and the points of a household as of the end of a month."""
    end = (datetime.fromisoformat(f"{month}-01") + timedelta(days=32)).replace(day=1, tzinfo=kit.zone)
    member = member_id(int(household))
    first = kit.program.ladders[0].tiers[0].code
    with kit.read() as read:
        tiers = [each.tier for each in standing(read, [member], end)[member]]
        points = [each.available for each in balances_at(read, [member], end)[member] if each.kind == "points"]
    return next(iter(tiers), first), next(iter(points), 0)


@pytest.mark.row("A1", way="python")
@pytest.mark.row("T6", way="python")
def test_tier_and_points_as_of_each_month_end_are_what_was_written_then(loaded: Loaded, tmp_path: Path) -> None:
    with loaded.month_ends.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    few = sorted({row["household"] for row in rows}, key=int)[:5]
    with closing(Kit(config(tmp_path, loaded.url, ""))) as kit:
        written = {(row["month"], row["household"]): (row["tier"], int(row["points"])) for row in rows}
        chosen = [key for key in written if key[1] in few]
        assert {key: asked(kit, *key) for key in chosen} == {key: written[key] for key in chosen}
        assert len({written[key] for key in chosen}) > len(few)


@pytest.mark.row("A1", way="cli")
def test_the_command_line_shows_what_a_household_had_at_a_month_end(loaded: Loaded, tmp_path: Path) -> None:
    with loaded.month_ends.open(encoding="utf-8", newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["month"] == "2017-09" and int(row["points"]) > 0)
    given = ("members", "show", row["household"], "--at", "2017-10-01")
    shown = corekit("--config", config(tmp_path, loaded.url, ""), "--json", *given)
    assert shown.exit_code == 0, shown.output
    told = json.loads(shown.stdout)
    assert {each["kind"]: each["balance"] for each in told["balances"]} == {"points": int(row["points"])}
    assert [each["tier"] for each in told["standing"]] == ([] if row["tier"] == "bronze" else [row["tier"]])


def test_a_household_that_is_a_member_already_stops_the_load_with_the_reason(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'taken.db'}"
    settings = tmp_path / "corekit.toml"
    settings.write_text(f'[corekit]\ndatabase = "{url}"\n', encoding="utf-8")
    assert corekit("--config", str(settings), "db", "upgrade").exit_code == 0
    registered = corekit("--config", str(settings), "members", "register", "--external-id", "1")
    assert registered.exit_code == 0, registered.output
    done = corekit("demo", "--households", "1", "--load-only", "--db", url)
    assert done.exit_code == 1
    assert "household:1 was refused" in done.stderr
    assert "MEMBER_EXISTS" in done.stderr
