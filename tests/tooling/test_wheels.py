from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tools import wheels

LICENCE = "thing-0.1.0.dist-info/licenses/LICENSE"
GOOD = ("thing/__init__.py", "thing/py.typed", "thing/migrations/0001_first.py", LICENCE)
PAGE = '<script src="./assets/index.js"></script>'


@pytest.fixture
def distribution(tmp_path: Path) -> Path:
    """Write a distribution with one package, which has a migration."""
    package = tmp_path / "thing/src/thing"
    (package / "migrations").mkdir(parents=True)
    for name in ("__init__.py", "py.typed", "migrations/0001_first.py"):
        (package / name).touch()
    return tmp_path / "thing"


def pack(folder: Path, *names: str, **contents: str) -> Path:
    """Write a wheel with these files."""
    wheel = folder / "thing-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in names:
            archive.writestr(name, contents.get(Path(name).stem, ""))
    return wheel


def without(name: str) -> tuple[str, ...]:
    return tuple(one for one in GOOD if one != name)


def test_a_good_wheel_has_no_fault(tmp_path: Path, distribution: Path) -> None:
    assert not list(wheels.faults(pack(tmp_path, *GOOD), distribution))


@pytest.mark.parametrize("name", GOOD)
def test_what_is_missing_is_found(tmp_path: Path, distribution: Path, name: str) -> None:
    assert f"{name} is missing" in list(wheels.faults(pack(tmp_path, *without(name)), distribution))


@pytest.mark.parametrize("name", ["tests/test_thing.py", "plugins/other.py", "thing/left_over.py"])
def test_what_does_not_belong_is_found(tmp_path: Path, distribution: Path, name: str) -> None:
    found = list(wheels.faults(pack(tmp_path, *GOOD, name), distribution))
    assert f"{name} does not belong" in found


def test_what_the_project_puts_into_the_wheel_belongs(tmp_path: Path, distribution: Path) -> None:
    table = "[tool.hatch.build.targets.wheel.force-include]"
    (distribution / "pyproject.toml").write_text(f'{table}\n"thing.toml" = "thing/thing.toml"\n')
    assert not list(wheels.faults(pack(tmp_path, *GOOD, "thing/thing.toml"), distribution))
    assert list(wheels.faults(pack(tmp_path, *GOOD), distribution)) == ["thing/thing.toml is missing"]


@pytest.mark.parametrize("name", ["tests/test_thing.py", "test_thing.py", "conftest.py"])
def test_a_test_inside_the_package_is_found(tmp_path: Path, distribution: Path, name: str) -> None:
    path = distribution / "src/thing" / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
    assert list(wheels.faults(pack(tmp_path, *GOOD, f"thing/{name}"), distribution)) == [f"thing/{name} is a test"]


def test_a_test_that_a_template_has_is_none_yet(tmp_path: Path, distribution: Path) -> None:
    path = distribution / "src/thing/template/tests/test_thing.py.tmpl"
    path.parent.mkdir(parents=True)
    path.touch()
    assert not list(wheels.faults(pack(tmp_path, *GOOD, "thing/template/tests/test_thing.py.tmpl"), distribution))


def test_a_second_package_is_found(tmp_path: Path, distribution: Path) -> None:
    (distribution / "src/plugins").mkdir()
    assert list(wheels.faults(pack(tmp_path, *GOOD), distribution)) == ["src/ has 2 import packages, not one"]


def test_a_page_without_its_licences_or_files_is_found(tmp_path: Path, distribution: Path) -> None:
    page = distribution / "src/thing/graphiql/index.html"
    page.parent.mkdir()
    page.write_text(PAGE)
    wheel = pack(tmp_path, *GOOD, "thing/graphiql/index.html", index=PAGE)
    assert list(wheels.faults(wheel, distribution)) == [
        "graphiql/THIRD_PARTY_LICENSES.txt is missing",
        "the GraphiQL page asks for ./assets/index.js, which is not in the wheel",
    ]


def test_a_wheel_is_built_and_looked_at(tmp_path: Path) -> None:
    shutil.copytree(wheels.ROOT / "plugins/points", tmp_path / "points")
    wheels.main([str(tmp_path)])
    settings = tmp_path / "points/pyproject.toml"
    settings.write_text(settings.read_text() + 'exclude = ["py.typed"]\n')
    with pytest.raises(SystemExit, match=r"corekit_points/py\.typed is missing"):
        wheels.main([str(tmp_path)])


def test_the_schema_has_no_wheel_without_the_page(tmp_path: Path) -> None:
    copy = tmp_path / "schema"
    shutil.copytree(wheels.ROOT / "schema", copy, ignore=shutil.ignore_patterns("graphiql"))
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "python dev.py graphiql" in done.stderr
