"""The command line: its tree, what it prints, how it leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlalchemy.exc import ProgrammingError
from typer.testing import CliRunner

from corekit.cli import app
from corekit.cli.output import emit
from corekit.errors import Busy, Integrity, Invalid, NotFound, PluginError, Problem, Refusal, SettingsError, Unavailable

Install = Callable[..., None]
Corekit = Callable[..., Any]


@pytest.fixture
def corekit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Corekit:
    """Run a command in a folder whose settings file holds the given keys."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COREKIT_DEBUG", raising=False)

    def run(*words: str, settings: str | None = "") -> Any:
        if settings is not None:
            Path("corekit.toml").write_text(f"[corekit]\n{settings}\n")
        return CliRunner().invoke(app, list(words), prog_name="corekit")

    return run


def test_help_imports_nothing_that_costs() -> None:
    source = """
import sys
from corekit.cli import main
sys.argv = ["corekit", "--help"]
try:
    main()
finally:
    print([name for name in ("sqlalchemy", "graphene", "alembic", "starlette") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "Migrate the database, and see how far it is." in done.stdout
    assert "Exit codes: 0 done; 1 the answer is no" in " ".join(done.stdout.split())
    assert "Cannot be used" not in done.stdout


def test_every_command_of_every_installed_distribution_shows(corekit: Corekit) -> None:
    shown = corekit("--help").stdout
    names = {point.name for point in metadata.entry_points(group="corekit.commands")}
    assert {"db", "plugins"} <= names
    assert all(f" {name} " in shown for name in names)


def test_version(corekit: Corekit) -> None:
    assert corekit("--version").stdout == f"corekit {metadata.version('corekit')}\n"


def test_an_unknown_command_did_you_mean(corekit: Corekit) -> None:
    done = corekit("dbb")
    assert done.exit_code == 2
    assert "Did you mean 'db'" in done.stderr


def test_a_distribution_brings_a_command(corekit: Corekit, install: Install) -> None:
    source = """
    import typer
    app = typer.Typer()
    @app.command()
    def shine(colour: str):
        "Shine in a colour."
        print("shining", colour)
    """
    install(
        "acme-laurels", plugins={"laurels": source}, groups={"corekit.commands": {"shine": "acme_laurels_laurels:app"}}
    )
    assert "Shine in a colour." in corekit("--help").stdout
    assert corekit("shine", "red").stdout == "shining red\n"


def test_a_command_that_cannot_be_imported_does_not_take_the_others_along(corekit: Corekit, install: Install) -> None:
    broken = {"corekit.commands": {"shine": "acme_laurels_laurels:app"}}
    install("acme-laurels", plugins={"laurels": "import no_such_library"}, groups=broken)
    assert "Cannot be used: ModuleNotFoundError" in corekit("--help").stdout
    done = corekit("shine", "--colour", "red")
    assert done.exit_code == 2
    assert done.stderr == (
        "error: command 'shine' of acme-laurels 1.0 cannot be used (ModuleNotFoundError: No module named "
        "'no_such_library'); repair or uninstall it [PLUGIN]\n"
    )


def test_a_command_that_leaves_when_it_is_imported_does_not_take_the_others_along(
    corekit: Corekit, install: Install
) -> None:
    leaving = {"corekit.commands": {"shine": "acme_laurels_laurels:app"}}
    install("acme-laurels", plugins={"laurels": "raise SystemExit(0)"}, groups=leaving)
    assert "Cannot be used: SystemExit: 0" in corekit("--help").stdout


def test_a_command_that_two_distributions_bring(corekit: Corekit, install: Install) -> None:
    install("acme-db", plugins={"x": ""}, groups={"corekit.commands": {"db": "acme_db_x:app"}})
    done = corekit("db", "status")
    assert done.exit_code == 2
    assert "command 'db' is offered by " in done.stderr
    assert "acme-db" in done.stderr


# --------------------------------------------------------------------------------------------------------- errors


@pytest.fixture
def raising(install: Install, corekit: Corekit, monkeypatch: pytest.MonkeyPatch) -> Corekit:
    """Run a command that raises."""
    install(
        "acme",
        plugins={"x": "import typer\napp = typer.Typer()\n"},
        groups={"corekit.commands": {"fail": "acme_x:app"}},
    )

    def run(error: Exception, *words: str) -> Any:
        command = typer.Typer()

        @command.command()
        def fail() -> None:
            raise error

        assert fail is not None
        monkeypatch.setattr("acme_x.app", command)
        return corekit(*words, "fail")

    return run


PROBLEM = Problem(code="RANGE", message="Too big.", path=("amount",), parameters={"max": 9})


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (Refusal("SOLD_OUT", left=0), 1, "error: refused [SOLD_OUT]"),
        (Invalid([PROBLEM]), 1, "error: amount: Too big. [RANGE] [RANGE]"),
        (NotFound("there is no such member"), 1, "error: there is no such member [NOT_FOUND]"),
        (Integrity("one posting has no entry"), 1, "error: one posting has no entry [INTEGRITY]"),
        (SettingsError("no such key"), 2, "error: no such key [SETTINGS]"),
        (PluginError("two sides\nand a way"), 2, "error: two sides and a way [PLUGIN]"),
        (Unavailable("it does not answer"), 2, "error: it does not answer [UNAVAILABLE]"),
        (Busy("others were faster"), 2, "error: others were faster [BUSY]"),
        (KeyError("secret detail"), 2, "error: unexpected KeyError: a defect; COREKIT_DEBUG=1 shows where [INTERNAL]"),
        (
            ProgrammingError("SELECT secret", {}, KeyError("secret")),
            2,
            "error: the database refused what it was asked (KeyError); run `corekit db status` [DATABASE]",
        ),
    ],
)
def test_an_error_is_one_line_and_an_exit_code(raising: Corekit, error: Exception, status: int, said: str) -> None:
    done = raising(error)
    assert (done.exit_code, done.stderr, done.stdout) == (status, f"{said}\n", "")


def test_an_error_in_json(raising: Corekit) -> None:
    done = raising(Invalid([PROBLEM]), "--json")
    assert done.exit_code == 1
    assert done.stdout == ""
    error = json.loads(done.stderr)["error"]
    assert (error["code"], error["parameters"]) == ("RANGE", {"max": 9})
    assert error["problems"] == [{"code": "RANGE", "message": "Too big.", "path": ["amount"], "parameters": {"max": 9}}]


def test_a_developer_can_see_where(raising: Corekit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COREKIT_DEBUG", "1")
    assert isinstance(raising(KeyError("secret detail")).exception, KeyError)


def test_there_is_no_settings_file(corekit: Corekit) -> None:
    done = corekit("--config", "other.toml", "plugins")
    assert done.exit_code == 2
    assert (
        done.stderr
        == "error: there is no settings file other.toml; write one, or name another with --config [SETTINGS]\n"
    )


def test_the_environment_names_the_settings_file(corekit: Corekit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COREKIT_CONFIG", "elsewhere.toml")
    assert "there is no settings file elsewhere.toml" in corekit("plugins").stderr


# -------------------------------------------------------------------------------------------------------- plugins

LAURELS = """
from marshmallow import Schema, fields

