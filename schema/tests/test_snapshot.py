"""The printed schema is kept: the core's, what each plugin adds to it, and that of all plugins together.

So a change of it is seen. `COREKIT_SNAPSHOTS=write` writes the snapshots anew; a change that breaks clients is written
only where a fragment in `changelog.d` says so.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLNamedType, build_schema, find_breaking_changes, print_type

from corekit import Kit, Settings
from corekit_schema.assembly.schema import AssembledSchema, assemble_for

ROOT = Path(__file__).resolve().parent.parent.parent
SNAPSHOTS = Path(__file__).parent / "snapshots"
PLUGINS = sorted(path.parent.name for path in ROOT.glob("plugins/*/pyproject.toml"))
Assembled = Callable[..., AssembledSchema]


@pytest.fixture
def assembled(tmp_path: Path) -> Assembled:
    """The schema of plugins, which depends on no database."""

    def of(*plugins: str) -> AssembledSchema:
        with closing(Kit(Settings.of(database=f"sqlite:///{tmp_path / 'none.db'}", plugins=list(plugins)))) as kit:
            return assemble_for(kit)

    return of


def added(before: str, after: str) -> str:
    """Return what a schema has beyond another: whole types, and of the types of both the parts that are new."""
    types = build_schema(before).type_map
    parts: list[str] = []
    for name, type_ in sorted(build_schema(after).type_map.items()):
        if name not in types:
            parts.append(print_type(type_))
        elif news := {key: part for key, part in parts_of(type_).items() if key not in parts_of(types[name])}:
            kind: Any = type(type_)
            parts.append(f"extend {print_type(kind(name, news))}")
    return "\n\n".join(parts) + "\n"


def parts_of(type_: GraphQLNamedType) -> dict[str, Any]:
    return getattr(type_, "fields", None) or getattr(type_, "values", None) or {}


def unlisted(before: str, after: str, fragments: str) -> Iterator[str]:
    """Yield the changes that break clients and that no fragment lists."""
    said = " ".join(fragments.split())
    for change in find_breaking_changes(build_schema(before), build_schema(after)):
        if " ".join(change.description.split()) not in said:
            yield change.description


def keep(name: str, text: str) -> None:
    """Compare with what was kept; or keep it, where that is asked for."""
    path = SNAPSHOTS / f"{name}.graphql"
    if os.environ.get("COREKIT_SNAPSHOTS") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "plugins"), [("core", []), ("all", PLUGINS)])
def test_the_schema_is_the_one_that_was_kept(assembled: Assembled, name: str, plugins: list[str]) -> None:
    sdl = assembled(*plugins).sdl()
    fragments = "\n".join(path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("changelog.d/*.*.md")))
    before = SNAPSHOTS / f"{name}.graphql"
    breaking = list(unlisted(before.read_text(encoding="utf-8"), sdl, fragments)) if before.exists() else []
    assert breaking == [], "clients break; list each of these sentences in a fragment of changelog.d, or do not do it"
    keep(name, sdl)


@pytest.mark.parametrize("plugin", PLUGINS)
def test_what_a_plugin_adds_is_what_was_kept(assembled: Assembled, plugin: str) -> None:
    keep(plugin, added(assembled().sdl(), assembled(plugin).sdl()))


BEFORE = "type Query { a: Int b(x: Int): Letter } enum Letter { A B }"


@pytest.mark.parametrize(
    ("after", "sentence"),
    [
        ("type Query { b(x: Int): Letter } enum Letter { A B }", "Query.a was removed."),
        ("type Query { a: String b(x: Int): Letter } enum Letter { A B }", "Query.a changed type from Int to String."),
        ("type Query { a: Int b(x: Int): Letter } enum Letter { A }", "B was removed from enum type Letter."),
        (
            "type Query { a: Int b(x: Int!): Letter } enum Letter { A B }",
            "Query.b arg x has changed type from Int to Int!.",
        ),
    ],
)
def test_what_breaks_clients_must_be_listed(after: str, sentence: str) -> None:
    assert list(unlisted(BEFORE, after, "Other things change.")) == [sentence]
    assert list(unlisted(BEFORE, after, f"Of the schema: {sentence} Ask otherwise.")) == []


def test_what_only_adds_breaks_nobody() -> None:
    after = "type Query { a: Int! b(x: Int y: Int): Letter c: Int } enum Letter { A B C }"
    assert list(unlisted(BEFORE, after, "")) == []


def test_an_addition_is_printed_without_what_was_there() -> None:
    more = "type Query { a: Int b(x: Int): Letter c: New } enum Letter { A B C } type New { d: Int }"
    assert added(BEFORE, more) == (
        "extend enum Letter {\n  C\n}\n\ntype New {\n  d: Int\n}\n\nextend type Query {\n  c: New\n}\n"
    )
