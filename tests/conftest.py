"""What the tests of the whole share: the packages in which the larger ones are told, and wheels of everything."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "packages"), str(HERE.parent / "schema/tests/packages")]

from wheelhouse import environment, fill  # noqa: E402 - it stands in the first of these folders


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def wheels(shared: Path) -> Path:
    """A folder with the wheels of this repository and of everything they need, made once for the whole run."""
    return fill(shared / "wheelhouse")


@pytest.fixture(scope="session")
def elsewhere(shared: Path, wheels: Path) -> Path:
    """The Python of an environment that has the packages of third parties from wheels, and what they require."""
    return environment(shared / "elsewhere", wheels, "acme-stamps[testing]", "corekit-welcome")
