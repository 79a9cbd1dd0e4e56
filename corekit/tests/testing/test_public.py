"""What a plugin may import is public, and the plugins, examples and test packages of this repository keep to it."""

from __future__ import annotations

import importlib
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import corekit
import corekit_schema
from corekit import PluginError, hookspecs
from corekit.testing.public import is_public, private_imports, understated

Write = Callable[[str], str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Write a package with one module, and return its name."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    def write(source: str) -> str:
        folder = tmp_path / "acme_rogue"
        folder.mkdir()
        (folder / "__init__.py").write_text("")
        (folder / "plugin.py").write_text(textwrap.dedent(source))
        importlib.invalidate_caches()
        return "acme_rogue"

    yield write
    sys.modules.pop("acme_rogue", None)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("from corekit.db.engine import Database", "corekit.db.engine.Database"),
        ("from corekit import db", "corekit.db"),
        ("from corekit.kit import *", "corekit.kit.*"),
        ("import corekit.kit", "corekit.kit"),
        ("import corekit\ncorekit.kit.Kit.open", "corekit.kit.Kit.open"),
        ("import corekit as c\nprint(c.clock)", "corekit.clock"),
        ("def late():\n    from corekit.kit import Kit", "corekit.kit.Kit"),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from corekit.kit import Kit", "corekit.kit.Kit"),
        ("from importlib import import_module\nimport_module('corekit.kit')", "corekit.kit"),
        ("from corekit_schema.core.member import Member", "corekit_schema.core.member.Member"),
        ("from corekit_points.rules import Book", "corekit_points.rules.Book"),
        ("import corekit_points", "corekit_points"),
    ],
)
def test_what_is_private_or_of_another_plugin_is_found(write: Write, source: str, name: str) -> None:
    line = source.count("\n") + 1
    assert private_imports(write(source)) == [("acme_rogue/plugin.py", line, name)]


def test_what_is_public_its_own_or_of_others_is_not_found(write: Write) -> None:
    source = """
        import sqlalchemy
        import corekit
        import corekit.db.types
        from acme_rogue import rules
        from corekit import Kit, hookimpl
        from corekit.db import types
        from corekit.tables import account
        from corekit_schema.viewer import Viewer
        from . import tables
        from .rules import rule
        corekit.Kit.read
        corekit.db.types.Id.impl
        sqlalchemy.select
    """
    assert private_imports(write(source)) == []


def test_a_plugin_that_is_one_module_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "acme_single.py").write_text("import corekit.kit\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    importlib.invalidate_caches()
    assert private_imports("acme_single") == [("acme_single.py", 1, "corekit.kit")]


def test_what_has_no_source_cannot_be_looked_at() -> None:
    with pytest.raises(PluginError, match="no source of acme_missing"):
        private_imports("acme_missing")


EXAMPLES = [
    f"docs.examples.{each.stem}"
    for each in sorted((Path(__file__).resolve().parents[3] / "docs/examples").glob("*.py"))
]


@pytest.mark.parametrize(
    "package",
    [
        "corekit_access",
        "corekit_documents",
        "corekit_medals",
        "corekit_points",
        "corekit_stored_value",
        "corekit_surveys",
        "corekit_demo",
        *EXAMPLES,
    ],
)
def test_our_plugins_and_examples_import_what_is_public(package: str) -> None:
    assert private_imports(package) == []


def test_the_package_of_our_tests_imports_what_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Path(__file__).resolve().parents[3] / "tests/packages/welcome/src"
    monkeypatch.setattr(sys, "path", [str(source), *sys.path])
    importlib.invalidate_caches()
    (package,) = (each.name for each in source.iterdir() if each.name.startswith("corekit_"))
    assert private_imports(package) == []


@pytest.mark.parametrize("module", [*corekit.PUBLIC_MODULES, *corekit_schema.PUBLIC_MODULES])
def test_a_public_module_lists_what_it_has_and_explains_itself(module: str) -> None:
    imported = importlib.import_module(module)
    assert imported.__doc__
    assert [name for name in imported.__all__ if not hasattr(imported, name)] == []
    assert all(is_public(f"{module}.{name}") for name in imported.__all__)


@pytest.mark.parametrize("plugin", ["access", "documents", "medals", "points", "stored_value", "surveys"])
def test_our_plugins_ask_for_what_has_their_hooks(plugin: str) -> None:
    assert understated(plugin) == []


def test_a_hook_that_is_newer_than_what_is_asked_for_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vars(hookspecs)["corekit_react"], "corekit_since", "0.3")
    (said,) = understated("points")
    assert said.startswith(
        "plugin 'points' (corekit-points 0.1.0) implements corekit_react, which corekit has since 0.3"
    )
    assert said.endswith("but asks for corekit<0.2,>=0.1; ask for corekit>=0.3")
