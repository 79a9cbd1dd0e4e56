"""The year is settled the same way on both databases, by the demo's own command, and a second run changes nothing."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from typer.testing import CliRunner, Result

from corekit.cli import app
from corekit.testing.backends import Backend, PostgreSQLBackend, SQLiteBackend

INDEPENDENT = Path(__file__).resolve().parent.parent / "independent.py"
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


def load(url: str, month_ends: Path) -> Loaded:
    """Load the demo into a database."""
    given = ("--households", str(HOUSEHOLDS), "--load-only", "--db", url, "--month-ends", str(month_ends))
    done = corekit("--json", "demo", *given)
    assert done.exit_code == 0, done.output
    return Loaded(url, json.loads(done.stdout), month_ends)


@pytest.fixture(scope="session")
def loaded_on(tmp_path_factory: pytest.TempPathFactory, corekit_backends: dict[str, Backend]) -> dict[str, Loaded]:
    """The demo on SQLite and on PostgreSQL."""
    folder = tmp_path_factory.mktemp("demo")
    backends: dict[str, Backend] = {
        "sqlite": SQLiteBackend(folder),
        "postgresql": corekit_backends.get("postgresql") or PostgreSQLBackend(),
    }
    corekit_backends["postgresql"] = backends["postgresql"]  # it is closed with the others
    return {name: load(backend.empty(), folder / f"{name}.csv") for name, backend in backends.items()}


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