class Settings(Schema):
    most = fields.Integer(load_default=3)

@hookimpl
def corekit_declare():
    return Declares(
        settings=Settings,
        accounts=[AccountKind(code="laurels", unit=Unit("laurels"))],
        permissions=[Permission(name="laurels.give", description="Give laurels.")],
    )

@hookimpl
def corekit_react(batch):
    return []
"""


def test_plugins_shows_what_is_on_and_all_it_declares(corekit: Corekit, install: Install) -> None:
    install("acme-laurels", "2.1", plugins={"laurels": LAURELS})
    assert corekit("plugins", settings='plugins = ["laurels"]').stdout == (
        "laurels  (acme-laurels 2.1)\n"
        "  hooks        corekit_declare, corekit_react\n"
        "  settings     most\n"
        "  accounts     laurels\n"
        "  permissions  laurels.give\n"
    )


OF_MEMBERS = """
from sqlalchemy import Column, MetaData

metadata = MetaData(naming_convention=NAMING)
leaf, wreath = (
    table(f"laurels_{name}", Column("id", Id, primary_key=True), Column("wearer", Id, nullable=False), meta=metadata)
    for name in ("leaf", "wreath")
)

@hookimpl
def corekit_declare():
    return Declares(
        lineage=Lineage(owner="laurels", package="acme_laurels_laurels", metadata=metadata),
        members=[MemberRows(wreath.c.wearer), MemberRows(leaf.c.wearer, erase="anonymise")],
    )
