"""What the tests of the whole share: the packages in which the larger ones are told, and wheels of everything."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "packages"), str(HERE.parent / "schema/tests/packages")]

from once import once  # noqa: E402 - they stand in the first of these folders
from wheelhouse import environment, fill  # noqa: E402


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of a run have in common."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def wheels(shared: Path) -> Path:
    """A folder with the wheels of this repository and of everything they need, made once for the whole run."""
    return once(shared / "wheels", fill)


@pytest.fixture(scope="session")
def elsewhere(wheels: Path) -> Iterator[Path]:
    """The Python of an environment that has the packages of third parties from wheels, and what they require."""
    with outside() as folder:
        yield environment(folder, wheels, "acme-stamps[testing]", "corekit-welcome")


@pytest.fixture
def empty() -> Iterator[Path]:
    """An empty folder in which an environment can be made."""
    with outside() as folder:
        yield folder


@contextmanager
def outside() -> Generator[Path]:
    """Make a folder that is not pytest's own.

    There a PostgreSQL that comes with an environment may be shut off: as root it runs as another user, to whom each
    session of pytest that begins closes the folder of all of them.
    """
    with tempfile.TemporaryDirectory(prefix="corekit-elsewhere-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
