"""What is installed is read again only where the path, or what is in a folder of it, is not what it was."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest

from corekit.installed import installed

LONG_AGO = 1_700_000_000


def put(site: Path, name: str, version: str = "1.0", seconds: int = 0) -> None:
    """Put a distribution into a folder, which says then that it changed so many seconds after long ago."""
    info = site / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[corekit]\n{name} = {name}\n")
    os.utime(site, (LONG_AGO + seconds, LONG_AGO + seconds))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the path, which has none but old ones."""
    site = tmp_path / "site"
    put(site, "tea")
    old = [each for each in sys.path if "site-packages" in each]
    monkeypatch.setattr(sys, "path", [str(site), *old])
    return site


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each time that all that is installed was read."""
    made: list[int] = []
    original: Callable[[], object] = metadata.distributions

    def counted() -> object:
        made.append(1)
        return original()

    monkeypatch.setattr(metadata, "distributions", counted)
    return made


def versions() -> dict[str, str]:
    return {name: each.version for name, each in installed().items() if name in {"tea", "milk"}}


def test_it_is_read_once(site: Path, readings: list[int]) -> None:
    assert [versions(), versions(), versions()] == [{"tea": "1.0"}] * 3
    assert len(readings) == 1


def test_what_comes_and_goes_while_the_process_runs_is_seen(site: Path) -> None:
    assert versions() == {"tea": "1.0"}
    put(site, "milk", seconds=1)
    assert versions() == {"milk": "1.0", "tea": "1.0"}
    shutil.rmtree(site / "milk-1.0.dist-info")
    os.utime(site, (LONG_AGO + 2, LONG_AGO + 2))
    assert versions() == {"tea": "1.0"}
    shutil.rmtree(site / "tea-1.0.dist-info")
    put(site, "tea", "2.0", seconds=3)
    assert versions() == {"tea": "2.0"}


def test_another_path_is_another_installation(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "other", "tea", "3.0")
    put(tmp_path / "other", "milk")
    assert versions() == {"tea": "1.0"}
    with monkeypatch.context() as for_now:
        for_now.setattr(sys, "path", [*sys.path, str(tmp_path / "other")])
        assert versions() == {"tea": "1.0", "milk": "1.0"}
        for_now.setattr(sys, "path", [str(tmp_path / "other"), *sys.path])
        assert versions() == {"tea": "3.0", "milk": "1.0"}
    assert versions() == {"tea": "1.0"}


def test_of_a_folder_that_has_just_changed_nothing_is_kept(site: Path, readings: list[int]) -> None:
    os.utime(site)
    assert [versions(), versions()] == [{"tea": "1.0"}] * 2
    assert len(readings) == 2
