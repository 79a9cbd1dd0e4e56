"""A plugin that cannot start: one message names it, its distribution and version, and the way out; the rest starts.

Each act is an installed distribution, ``acme-rogue 1.2``, and is seen through Python and at the command line.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from attrs import frozen
from sqlalchemy import inspect
from typer.testing import CliRunner

from corekit import Activity, CorekitError, Declares, Kit, Permission, PluginError, Settings
from corekit.cli import app
from corekit.testing.modules import plugin_module
from corekit_schema import assemble_for

LABEL = "plugin 'rogue' (acme-rogue 1.2)"
WAY = "start with --without rogue"

TABLES = """
from sqlalchemy import Column, Integer, MetaData
from corekit import NAMING, Lineage, table
metadata = MetaData(naming_convention=NAMING)
table("rogue_card", Column("id", Integer, primary_key=True), meta=metadata)
@hookimpl
def corekit_declare():
    return Declares(lineage=Lineage(owner="rogue", package="acme_rogue", metadata=metadata))
"""
FIRST = "op.create_table('rogue_card', sa.Column('id', sa.Integer, primary_key=True))"
SCRIPT = """
import sqlalchemy as sa
from alembic import op
revision = "rogue_{number:04d}"
down_revision = {down!r}
branch_labels = depends_on = None
def upgrade():
    {body}
"""
GRAPH = """
import graphene
from corekit_schema import Field, Graph, Member, Object, Query, public
class RogueRoot(Object):
    "What rogue adds."
    {field} = Field(graphene.Int, policy=public, description="A number.")
@hookimpl
def corekit_graph():
    {body}
"""
QUIET = """
@hookimpl
def corekit_declare():
    return Declares()
"""


@frozen
class Bad:
    """What a distribution does wrong: the source of its plugin and what comes with it; ``said`` is part of the message.

    ``migrations`` are the bodies of its revisions, ``section`` what the settings tell it, ``requires`` what the
    distribution needs, ``sidekick`` the source of a plugin ``sidekick`` in another distribution.
    """

    source: str
    said: str
    migrations: tuple[str, ...] = ()
    section: str | None = None
    requires: str = ""
    sidekick: str = ""


def declares(what: str) -> str:
    return f"@hookimpl\ndef corekit_declare():\n    {what}\n"


SETTINGS = """
from marshmallow import Schema, fields, post_load
class Own(Schema):
    most = fields.Integer()
    @post_load
    def make(self, data, **_):
        return data["least"]
@hookimpl
def corekit_declare():
    return Declares(settings=Own)
