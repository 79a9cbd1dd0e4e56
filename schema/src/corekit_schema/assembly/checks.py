"""What must hold of an assembled schema, so that start-up is refused where it does not."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    is_introspection_type,
    is_specified_scalar_type,
    validate_schema,
)

from corekit_schema.assembly.owners import CORE, Owners, begins_with
from corekit_schema.assembly.typemap import OwnedTypeMap, access_of
from corekit_schema.execution.guards import Guard
from corekit_schema.execution.resolvers import KEY, named
from corekit_schema.fields import about
from corekit_schema.nodes import Node

Found = tuple[str, str]
"""Who has to mend something, and what."""


def problems_of(schema: GraphQLSchema, types: OwnedTypeMap, permissions: Collection[str]) -> list[str]:
    """Return everything that is wrong with a schema, in a fixed order."""
    own = [
        type_
        for _, type_ in sorted(schema.type_map.items())
        if not is_introspection_type(type_) and not is_specified_scalar_type(type_)
    ]
    found = [
        *_unused(types),
        *(problem for type_ in own for problem in _of_type(type_, types.owners)),
        *_of_policies(schema, types, permissions),
    ]
    for owner, _ in found:
        types.owners.blame(owner)
    own_words = (error.message for error in validate_schema(schema))
    return [*types.owners.problems, *(message for _, message in found), *own_words]


def _unused(types: OwnedTypeMap) -> Iterator[Found]:
    for owner, graph in types.owners.graphs.items():
        for extended in graph.extends:
            name: str = about(extended).name
            found = types.get(name)
            if getattr(found, "graphene_type", None) is not extended:
                yield owner, f"{owner} extends {name}, which the schema does not contain"
            elif not isinstance(found, GraphQLObjectType):
                yield owner, f"{owner} extends {name}, which is no object type; only those can be extended"


def _of_type(type_: GraphQLNamedType, owners: Owners) -> Iterator[Found]:
    owner = owners.types.get(type_.name, CORE)
    if owner != CORE and not begins_with(type_.name, owner):
        yield owner, f"type {type_.name} of {owner} must have a name that begins with {owner!r}"
    if not type_.description:
        yield owner, f"type {type_.name} of {owner} has no description"
    if isinstance(type_, GraphQLEnumType):
        return
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
        for name, field in type_.fields.items():
            yield from _of_field(type_.name, name, field, owners)


def _of_field(type_name: str, name: str, field: Any, owners: Owners) -> Iterator[Found]:
    owner = owners.fields.get((type_name, name), CORE)
    if owner != owners.types.get(type_name, CORE) and not begins_with(name, owner):
        yield owner, f"field {type_name}.{name} of {owner} must have a name that begins with {owner!r}"
    if not field.description:
        yield owner, f"field {type_name}.{name} of {owner} has no description"
    for argument, definition in getattr(field, "args", {}).items():
        if not definition.description:
            yield owner, f"argument {argument} of {type_name}.{name} of {owner} has no description"


def _of_policies(schema: GraphQLSchema, types: OwnedTypeMap, permissions: Collection[str]) -> Iterator[Found]:
    for (type_name, name), policy in sorted(types.policies.items()):
        type_ = schema.type_map.get(type_name)
        if not isinstance(type_, GraphQLObjectType) or name not in type_.fields:
            continue
        owner = types.owners.fields.get((type_name, name), CORE)
        place = f"field {type_name}.{name} of {owner}"
        if policy is None:
            yield owner, f"{place} has no policy; give one to the field or to its type"
            continue
        if policy.permission is not None and policy.permission not in permissions:
            yield owner, f"{place} asks for the permission {policy.permission}, which nobody declares"
        if policy.by_owner:
            yield from ((owner, f"{place} {said}") for said in _of_owner(schema, type_, name))
    yield from _of_nodes(schema, types.owners)


def _of_owner(schema: GraphQLSchema, type_: GraphQLObjectType, name: str) -> Iterator[str]:
    if type_ is schema.mutation_type:
        yield "cannot ask for the owner before it runs; ask for a permission, or authenticated"
    elif type_ is schema.query_type:
        found = named(type_.fields[name].type)
        guard = _guard(found)
        if guard is None or not guard.policy.by_owner:
            yield f"asks for the owner, so {found.name} must have such a policy and say whose it is"
    elif access_of(getattr(type_, "graphene_type", None)).owner is None:
        yield f"asks for the owner, but {type_.name} does not say whose it is (owner=...)"


def _of_nodes(schema: GraphQLSchema, owners: Owners) -> Iterator[Found]:
    node = schema.type_map.get(about(Node).name)
    for type_ in schema.get_possible_types(node) if isinstance(node, GraphQLInterfaceType) else ():
        if access_of(getattr(type_, "graphene_type", None)).policy is None:
            owner = owners.types.get(type_.name, CORE)
            yield (
                owner,
                f"type {type_.name} is a Node, so that anybody can ask for it by id: give it a policy of its own",
            )


def _guard(type_: Any) -> Guard | None:
    found: Any = type_.extensions.get(KEY)
    return found if isinstance(found, Guard) else None
