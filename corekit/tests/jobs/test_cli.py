"""``corekit jobs``: what there is, running one, what is held, and the scheduler."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from corekit import Kit
from corekit.cli import app
from corekit.cli.jobs import schedule_until
from corekit.errors import Unavailable


class _Stop:
    """Stops after so many looks."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    def is_set(self) -> bool:
        return self.looks <= 0

    def wait(self, timeout: float, /) -> bool:
        self.looks -= 1
        return True


@pytest.fixture
def jobs(url: str, tmp_path: Path) -> Any:
    """The command, on a database of its own."""
    config = tmp_path / "corekit.toml"
    config.write_text(f'[corekit]\ndatabase = "{url}"\ntime_zone = "Europe/Berlin"\n')
    kit = Kit(config)
    kit.upgrade()
    kit.close()

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["--config", str(config), *arguments])

    return run


@pytest.mark.row("X5", way="cli")
def test_a_job_is_listed_run_and_remembered(jobs: Any) -> None:
    listed = json.loads(jobs("--json", "jobs", "list").stdout)
    known = [("expiry", "5 0 * * *"), ("holds", "*/15 * * * *"), ("memberships", "10 0 * * *"), ("tiers", "20 0 * * *")]
    assert [(job["name"], job["schedule"]) for job in listed] == known
    assert [job["last_run"] for job in listed] == [None] * len(known)
    assert "never" not in jobs("jobs", "list").stdout
    done = jobs("jobs", "run", "expiry", "--at", "2026-01-01T00:00")
    assert done.exit_code == 0
    assert done.stdout.startswith("expiry as of 2025-12-31 23:00:00 UTC: done; 0 found"), done.stdout
    (run,) = json.loads(jobs("--json", "jobs", "status", "expiry").stdout)
    assert (run["state"], run["origin"], run["at"]) == ("done", "hand", "2025-12-31T23:00:00+00:00")


def test_a_scheduler_that_looks_once_runs_what_was_asked_for(jobs: Any) -> None:
    looked = jobs("--json", "jobs", "schedule", "--once")
    assert (looked.exit_code, json.loads(looked.stdout)) == (0, {"done": 0})


@pytest.mark.row("X5", way="bad_input")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [(("run", "expiri"), "NOT_FOUND"), (("status", "expiri"), "NOT_FOUND"), (("run", "expiry", "--at", "soon"), "ISO")],
)
def test_what_is_not_there_or_not_understood_is_said(jobs: Any, arguments: tuple[str, ...], says: str) -> None:
    refused = jobs("jobs", *arguments)
    assert refused.exit_code != 0
    assert says in refused.output + str(refused.exception)


def test_a_scheduler_waits_for_a_database_that_does_not_answer_and_once_it_does_not() -> None:
    class Down:
        looked = 0

        def tick(self) -> list[Any]:
            self.looked += 1
            if self.looked < 3:
                raise Unavailable("the database does not answer")
            return ["run"]

    down = Down()
    assert schedule_until(_Stop(3), down, once=False) == 1
    with pytest.raises(Unavailable):
        schedule_until(_Stop(3), Down(), once=True)
