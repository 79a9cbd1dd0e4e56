"""Each check can fail: a fault is planted, and the check finds it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import check

ROOT = check.ROOT
BIN = check.BIN


def command_of(name: str) -> list[str]:
    """Give the command of a check."""
    return [str(word) for one in check.checks() if one.name == name for word in one.command]


def run_in(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a check elsewhere, with the settings of this repository."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_line_out_of_shape_is_found(tmp_path: Path) -> None:
    (tmp_path / "ugly.py").write_text('"""Ugly."""\n\nugly = [1,2 ]\n')
    done = run_in(tmp_path, *command_of("format"))
    assert done.returncode == 1
    assert "ugly.py" in done.stdout


def test_a_lint_is_found(tmp_path: Path) -> None:
    (tmp_path / "unused.py").write_text('"""Unused."""\n\nimport json\n')
    done = run_in(tmp_path, *command_of("lint"))
    assert done.returncode == 1
    assert "F401" in done.stdout


@pytest.mark.parametrize(
    ("source", "code"),
    [
        pytest.param('x: int = "one"', "assignment", id="wrong"),
        pytest.param("def double(x): return x + x", "no-untyped-def", id="untyped"),
        pytest.param("x = 1  # type: ignore", "unused-ignore", id="hushed"),
    ],
)
def test_mypy_is_strict(tmp_path: Path, source: str, code: str) -> None:
    (tmp_path / "fault.py").write_text(f"{source}\n")
    done = run_in(tmp_path, *command_of("mypy"))
    assert done.returncode == 1
    assert code in done.stdout


@pytest.mark.parametrize(
    ("source", "code"),
    [
        pytest.param('x: int = "one"', "reportAssignmentType", id="wrong"),
        pytest.param("def double(x): return x + x", "reportMissingParameterType", id="untyped"),
        pytest.param("x: list = []", "reportMissingTypeArgument", id="unknown"),
    ],
)
def test_pyright_is_strict(tmp_path: Path, source: str, code: str) -> None:
    (tmp_path / "fault.py").write_text(f"{source}\n")
    done = run_in(tmp_path, *command_of("pyright"), "--pythonpath", sys.executable)
    assert done.returncode == 1
    assert code in done.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("corekit/kit", "import corekit_schema", "Plugins stand on the schema"),
        ("corekit_schema/api", "import corekit_points.rules", "Plugins stand on the schema"),
        ("corekit/kit", "import graphql", "Core knows no GraphQL"),
        ("corekit_points/plugin", "import graphene", "Inside a plugin only graph.py"),
        ("corekit_points/tables", "import corekit_schema", "Inside a plugin only graph.py"),
        ("corekit_points/rules", "import sqlalchemy", "Rules are pure"),
        ("corekit_points/plugin", "import corekit.testing", "Only tests import corekit.testing"),
    ],
)
def test_a_forbidden_import_is_found(tmp_path: Path, module: str, line: str, contract: str) -> None:
    plant_packages(tmp_path)
    (tmp_path / f"{module}.py").write_text(f"{line}\n")
    done = run_in(tmp_path, *command_of("imports"))
    assert done.returncode == 1
    assert f"{contract}" in next(text for text in done.stdout.splitlines() if text.endswith("BROKEN"))


def test_what_the_contracts_allow_is_kept(tmp_path: Path) -> None:
    plant_packages(tmp_path)
    (tmp_path / "corekit_schema/testing/promises.py").write_text("import corekit.testing\n")
    allowed = "import graphene, corekit_schema.api\nfrom corekit_points import rules\n"
    (tmp_path / "corekit_points/graph.py").write_text(allowed)
    (tmp_path / "corekit_points/plugin.py").write_text("from corekit_points import graph\n")
    done = run_in(tmp_path, *command_of("imports"))
    assert done.returncode == 0, done.stdout


def plant_packages(folder: Path) -> None:
    """Write the packages of this repository as small as they can be."""
    hosts = ("corekit", "corekit/testing", "corekit_schema", "corekit_schema/testing")
    names = (
        *hosts,
        "corekit_access",
        "corekit_documents",
        "corekit_medals",
        "corekit_points",
        "corekit_stored_value",
        "corekit_surveys",
    )
    for name in names:
        (folder / name).mkdir()
        (folder / name / "__init__.py").touch()
    for name in ("corekit/kit", "corekit_schema/api", "corekit_points/rules"):
        (folder / f"{name}.py").touch()


def test_a_check_that_fails_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    fails = check.Check("planted", "a fault", (sys.executable, "-c", "print('here'); raise SystemExit(1)"))
    assert not check.run(fails)
    said = capsys.readouterr().out
    assert said.startswith("FAILED  planted")
    assert "here" in said


def test_one_failure_fails_all(monkeypatch: pytest.MonkeyPatch) -> None:
    passes = check.Check("passes", "nothing", (sys.executable, "-c", ""))
    fails = check.Check("fails", "a fault", (sys.executable, "-c", "raise SystemExit(1)"))
    monkeypatch.setattr(check, "checks", lambda: [passes, fails])
    check.main(["passes"])
    with pytest.raises(SystemExit, match="Failed: fails"):
        check.main([])


def test_an_unknown_check_is_refused() -> None:
    with pytest.raises(SystemExit, match="No check is called spelling"):
        check.main(["spelling"])
