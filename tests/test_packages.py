"""Packages of third parties: built as wheels, installed outside this repository, at home there as the first party's."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from wheelhouse import strangers

from corekit.testing.backends import Backend
from tools.wheels import ROOT

ACME = ROOT / "examples/acme_stamps"
PROGRAM = """
[program]
name = "Coffee shop"

[stamps]
drinks_a_day = 1
points = 5
"""


@pytest.mark.row("A2", way="python")
@pytest.mark.row("M3", way="reversal")
def test_a_welcome_bonus_and_a_stamp_card_from_wheels_earn_are_explained_simulated_and_reversed(
    elsewhere: Path, wheels: Path, backend: Backend, tmp_path: Path
) -> None:
    url = backend.empty()
    config, program = tmp_path / "corekit.toml", tmp_path / "program.toml"
    plugins = '["points", "stamps", "welcome"]'
    config.write_text(f"[corekit]\ndatabase = {json.dumps(url)}\nplugins = {plugins}\n")
    program.write_text(PROGRAM)
    command = [elsewhere, ROOT / "tests/packages/drive.py", config, program]
    done = subprocess.run(command, cwd=tmp_path, env=strangers(wheels), capture_output=True, text=True, check=False)
    backend.drop(url)
    assert done.returncode == 0, done.stderr
    assert _without(json.loads(done.stdout), elsewhere.parent.parent) == {
        "simulated": [["Enrol", "core@1", 1], ["Credit", "welcome@1", 200]],
        "why": [["core", "core@1", 1], ["welcome", "welcome@1", 200]],
        "stamp": [[["Credit", "stamp@1", 1]], {"points": 200, "stamps": 9}],
        "redeemed": [[DRINK, DRINK], {"points": 205, "stamps": 0}],
        "sold_out": ["refused", "STAMPS_SOLD_OUT", {"points": 200, "stamps": 9}, [1, 1, 0]],
        "reversed": ["settled", {"points": 200, "stamps": 9}, [0, 0, 0]],
        "merged": ["settled", "settled", {"points": 405, "stamps": 9}, [1, 1, 0]],
        "by_the_old_id": [True, 18],
        "two_again": ["settled", {"points": 205, "stamps": 0}, [1, 0, 1]],
        "gone": ["settled", 0],
        "violations": [],
    }


DRINK = [[["Debit", "card@1", 9], ["stamps.drink", "card@1", 1]], ["stamps.poured"]]


def _without(said: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Take out where the modules came from, once it is certain that it was not here."""
    assert all(Path(place).is_relative_to(folder) for place in said.pop("from"))
    return said


def test_the_stamp_card_passes_its_own_tests_from_its_wheel(elsewhere: Path, wheels: Path, tmp_path: Path) -> None:
    for name in ("pyproject.toml", "program.toml"):
        shutil.copy(ACME / name, tmp_path)
    shutil.copytree(ACME / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    command: list[str | Path] = [elsewhere, "-m", "pytest", "-q", "-k", "not postgresql"]  # they run here on both
    done = subprocess.run(command, cwd=tmp_path, env=strangers(wheels), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
