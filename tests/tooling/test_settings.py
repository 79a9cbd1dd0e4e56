"""A new plugin is named wherever the tools have to know it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = sorted(path.name for path in ROOT.glob("plugins/*/src/corekit_*"))


@pytest.fixture(scope="module")
def tools() -> Any:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_plugin_is_bound_by_the_import_contracts(tools: Any, package: str) -> None:
    linter = tools["importlinter"]
    contracts = {contract["id"]: contract for contract in linter["contracts"]}
    assert package in linter["root_packages"]
    assert package in contracts["layers"]["layers"][0].split(" | ")
    assert package in contracts["graph-alone"]["source_modules"]
    assert f"{package}.graph -> **" in contracts["graph-alone"]["ignore_imports"]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_plugin_is_in_the_workspace_and_has_its_types_checked(tools: Any, package: str) -> None:
    name = package.removeprefix("corekit_")
    assert f"corekit-{name.replace('_', '-')}" in tools["uv"]["sources"]
    assert f"plugins/{name}/src" in tools["mypy"]["mypy_path"]


def test_every_exception_to_the_lint_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    listed = text.split("[tool.ruff.lint]")[1].split("[tool.ruff.lint.pydocstyle]")[0]
    rules = [line for line in listed.splitlines() if line.startswith('  "') and "ALL" not in line]
    assert len(rules) > 10
    assert [line for line in rules if "#" not in line] == []