"""


def test_plugins_shows_which_rows_are_a_members(corekit: Corekit, install: Install) -> None:
    install("acme-laurels", plugins={"laurels": OF_MEMBERS})
    settings, named = 'plugins = ["laurels"]', ["laurels_leaf.wearer", "laurels_wreath.wearer"]
    assert f"  members      {', '.join(named)}\n" in corekit("plugins", settings=settings).stdout
    (shown,) = json.loads(corekit("--json", "plugins", settings=settings).stdout)
    assert shown["members"] == named


@pytest.mark.parametrize("words", [["--json", "plugins"], ["plugins", "--json"]])
def test_plugins_in_json(corekit: Corekit, install: Install, words: list[str]) -> None:
    install("acme-laurels", "2.1", plugins={"laurels": LAURELS})
    (shown,) = json.loads(corekit(*words, settings='plugins = ["laurels"]').stdout)
    assert (shown["name"], shown["distribution"], shown["version"]) == ("laurels", "acme-laurels", "2.1")
    assert shown["hooks"] == ["corekit_declare", "corekit_react"]
    assert shown["requires"] == shown["effects"] == []


def test_no_plugin_is_on(corekit: Corekit) -> None:
    assert corekit("plugins").stdout == "no plugin is on\n"


def test_without_leaves_a_plugin_out(corekit: Corekit, install: Install) -> None:
    install("acme-laurels", plugins={"laurels": LAURELS})
    assert corekit("--without", "laurels", "plugins", settings='plugins = ["laurels"]').stdout == "no plugin is on\n"


def test_a_misspelt_hook_is_refused_here_too(corekit: Corekit, install: Install) -> None:
    install("acme-laurels", plugins={"laurels": "@hookimpl\ndef corekit_raect(batch): ..."})
    done = corekit("plugins", settings='plugins = ["laurels"]')
    assert done.exit_code == 2
    assert "(did you mean 'corekit_react'?)" in done.stderr


# ------------------------------------------------------------------------------------------------------- database


def test_a_database_is_migrated_checked_and_described(corekit: Corekit, empty_url: str) -> None:
    settings = f"database = {json.dumps(empty_url)}"
    waiting = corekit("db", "status", "--json", settings=settings)
    assert json.loads(waiting.stdout)["owners"] == [
        {"owner": "core", "package": "corekit", "current": None, "pending": ["core_0001", "core_0002", "core_0003"]}
    ]
    assert corekit("db", "check", settings=settings).exit_code == 1
    assert corekit("db", "upgrade", settings=settings).stdout == "applied core_0001, core_0002, core_0003\n"
    assert corekit("db", "upgrade", settings=settings).stdout == "nothing to do\n"
    checked = corekit("db", "check", settings=settings)
    assert (checked.exit_code, checked.stdout) == (0, "no differences\n")
    assert corekit("db", "status", settings=settings).stdout.startswith("core: core_0003\n")


def test_a_revision_of_an_owner_without_tables(corekit: Corekit, url: str) -> None:
    done = corekit("db", "revision", "cora", "-m", "x", settings=f"database = {json.dumps(url)}")
    assert done.exit_code == 2
    assert done.stderr == "error: 'cora' brings no tables (did you mean 'core'?); those who do: core [PLUGIN]\n"


def test_a_database_that_does_not_answer(corekit: Corekit) -> None:
    done = corekit("db", "status", settings='database = "sqlite:////no/such/folder/x.db"')
    assert done.exit_code == 2
    assert "does not answer" in done.stderr
    assert "[UNAVAILABLE]" in done.stderr


# --------------------------------------------------------------------------------------------------------- output


def test_values_of_all_kinds_are_printed(corekit: Corekit, install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install(
        "acme",
        plugins={"x": "import typer\napp = typer.Typer()\n"},
        groups={"corekit.commands": {"show": "acme_x:app"}},
    )
    command = typer.Typer()

    @command.command()
    def show(ctx: typer.Context) -> None:
        emit(ctx, {"problem": PROBLEM, 3: {"b", "a"}, "path": Path("x")}, lambda _: "for people")

    assert show is not None
    assert corekit("--help").exit_code == 0
    monkeypatch.setattr("acme_x.app", command)
    assert corekit("show").stdout == "for people\n"
    shown = json.loads(corekit("show", "--json").stdout)
    assert shown["3"] == ["a", "b"]
    assert shown["path"] == "x"
    assert shown["problem"]["path"] == ["amount"]
