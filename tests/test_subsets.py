"""Whoever enables some of our plugins gets exactly their features: every subset is whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import pytest
from graphql import validate_schema

from corekit import Kit, PluginError
from corekit.db import migrate
from corekit.hooks import declare
from corekit.plugins import find
from corekit.testing import House, MakeKit, SettableClock
from corekit.testing.contract.history import usual
from corekit.testing.house import SOURCE
from corekit_schema import assemble_for
from corekit_schema.assembly.schema import AssembledSchema

ROOT = Path(__file__).resolve().parents[1]
PLUGINS = sorted(path.parent.name for path in ROOT.glob("plugins/*/pyproject.toml"))
SUBSETS = [*chain.from_iterable(combinations(PLUGINS, size) for size in range(len(PLUGINS) + 1))]


def parts(schema: AssembledSchema) -> dict[str, dict[str, str]]:
    """Return what each owner has in a schema: types by name, fields with their own type."""
    found: dict[str, dict[str, str]] = {}
    for name, owner in schema.types.items():
        found.setdefault(owner, {})[name] = ""
    for (type_name, name), owner in schema.fields.items():
        type_: Any = schema.graphql.type_map[type_name]
        found.setdefault(owner, {})[f"{type_name}.{name}"] = str(type_.fields[name].type)
    return found


def fulfilled(kit_of: MakeKit, subset: tuple[str, ...]) -> Kit | None:
    """Open a kit with a subset; None where one requires another that is not in it, which has to be said."""

    def attempt() -> Kit:
        return kit_of(list(subset), sources={SOURCE: {"historical": True}})

    missing = {name for each in find(subset) for name in declare(each).requires} - set(subset)
    if not missing:
        return attempt()
    with pytest.raises(PluginError, match="requires plugin") as caught:
        attempt()
    assert any(repr(name) in caught.value.message for name in missing)
    return None


@pytest.mark.parametrize("subset", SUBSETS, ids=lambda subset: "+".join(subset) or "none")
def test_every_subset_of_our_plugins_is_whole(subset: tuple[str, ...], make_kit: MakeKit, clock: SettableClock) -> None:
    kit = fulfilled(make_kit, subset)
    if kit is None:
        return
    assert migrate.check(kit.database, kit.lineages()) == []
    owners = {status.owner for status in migrate.status(kit.database, kit.lineages())}
    assert owners == {lineage.owner for lineage in kit.lineages()}
    schema = assemble_for(kit)
    assert validate_schema(schema.graphql) == []
    assert set(parts(schema)) <= {"core", *subset}
    for each in subset:
        settled(House(kit, each, clock, clock.now - timedelta(days=10), name=each))
    settled(House(kit, "", clock, clock.now - timedelta(days=10)))
    assert kit.verify().clean


def settled(house: House) -> None:
    """Settle what members usually do, and what the plugin of the house declares that needs no payload."""
    assert all(answer.settled for answer in house.settle(usual(house), at_once=True) if answer.type == "purchase")


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_what_a_plugin_brings_to_the_schema_does_not_depend_on_its_company(make_kit: MakeKit) -> None:
    seen: dict[str, list[Mapping[str, str]]] = {}
    for subset, schema in assembled(make_kit):
        for owner, part in parts(schema).items():
            seen.setdefault(owner, []).append(part)
        assert set(parts(schema)) == {"core", *subset}
    assert set(seen) == {"core", *PLUGINS}
    for owner, found in seen.items():
        assert all(part == found[0] for part in found), owner


def assembled(make_kit: MakeKit) -> Iterator[tuple[tuple[str, ...], AssembledSchema]]:
    """Yield each subset that can be with its schema."""
    for subset in SUBSETS:
        kit = fulfilled(make_kit, subset)
        if kit is not None:
            yield subset, assemble_for(kit)
