"""Packages of third parties: built as wheels, installed outside this repository, at home there as the first party's."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
import venv
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from corekit.testing.backends import Backend
from tools.wheels import ROOT, build

OURS = [ROOT / "corekit", ROOT / "plugins/points", *sorted((ROOT / "tests/packages").glob("*/"))]
UV = Path(sysconfig.get_path("scripts"), "uv")


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of its own with the wheels in it, and what they depend on, but nothing of this repository."""
    folder = tmp_path_factory.mktemp("elsewhere")
    distributions = [path for path in OURS if (path / "pyproject.toml").exists()]

    def wheel(distribution: Path) -> Path:
        return build(distribution, folder / "wheels")

    with ThreadPoolExecutor(2) as pool:
        wheels = list(pool.map(wheel, distributions))
    venv.create(folder / "venv", symlinks=True)
    python = folder / "venv/bin/python"
    site = next((folder / "venv/lib").glob("python*/site-packages"))
    for path in set(_dependencies(["corekit", "corekit-points"])):
        (site / path.name).symlink_to(path)  # the tests' own environment has them: no network
    command: list[str | Path] = [UV, "pip", "install", "--quiet", "--offline", "--no-deps", "--python", python, *wheels]
    subprocess.run(command, check=True)
    return python


@pytest.mark.row("A2", way="python")
@pytest.mark.row("M3", way="reversal")
def test_a_welcome_bonus_and_a_stamp_card_from_wheels_earn_are_explained_simulated_and_reversed(
    elsewhere: Path, backend: Backend, tmp_path: Path
) -> None:
    url = backend.empty()
    config = tmp_path / "corekit.toml"
    plugins = '["points", "stamps", "welcome"]'
    config.write_text(f"[corekit]\ndatabase = {json.dumps(url)}\nplugins = {plugins}\n")
    command: list[str | Path] = [elsewhere, ROOT / "tests/packages/drive.py", config]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True, check=False)
    backend.drop(url)
    assert done.returncode == 0, done.stderr
    assert _without(json.loads(done.stdout), elsewhere.parent.parent) == {
        "simulated": [["core@1", 1], ["welcome@1", 200]],
        "welcome": 200,
        "why": [["core", "core@1", 1], ["welcome", "welcome@1", 200]],
        "card": [[STAMP], [STAMP], [STAMP, ["stamps.prize", "applied"]]],
        "won": ["stamps.won"],
        "with_prize": [250, [1, 1]],
        "bulk": [
            [[*STAMP, None]],
            [[*STAMP, None]],
            [[*STAMP, None], ["stamps.prize", "applied", None]],
            [[*STAMP, None]],
            [[*STAMP, None]],
            [[*STAMP, None], ["stamps.prize", "dropped", "STAMPS_SOLD_OUT"]],
            [[*STAMP, None]],
        ],
        "sold_out": [250, [0, 2]],
        "reversed": ["settled", 200, [1, 1]],
        "again": [[STAMP, ["stamps.prize", "applied"]], [0, 2]],
        "gone": ["settled", 50],
        "merged": ["settled", [3, 0]],
        "one_less": ["settled", [2, 0]],
        "by_the_old_id": [True, [3, 0]],
        "two_again": ["settled", [2, 1]],
        "violations": [],
    }


STAMP = ["stamps.stamp", "applied"]


def _without(said: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Take out where the modules came from, once it is certain that it was not here."""
    assert all(Path(place).is_relative_to(folder) for place in said.pop("from"))
    return said


def _dependencies(names: list[str]) -> Iterator[Path]:
    """Yield what the distributions of others, on which these depend, have in the tests' own environment."""
    seen, coming = set(map(canonicalize_name, names)), list(names)
    site = Path(sysconfig.get_path("purelib"))
    while coming:
        for text in metadata.requires(coming.pop()) or ():
            requirement = Requirement(text)
            name = canonicalize_name(requirement.name)
            extras = ["", *_extras(name)]
            if name in seen or not any(_wanted(requirement, extra) for extra in extras):
                continue
            seen.add(name)
            coming.append(requirement.name)
            files = metadata.files(requirement.name) or ()
            yield from {site / file.parts[0] for file in files if file.parts[0] not in ("..", "__pycache__")}


def _wanted(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def _extras(name: str) -> list[str]:
    """Return the extras with which ours ask for others: psycopg with its binary."""
    return ["binary"] if name == "psycopg-binary" else []