"""

ACTS: Mapping[str, Bad] = {
    "import": Bad("import no_such_library", "cannot be imported (ModuleNotFoundError: No module named 'no_such_lib"),
    "syntax": Bad("def :", "cannot be imported (SyntaxError: "),
    "exit-at-import": Bad("raise SystemExit(3)", "cannot be imported (SystemExit: 3); repair the installation, or"),
    "base-at-import": Bad("class Stop(BaseException): ...\nraise Stop", "cannot be imported (Stop); repair"),
    "lines-at-import": Bad("raise ValueError('one\\n  two')", "cannot be imported (ValueError: one two)"),
    "sql-at-import": Bad(
        "from sqlalchemy.exc import ProgrammingError\nraise ProgrammingError('SELECT secret', {}, OSError('SELECT'))",
        "cannot be imported (OSError)",
    ),
    "declare": Bad(declares("raise KeyError('colour')"), "raised in corekit_declare: KeyError: 'colour'; repair it"),
    "exit-in-declare": Bad(declares("raise SystemExit"), "raised in corekit_declare: SystemExit; repair it, or"),
    "no-declares": Bad(declares("return 7"), "returns 7 from corekit_declare, which is no Declares"),
    "misspelt-hook": Bad("@hookimpl\ndef corekit_raect(batch): ...", "(did you mean 'corekit_react'?); rename it"),
    "unmarked-hook": Bad(QUIET + "def corekit_react(batch): ...", "not marked as a hook; put @hookimpl above it"),
    "no-hook": Bad("", "has no hook in the module acme_rogue.plugin"),
    "signature": Bad("@hookimpl\ndef corekit_react(bacth): ...", "takes 'bacth' in corekit_react, but corekit gives"),
    "wrapper": Bad("@hookimpl(wrapper=True)\ndef corekit_react():\n    yield", "wraps corekit_react"),
    "unknown-setting": Bad(SETTINGS, "plugins.rogue.mots: ", section="mots = 5"),
    "settings-raise": Bad(SETTINGS, "cannot read its settings (KeyError: 'least')", section="most = 5"),
    "no-settings": Bad(QUIET, "has no settings; remove the section", section="most = 5"),
    "migration": Bad(
        TABLES, "revision rogue_0002 of", (FIRST, "op.create_table('rogue_b', sa.Column('id', sa.Integer)); 1 / 0")
    ),
    "exit-in-migration": Bad(TABLES, "revision rogue_0001 of", (f"{FIRST}; raise SystemExit(1)",)),
    "sql-in-migration": Bad(TABLES, "revision rogue_0002 of", (FIRST, "op.execute('SELECT secret FROM nowhere')")),
    "migration-syntax": Bad(TABLES, "the migrations of", ("def :",)),
    "no-migrations": Bad(TABLES.replace('"acme_rogue"', '"acme_nowhere"'), "names the package acme_nowhere"),
    "graph-raises": Bad(GRAPH.format(field="rogue", body="raise KeyError(1)"), "raised in corekit_graph: KeyError: 1"),
    "graph-exits": Bad(GRAPH.format(field="rogue", body="raise SystemExit"), "raised in corekit_graph: SystemExit"),
    "no-graph": Bad(GRAPH.format(field="rogue", body="return {}"), "returns {} from corekit_graph, which is no Graph"),
    "field-clash": Bad(
        GRAPH.format(field="members", body="return Graph(extends={Query: RogueRoot})"),
        "field Query.members is brought by both core and rogue",
    ),
    "type-clash": Bad(
        GRAPH.format(field="rogue", body="return Graph(types=[RogueRoot])").replace("RogueRoot", "Balance"),
        "type Balance is brought by both rogue (acme_rogue.plugin.Balance) and core (corekit_schema.core.amounts.",
    ),
    "unmet": Bad(declares("return Declares(requires=['points_of_old'])"), "requires plugin 'points_of_old', which is"),
    "cycle": Bad(
        declares("return Declares(requires=['sidekick'])"),
        "requires 'sidekick', and plugin 'sidekick' (acme-sidekick 1.2) requires 'rogue'; one of them must do without",
        sidekick=declares("return Declares(requires=['rogue'])"),
    ),
    "version": Bad(QUIET, "needs corekit<8,>=7, but corekit 0.", requires="corekit>=7,<8"),
    "not-its-own": Bad(
        declares("return Declares(permissions=[Permission(name='points.steal', description='All.')])"),
        "declares the permission 'points.steal', which is not its own; begin it with 'rogue'",
    ),
}
STAYS = {"cycle": ("rogue", "sidekick")}
"""Whom else the message leaves out."""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, Bad], None]]:
    """Put distributions on the path as pip leaves them."""
    before = set(sys.modules)

    def install(name: str, bad: Bad) -> None:
        site, package = tmp_path / f"site-{name}", f"acme_{name}"
        versions = site / package / "migrations/versions"
        info = site / f"{package}-1.2.dist-info"
        versions.mkdir(parents=True, exist_ok=True)
        info.mkdir(exist_ok=True)
        needs = f"Requires-Dist: {bad.requires}\n" if bad.requires else ""
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: acme-{name}\nVersion: 1.2\n{needs}")
        (info / "entry_points.txt").write_text(f"[corekit]\n{name} = {package}.plugin\n")
        (site / package / "__init__.py").touch()
        (site / package / "plugin.py").write_text(f"from corekit import Declares, Permission, hookimpl\n{bad.source}\n")
        for number, body in enumerate(bad.migrations, 1):
            down = f"rogue_{number - 1:04d}" if number > 1 else None
            script = SCRIPT.format(number=number, down=down, body=body)
            (versions / f"rogue_{number:04d}.py").write_text(script)
        if str(site) not in sys.path:
            monkeypatch.setattr(sys, "path", [str(site), *sys.path])
        importlib.invalidate_caches()

    yield install
    for module in set(sys.modules) - before:
        if module.partition(".")[0].startswith("acme_"):
            del sys.modules[module]


def settings_of(name: str, url: str, folder: Path) -> Path:
    act = ACTS[name]
    plugins = ["rogue", *(["sidekick"] if act.sidekick else [])]
    section = f"[plugins.rogue]\n{act.section}\n" if act.section is not None else ""
    file = folder / "corekit.toml"
    file.write_text(f"[corekit]\ndatabase = {json.dumps(url)}\nplugins = {json.dumps(plugins)}\n{section}")
    return file


def start(settings: Path | Settings, *without: str, modules: Mapping[str, ModuleType] | None = None) -> Kit:
    kit = Kit(settings, without=without, modules=modules)
    try:
        kit.upgrade()
        assemble_for(kit)
    except BaseException:
        kit.close()
        raise
    return kit


def tables(url: str) -> set[str]:
    from corekit.db.engine import Database  # noqa: PLC0415 - only to look

    database = Database(url)
    try:
        return set(inspect(database.engine).get_table_names())
    finally:
        database.close()


def check(said: str, act: Bad) -> None:
    assert "\n" not in said
    assert said.count(LABEL) == 1
    assert act.said in said
    assert said.count(WAY) == 1
    for hidden in ("Traceback", "SELECT", 'File "'):
        assert hidden not in said


@pytest.mark.parametrize("name", ACTS)
def test_it_is_named_with_the_way_out_and_the_rest_starts(
    name: str, url: str, install: Callable[[str, Bad], None], tmp_path: Path
) -> None:
    act = ACTS[name]
    install("rogue", act)
    if act.sidekick:
        install("sidekick", Bad(act.sidekick, ""))
    settings = settings_of(name, url, tmp_path)
    before = tables(url)
    with pytest.raises(CorekitError) as caught:
        start(settings)
    check(caught.value.message, act)
    assert str(caught.value) == caught.value.message
    if act.migrations or act.section:
        assert tables(url) == before

    kit = start(settings, *STAYS.get(name, ("rogue",)))
    joined = kit.record(Activity(type="member.registered"))
    bought = kit.record(Activity(type="purchase", member=joined.member, amount=100, unit="USD"))
    kit.close()
    assert (joined.settled, bought.settled) == (True, True)


@pytest.mark.parametrize("name", ACTS)
def test_the_command_line_says_it_in_one_line_and_goes_on_without(
    name: str, url: str, install: Callable[[str, Bad], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COREKIT_DEBUG", raising=False)
    act = ACTS[name]
    install("rogue", act)
    if act.sidekick:
        install("sidekick", Bad(act.sidekick, ""))
    settings = settings_of(name, url, tmp_path)

    def corekit(*words: str) -> Any:
        return CliRunner().invoke(app, ["--config", str(settings), *words], prog_name="corekit")

    starting = (corekit(*words) for words in (("db", "upgrade"), ("schema", "print")))
    failed = next(each for each in starting if each.exit_code)
    (line,) = failed.stderr.splitlines()
    assert (failed.exit_code, failed.stdout, line[:7]) == (2, "", "error: ")
    check(line, act)

    off = [word for each in STAYS.get(name, ("rogue",)) for word in ("--without", each)]
    done = [
        corekit(*off, *words)
        for words in (("db", "upgrade"), ("schema", "print"), ("members", "register", "--channel", "web"))
    ]
    assert [(each.exit_code, each.stderr) for each in done] == [(0, "")] * 3


@pytest.mark.parametrize("raised", ["import", "declare"])
def test_whoever_interrupts_it_is_not_kept(raised: str, install: Callable[[str, Bad], None]) -> None:
    source = "raise KeyboardInterrupt" if raised == "import" else declares("raise KeyboardInterrupt")
    install("rogue", Bad(source, ""))
    with pytest.raises(KeyboardInterrupt):
        Kit(Settings.of(plugins=["rogue"]))


@pytest.mark.parametrize(
    "module",
    [
        plugin_module(corekit_raect=lambda: None),
        plugin_module(Declares(requires=["points_of_old"])),
        plugin_module(Declares(permissions=[Permission(name="points.steal", description="All.")])),
    ],
    ids=["misspelt-hook", "unmet", "not-its-own"],
)
def test_a_module_that_was_handed_over_says_so(module: ModuleType) -> None:
    with pytest.raises(PluginError) as caught:
        Kit(Settings.of(), modules={"rogue": module})
    assert "plugin 'rogue' (module rogue) " in caught.value.message
    assert WAY in caught.value.message


def test_what_an_earlier_revision_made_stays_as_it_was_where_the_next_one_fails(
    url: str, install: Callable[[str, Bad], None], tmp_path: Path
) -> None:
    install("rogue", Bad(TABLES, "", (FIRST,)))
    settings = settings_of("import", url, tmp_path)
    kit = start(settings)
    with kit.database.write() as connection:
        connection.exec_driver_sql("INSERT INTO rogue_card VALUES (7)")
    kit.close()

    broken = "op.execute('DELETE FROM rogue_card'); op.drop_table('rogue_card'); raise RuntimeError('half way')"
    install("rogue", Bad(TABLES, "", (FIRST, broken)))
    with pytest.raises(PluginError, match=r"revision rogue_0002 of plugin 'rogue' \(acme-rogue 1.2\) failed") as caught:
        start(settings)
    assert (caught.value.code, caught.value.parameters["revision"]) == ("MIGRATION_FAILED", "rogue_0002")
    kit = Kit(settings)
    with kit.database.connect() as connection:
        assert connection.exec_driver_sql("SELECT id FROM rogue_card").scalars().all() == [7]
        assert connection.exec_driver_sql("SELECT version_num FROM rogue_alembic_version").scalar() == "rogue_0001"
    kit.close()
