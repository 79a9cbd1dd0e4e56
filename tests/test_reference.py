"""Nothing is missing in the reference. What there is is looked for in the code, apart from how the pages are made."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, cast

import pytest
import typer
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    is_specified_scalar_type,
)
from marshmallow import Schema, fields
from typer.main import get_command

import corekit.hookspecs
import corekit_schema.hookspecs
from corekit import Kit, Settings
from corekit.cli import app
from corekit.program.program import _FileSchema as ProgramFile
from corekit.settings import _File as SettingsFile
from corekit_schema import assemble_for
from corekit_schema.settings import GraphQLSettings

ROOT = Path(__file__).resolve().parents[1]
PLUGINS = sorted(path.parent.name for path in ROOT.glob("plugins/*/pyproject.toml"))
CODE = re.compile(r"[A-Z]{2,}(_[A-Z]+)+")
NO_CODES = {"COREKIT_CONFIG", "COREKIT_DEBUG", "RAISE_VARARGS"}
"""What looks like a code: variables of the environment."""

Pages = Mapping[str, str]


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kit]:
    """A kit with every plugin of this repository; its database is never made."""
    folder = tmp_path_factory.mktemp("reference")
    kit = Kit(Settings.of(database=f"sqlite:///{folder}/never.db", plugins=PLUGINS))
    yield kit
    kit.close()


@pytest.fixture(scope="module")
def pages() -> Pages:
    """The pages of the reference, by their names."""
    return {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "docs/reference").glob("*.md")}


def section(page: str, title: str) -> str:
    """Return what stands under a heading, without what stands under the next one; empty where there is none."""
    found = re.search(rf"^##+ {re.escape(title)}$(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


# What is missing, each as `place: name`


def hooks(pages: Pages, _: Kit) -> Iterator[str]:
    for module in (corekit.hookspecs, corekit_schema.hookspecs):
        for name in vars(module):
            if name.startswith("corekit_") and f"{name}(" not in section(pages["hooks"], name):
                yield f"hooks: {name}"


def settings(pages: Pages, kit: Kit) -> Iterator[str]:
    own = {plugin.name: plugin.declares.settings for plugin in kit.plugins}
    for path in (
        *paths((), SettingsFile),
        *paths(("graphql",), GraphQLSettings),
        *(path for name, schema in own.items() if schema for path in paths(("plugins", name), schema)),
    ):
        if not stands(pages["settings"], path):
            yield f"settings: {'.'.join(path)}"


def program(pages: Pages, kit: Kit) -> Iterator[str]:
    own = {plugin.name: plugin.declares.program for plugin in kit.plugins}
    for path in (
        *paths((), ProgramFile),
        *(path for name, part in own.items() if part for path in paths((name,), part.schema)),
    ):
        if not stands(pages["program"], path):
            yield f"program: {'.'.join(path)}"


def paths(
    above: tuple[str, ...], schema: type[Schema], around: tuple[type[Schema], ...] = ()
) -> Iterator[tuple[str, ...]]:
    """Yield every key of a schema and of those within it, below what it stands in; once, where one is within itself."""
    for name, field in cast("dict[str, Any]", cast("Any", schema()).fields).items():
        path = (*above, field.data_key or name)
        if above:
            yield path
        inner = getattr(field, "inner", None) or getattr(field, "value_field", None) or field
        kind = cast("Any", inner).schema.__class__ if isinstance(inner, fields.Nested) else None
        if kind is not None and kind not in (*around, schema):
            below = (*path, "NAME") if getattr(field, "value_field", None) else path
            yield from paths(below, kind, (*around, schema))


def stands(page: str, path: tuple[str, ...]) -> bool:
    """Say whether a key stands in the table under the heading of its table."""
    *above, name = path
    table = ".".join(above)
    return any(f"\n| `{name}` |" in section(page, title) for title in (f"[{table}]", f"[[{table}]]"))


def commands(pages: Pages, _: Kit) -> Iterator[str]:
    root: Any = get_command(app)
    context = typer.Context(root, info_name="corekit")
    ours = {"corekit", "corekit-schema", *(f"corekit-{name}" for name in PLUGINS)}
    offered = {
        point.name
        for point in metadata.entry_points(group="corekit.commands")
        if point.dist and point.dist.name in ours
    }
    top = {name: root.get_command(context, name) for name in offered}
    for path, command in [("corekit", root), *below("corekit", top)]:
        told = section(pages["commands"], path)
        if not told:
            yield f"commands: {path}"
        for param in command.params:
            words = param.opts if param.param_type_name == "option" else [param.name.upper()]
            yield from (f"commands: {path} {word}" for word in words if told and not re.search(rf"\|.*{word}\b", told))


def below(path: str, named: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, command in named.items():
        yield f"{path} {name}", command
        yield from below(f"{path} {name}", getattr(command, "commands", {}))


def codes(pages: Pages, kit: Kit) -> Iterator[str]:
    listed = set(re.findall(r"^\| `([A-Z_]+)` \|", pages["errors"], re.MULTILINE))
    trees = list(modules())
    public = {each.value for tree in trees for node in tree.body for each in names(node)}
    written = {word for tree in trees for word in literals(tree) if CODE.fullmatch(word)} - public - NO_CODES
    yield from (f"errors: {code}" for code in sorted((written | {*kit.declared.errors}) - listed))


def modules() -> Iterator[ast.Module]:
    """Yield the syntax trees of our packages."""
    for folder in ("corekit/src", "schema/src", "plugins"):
        for path in (ROOT / folder).rglob("*.py"):
            if not {"tests", "testing", "migrations"}.intersection(path.relative_to(ROOT).parts):
                yield ast.parse(path.read_text(encoding="utf-8"))


def names(node: ast.stmt) -> Iterator[ast.Constant]:
    """Yield the names that a module lists as public, if that is the statement that does."""
    if isinstance(node, ast.Assign) and [ast.unparse(each) for each in node.targets] == ["__all__"]:
        yield from (each for each in ast.walk(node.value) if isinstance(each, ast.Constant))


def literals(tree: ast.Module) -> Iterator[str]:
    """Yield every text of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def graphql(pages: Pages, kit: Kit) -> Iterator[str]:
    for name, type_ in assemble_for(kit).graphql.type_map.items():
        if name.startswith("__") or is_specified_scalar_type(type_):
            continue
        told = section(pages["schema"], name)
        if not told:
            yield f"schema: {name}"
        for member, arguments in members(type_).items():
            line = re.search(rf"^  {member}\b.*?(?=^  \w|^}})", told, re.MULTILINE | re.DOTALL)
            if told and not line:
                yield f"schema: {name}.{member}"
            if line:
                found = (argument for argument in arguments if not re.search(rf"\b{argument}: ", line[0]))
                yield from (f"schema: {name}.{member}({argument})" for argument in found)


