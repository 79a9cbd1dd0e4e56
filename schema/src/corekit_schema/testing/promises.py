"""What a plugin that adds to the schema promises besides: its door is whole, and pages cost no more than their rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from corekit import ErrorText
from corekit.testing.contract.trial import Trial, broken, refusal
from corekit_schema.execution.resolvers import declared_cost
from corekit_schema.testing.door import Door

if TYPE_CHECKING:
    from corekit_schema.assembly.schema import AssembledSchema

_PARAMETER = re.compile(r"\{(\w+)\}")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_DEEP = 4
_FEW, _MANY = 2, 9


class Promises:
    """The promises of a graph; :class:`corekit.testing.PluginContract` has them where corekit_schema is installed."""

    def test_door(self, contract: Trial) -> None:
        """Assemble it, which sees to policies, descriptions and names; see that codes speak, and what costs says so."""
        name, house = contract.plugin, contract.house()
        for text in contract.found.declares.errors:
            for seen, way in _speech(text):
                broken(f"{name}: each code has its sentence in English and Chinese", seen, way)
        if (refused := refusal(lambda: Door(house.kit))) is not None:
            broken(f"{name}: its types and fields can be assembled", refused, "mend what each line says")
        house.settle(contract.history(house), at_once=True)
        door = Door(house.kit)
        if unpaid := _unpaid(door, name):
            seen = f"{', '.join(unpaid)} take statements"
            broken(f"{name}: what takes statements has a cost", seen, "say so: Field(..., cost=1)")

    def test_pages(self, contract: Trial) -> None:
        """Ask for all that the plugin adds to members, and its own lists, of few and of many: as many statements."""
        house = contract.house(members=_MANY)
        house.settle(contract.history(house), at_once=True)
        door = Door(house.kit)
        for text in _questions(door.schema, contract.plugin):
            few, many = (door.statements(text, first=first) for first in (_FEW, _MANY))
            if few != many:
                broken(
                    f"{contract.plugin}: a page costs the same statements, however long",
                    f"{few} statements for {_FEW} items, {many} for {_MANY}, of {text}",
                    "load what all parents need at once in the batch resolver: any_of(column, ids)",
                )


def _speech(text: ErrorText) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the sentences of a code, and what to do."""
    if not text.en or not text.zh:
        yield f"{text.code} lacks a sentence", "give ErrorText both"
    elif not _CHINESE.search(text.zh):
        yield f"{text.code} says {text.zh!r}", "write the third argument of ErrorText in Simplified Chinese"
    elif {*_PARAMETER.findall(text.en)} != {*_PARAMETER.findall(text.zh)}:
        yield f"{text.code} fills in other parameters in {text.en!r} than in {text.zh!r}", "name the same in both"


def _unpaid(door: Door, plugin: str) -> list[str]:
    """Return the values that a plugin adds to members, for which statements are sent, and which cost nothing."""
    member: Any = door.schema.graphql.type_map["Member"]
    found: list[str] = []
    for name, field in member.fields.items():
        mine = door.schema.fields.get(("Member", name)) == plugin
        if mine and is_leaf_type(_named(field)) and not declared_cost(field):
            asked = _selected(name, field, 0)
            plain, more = (door.statements(f"{{ members {{ nodes {{ id {each} }} }} }}") for each in ("", asked or ""))
            if more > plain:
                found.append(f"Member.{name}")
    return found


def _questions(schema: AssembledSchema, plugin: str) -> Iterator[str]:
    """Yield the queries that ask for everything a plugin adds to members, and for its own lists at the root."""
    query, member = schema.graphql.query_type, schema.graphql.type_map["Member"]
    assert query is not None
    assert isinstance(member, GraphQLObjectType)
    for name, field in member.fields.items():
        if schema.fields.get(("Member", name)) == plugin and (asked := _selected(name, field, _DEEP)):
            yield f"query Q($first: Int) {{ members(first: $first) {{ nodes {{ {asked} }} }} }}"
    for name, field in query.fields.items():
        paged = "first" in field.args
        if paged and schema.fields.get((query.name, name)) == plugin and (asked := _selected(name, field, _DEEP)):
            yield f"query Q($first: Int) {{ {asked} }}"


def _selected(name: str, field: GraphQLField, deep: int) -> str | None:
    """Return a field with all that can be asked for below it without arguments; None where it asks for one itself."""
    if any(is_required_argument(argument) for argument in field.args.values()):
        return None
    given = "(first: $first)" if "first" in field.args else ""
    type_ = _named(field)
    if is_leaf_type(type_):
        return name
    if not deep or not isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
        return f"{name}{given} {{ __typename }}"
    below = [_selected(each, found, deep - 1) for each, found in type_.fields.items()]
    return f"{name}{given} {{ __typename {' '.join(filter(None, below))} }}"


def _named(field: GraphQLField) -> Any:
    """Return the type of a field, whatever lists are around it."""
    return cast("Any", get_named_type)(cast("Any", field).type)
