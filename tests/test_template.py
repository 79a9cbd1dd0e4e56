"""What ``corekit new plugin`` writes is clean by the usual tools, and passes its tests where only wheels are installed.

The tutorial does the same with a plugin that needs no other, by hand.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from wheelhouse import environment, strangers

from corekit.template import NewPlugin
from tools.wheels import ROOT, build, faults

BIN = Path(sys.executable).parent
NAMES = {
    "short": NewPlugin(name="a", package="corekit_a", into=Path("a")),
    "usual": NewPlugin(name="gift_cards", package="acme_gifts", requires=("points",), into=Path("usual")),
    "long": NewPlugin(name="q" * 40, package="corekit_long", requires=("points", "access"), into=Path("long")),
}


def run(*command: str | Path, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_is_formatted_and_passes_the_linter(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    NAMES[name].write()
    project = tmp_path / NAMES[name].into
    run(BIN / "ruff", "check", "--isolated", ".", cwd=project)
    if name != "long":  # how lines break depends on how long a name is
        run(BIN / "ruff", "format", "--isolated", "--check", ".", cwd=project)


def test_what_is_written_passes_mypy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    NAMES["usual"].write()
    cache = ROOT / ".mypy_cache/template"
    run(BIN / "mypy", "--strict", "--cache-dir", cache, "src", "tests", cwd=tmp_path / "usual")


def test_what_is_written_passes_its_tests_from_its_wheel(
    wheels: Path, empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    NAMES["usual"].write()
    project = tmp_path / "usual"
    wheel = build(project, tmp_path / "dist")
    assert [fault for fault in faults(wheel, project) if "LICENSE" not in fault] == []
    python = environment(empty, wheels, f"acme-gifts[testing] @ {wheel.as_uri()}")
    (project / "src").rename(tmp_path / "away")
    command: list[str | Path] = [python, "-m", "pytest", "-q", "-k", "not postgresql"]  # the tutorial has both
    done = subprocess.run(command, cwd=project, env=strangers(wheels), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
