"""``corekit new plugin``: what it writes, and what it refuses. ``tests/test_template.py`` tries what it wrote."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from corekit.cli import app

Install = Callable[..., None]
New = Callable[..., Any]


@pytest.fixture
def new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> New:
    """Run ``corekit new plugin`` in an empty folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return lambda *words: CliRunner().invoke(app, ["new", "plugin", *words], prog_name="corekit")


def written() -> set[str]:
    return {path.as_posix() for path in Path().rglob("*") if path.is_file()}


def test_it_writes_a_project_and_says_what_comes_next(new: New) -> None:
    done = new("gift_cards")
    files = written()
    assert done.exit_code == 0
    assert (
        done.stdout
        == f"wrote {len(files)} files into gift_cards. Next:\ncd gift_cards\npip install -e '.[testing]'\npytest\n"
    )
    package = "gift_cards/src/corekit_gift_cards"
    names = ("plugin", "rules", "settings", "tables", "graph", "migrations/versions/gift_cards_0001_tables")
    tests = {f"gift_cards/tests/test_{name}.py" for name in ("contract", "rules", "gift_cards")}
    besides = {"README.md", "pyproject.toml", ".gitignore", ".github/workflows/test.yml"}
    assert {f"{package}/{name}.py" for name in names} | tests | {f"gift_cards/{name}" for name in besides} <= files


def test_nothing_of_the_template_is_left(new: New) -> None:
    new("gift_cards")
    texts = {name: Path(name).read_text(encoding="utf-8") for name in written()}
    assert [name for name, text in texts.items() if re.search(r"\{\{\w", name + text)] == []
    assert not any(name.endswith(".tmpl") for name in texts)


def test_package_folder_and_what_it_builds_on_can_be_named(new: New, install: Install) -> None:
    install("acme-laurels", "2.3", plugins={"laurels": ""})
    done = new("gifts", "--package", "acme_gifts", "--into", "deep/down", "--requires", "laurels")
    assert done.exit_code == 0
    project = tomllib.loads(Path("deep/down/pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["name"] == "acme-gifts"
    assert project["project"]["entry-points"] == {"corekit": {"gifts": "acme_gifts.plugin"}}
    assert "acme-laurels>=2.3,<3" in project["project"]["dependencies"]
    assert project["tool"]["pytest"]["corekit_plugins"] == ["laurels", "gifts"]
    assert 'requires=["laurels"]' in Path("deep/down/src/acme_gifts/plugin.py").read_text(encoding="utf-8")


def test_an_empty_folder_will_do(new: New) -> None:
    Path("gifts").mkdir()
    assert new("gifts").exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["Gifts"], "'Gifts' is no name for a plugin: write a-z, 0-9 and single _ in between"),
        (["gift-cards"], "such as 'gift_cards'"),
        (["gifts_"], "is no name for a plugin"),
        (["2gifts"], "is no name for a plugin"),
        (["g" * 41], "at most 40 characters"),
        (["class"], "no word of Python"),
        (["core"], "no plugin may be called 'core': the name is the core's own; choose another one"),
        (["corekit"], "no plugin may be called 'corekit'"),
        (["ladders"], "no plugin may be called 'ladders'"),
        (["laurels"], "there is a plugin 'laurels' already, of acme-laurels 2.3; choose another name, or uninstall it"),
        (["gifts", "--package", "json"], "there is a package 'json' already; name another one with --package"),
        (["gifts", "--package", "a.b"], "'a.b' is no name for a package; name another one with --package"),
        (["gifts", "--requires", "laurel"], "no plugin 'laurel' is installed (did you mean 'laurels'?); install what"),
        (["gifts", "--into", "full"], "full exists already and is not an empty folder; name another one with --into"),
        (["gifts", "--into", "full/file"], "full/file exists already and is not an empty folder"),
        (["gifts", "--into", "full/file/below"], "cannot be written (Not a directory); name another folder"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    new: New, install: Install, words: list[str], said: str
) -> None:
    install("acme-laurels", "2.3", plugins={"laurels": ""})
    Path("full").mkdir()
    Path("full/file").touch()
    done = new(*words)
    assert (done.exit_code, done.stdout) == (1, "")
    assert said in done.stderr
    assert done.stderr.endswith("[NEW_PLUGIN]\n")
    assert done.stderr.count("\n") == 1
    assert written() == {"full/file"}


def test_all_that_speaks_against_it_is_said_at_once(new: New) -> None:
    Path("full").mkdir()
    Path("full/file").touch()
    done = new("core", "--requires", "nobody", "--into", "full", "--json")
    told = json.loads(done.stderr)["error"]
    assert told["code"] == "NEW_PLUGIN"
    assert len(told["parameters"]["problems"]) == 3
