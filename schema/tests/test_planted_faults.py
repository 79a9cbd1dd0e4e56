"""The differential test can fail: each of these faults of the executor makes it find a difference.

A fault is a patch, put into a copy of the package. To make one anew where it no longer applies, make the fault in
``src/corekit_schema/execution``, and write ``git diff --relative=schema/src`` to its file.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from corekit_differential.__main__ import DIFFERENT

import corekit_schema

HERE = Path(__file__).parent
FAULTS = sorted(path.stem for path in (HERE / "faults").glob("*.patch"))
OPERATIONS = 120


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A folder with a copy of the package."""
    shutil.copytree(Path(corekit_schema.__file__).parent, tmp_path / "corekit_schema")
    return tmp_path


def compare(folder: Path) -> subprocess.CompletedProcess[str]:
    """Compare operations, run by the copied package and by graphql-core."""
    path = os.pathsep.join([str(folder), str(HERE / "packages")])
    command = [sys.executable, "-m", "corekit_differential", str(OPERATIONS)]
    done = subprocess.run(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith(f"{folder / 'corekit_schema'}"), done.stdout + done.stderr
    return done


def plant(fault: str, folder: Path) -> None:
    """Put a fault into the copy; whoever changes what it is about has to make it anew."""
    command = ["git", "apply", str(HERE / f"faults/{fault}.patch")]
    # Also within another repository the copy is a folder like any other.
    environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(folder.parent)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"faults/{fault}.patch no longer applies; make this fault anew: {done.stderr}"


def test_there_are_ten_faults() -> None:
    assert len(FAULTS) == 10


def test_without_a_fault_there_is_no_difference(copied: Path) -> None:
    done = compare(copied)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault: str, copied: Path) -> None:
    plant(fault, copied)
    done = compare(copied)
    assert done.returncode == DIFFERENT, done.stdout + done.stderr


def test_a_fault_that_no_longer_applies_is_told(copied: Path) -> None:
    places = copied / "corekit_schema/execution/places.py"
    places.write_text(places.read_text(encoding="utf-8").replace("index, index", "index"), encoding="utf-8")
    with pytest.raises(AssertionError, match=r"faults/error-path-off-by-one\.patch no longer applies; make this"):
        plant("error-path-off-by-one", copied)
