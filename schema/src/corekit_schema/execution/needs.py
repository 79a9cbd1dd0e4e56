"""Which attributes of a field's objects an operation looks at, so that no more than these are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from graphql import FieldNode, GraphQLField, GraphQLObjectType

from corekit_schema.execution.resolvers import named, resolution_of, type_guard
from corekit_schema.execution.selection import Fragments, fields_of


def needed(
    definition: GraphQLField, nodes: Sequence[FieldNode], fragments: Fragments, ways: Sequence[str]
) -> frozenset[str] | None:
    """Return the attributes that are looked at of the objects at the end of each way; None where that is not known.

    A way leads down from the field by the names of fields, such as ``edges.node``; the empty one ends at the field.
    Whatever a directive may leave out counts as selected.
    """
    found: set[str] = set()
    for way in ways:
        type_, chosen = named(cast("Any", definition).type), list(nodes)
        for step in way.split(".") if way else ():
            chosen = [below for below in _below(chosen, fragments) if below.name.value == step]
            type_ = named(type_.fields[step].type)
        looked_at = _looked_at(type_, chosen, fragments)
        if looked_at is None:
            return None
        found |= looked_at
    return frozenset(found)


def _looked_at(type_: object, nodes: Sequence[FieldNode], fragments: Fragments) -> set[str] | None:
    if not nodes:
        return set()
    if not isinstance(type_, GraphQLObjectType):
        return None
    guard = type_guard(type_)
    found = {guard.owner} if guard is not None and guard.owner is not None else set[str]()
    for below in _below(nodes, fragments):
        field = type_.fields.get(below.name.value)
        if field is None:
            continue  # of another type, or about the type itself
        resolution = resolution_of(type_, below.name.value, field)
        if resolution.reads is None:
            return None
        found |= resolution.reads
        if resolution.guard is not None and resolution.guard.owner is not None:
            found.add(resolution.guard.owner)
    return found


def _below(nodes: Sequence[FieldNode], fragments: Fragments) -> Iterator[FieldNode]:
    for node in nodes:
        yield from fields_of(node.selection_set, fragments)