def members(type_: Any) -> dict[str, list[str]]:
    """Return the fields of a type with their arguments, or the values of an enum."""
    if isinstance(type_, GraphQLEnumType):
        return {name: [] for name in type_.values}
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
        return {name: list(field.args) for name, field in type_.fields.items()}
    return {name: [] for name in type_.fields} if isinstance(type_, GraphQLInputObjectType) else {}


# The reference holds them all, and each that is left out is missed


@pytest.mark.parametrize("missing", [hooks, settings, program, commands, codes, graphql])
def test_nothing_is_missing(pages: Pages, kit: Kit, missing: Callable[[Pages, Kit], Iterator[str]]) -> None:
    assert list(missing(pages, kit)) == []


@pytest.mark.parametrize(
    ("missing", "page", "line", "told"),
    [
        (hooks, "hooks", "### corekit_react", "hooks: corekit_react"),
        (settings, "settings", "| `time_zone` |", "settings: corekit.time_zone"),
        (settings, "settings", "| `schedule` |", "settings: corekit.jobs.NAME.schedule"),
        (settings, "settings", "| `tokens` |", "settings: graphql.limits.tokens"),
        (settings, "settings", "| `leeway` |", "settings: plugins.access.providers.leeway"),
        (program, "program", "| `at_rerating` |", "program: ladders.growth.at_rerating"),
        (program, "program", "| `whole_steps` |", "program: points.rules.rate.whole_steps"),
        (commands, "commands", "## corekit verify", "commands: corekit verify"),
        (commands, "commands", "| `--since TIME` | Prove only", "commands: corekit verify --since"),
        (commands, "commands", "## corekit access token", "commands: corekit access token"),
        (codes, "errors", "| `KEY_REUSED` |", "errors: KEY_REUSED"),
        (codes, "errors", "| `UNKNOWN_CALENDAR` |", "errors: UNKNOWN_CALENDAR"),
        (graphql, "schema", "### AuditEntry", "schema: AuditEntry"),
        (graphql, "schema", "  mergedInto: Member", "schema: Member.mergedInto"),
        (graphql, "schema", "  OPERATOR", "schema: AuditKind.OPERATOR"),
        (graphql, "schema", "  joinedFrom: DateTime", "schema: MemberFilter.joinedFrom"),
        (graphql, "schema", "    since: DateTime", "schema: Query.audit(since)"),
    ],
)
def test_what_is_left_out_is_missed(
    pages: Pages, kit: Kit, missing: Callable[[Pages, Kit], Iterator[str]], page: str, line: str, told: str
) -> None:
    shorter = re.sub(rf"^{re.escape(line)}(?!\w).*\n", "", pages[page], count=1, flags=re.MULTILINE)
    assert shorter != pages[page]
    assert told in list(missing({**pages, page: shorter}, kit))
