"""``corekit plugins suspend`` and ``resume``, and what ``corekit plugins`` says of who is suspended."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from corekit import Kit
from corekit.cli import app
from corekit.testing.plugin import MakeKit

Run = Callable[..., str]


@pytest.fixture
def kit(make_kit: MakeKit) -> Kit:
    return make_kit(["points"])


@pytest.fixture
def run(kit: Kit, tmp_path: Path) -> Run:
    """Run a command against the kit's database."""
    config = tmp_path / "corekit.toml"
    database = json.dumps(kit.settings.database)
    config.write_text(f'[corekit]\ndatabase = {database}\nplugins = ["points"]\n')

    def call(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, ["--config", str(config), *words])
        assert result.exit_code == code, result.output
        return result.stdout if code == 0 else result.stderr

    return call


def shown(run: Run) -> Any:
    (points,) = json.loads(run("--json", "plugins"))
    return points["suspended"]


def test_an_operator_suspends_a_plugin_and_resumes_it(run: Run, kit: Kit) -> None:
    assert shown(run) is None
    assert run("plugins", "suspend", "points", "--reason", "it gives too much") == "points is suspended\n"
    assert (shown(run)["reason"], shown(run)["actor"]) == ("it gives too much", "cli")
    assert "by cli: it gives too much" in run("plugins")
    assert run("plugins", "suspend", "points") == "points was suspended before\n"
    assert [each.plugin for each in kit.suspensions()] == ["points"]
    assert run("plugins", "resume", "points") == "points is resumed\n"
    assert run("plugins", "resume", "points") == "points was not suspended\n"
    assert shown(run) is None


def test_a_plugin_that_is_not_on_is_named_with_the_nearest_one(run: Run) -> None:
    assert "did you mean 'points'" in run("plugins", "suspend", "point", code=1)


def test_plugins_are_shown_where_there_is_no_database(run: Run, tmp_path: Path) -> None:
    config = tmp_path / "corekit.toml"
    config.write_text(f'[corekit]\ndatabase = "sqlite:///{tmp_path}/no.db"\nplugins = ["points"]\n')
    assert shown(run) is None
    assert not (tmp_path / "no.db").exists()
