"""graphql-core as the reference executor: it runs what the planner does not cover, with the same resolvers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from attrs import frozen
from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    is_abstract_type,
    is_object_type,
)

from corekit_schema.context import Context, Info
from corekit_schema.execution.fieldplan import in_step
from corekit_schema.execution.guards import Guard
from corekit_schema.execution.resolvers import Resolution, named, type_guard, type_names
from corekit_schema.execution.selection import Fragments
from corekit_schema.policies import denial


def one_by_one(resolution: Resolution) -> Any:
    """Return a resolver of graphql-core that asks the batch resolver for one parent."""

    def resolve(parent: Any, about: GraphQLResolveInfo, **arguments: Any) -> Any:
        context: Context = about.context
        guard = resolution.guard
        if guard is not None and not guard.allows(parent, guard.policy.verdict(context.viewer), context.viewer):
            return denial(context.viewer)
        coordinates = f"{about.parent_type.name}.{about.field_name}"
        values = resolution.resolve([parent], _info(about), **arguments)
        return _visible(in_step(values, [parent], coordinates)[0], about)

    return resolve


def _info(about: GraphQLResolveInfo) -> Info:
    path = tuple(key for key in about.path.as_list() if isinstance(key, str))
    definition = about.parent_type.fields[about.field_name]
    field = _Field(about.parent_type.name, about.field_name, path, definition, about.field_nodes, about.fragments)
    return Info(about.context, field, {})


@frozen
class _Field:
    """A field as it is selected."""

    type_name: str
    name: str
    path: tuple[str, ...]
    definition: GraphQLField
    nodes: Sequence[FieldNode]
    fragments: Fragments


def _visible(value: Any, about: GraphQLResolveInfo) -> Any:
    """Put null in place of objects that the viewer may not see; leave them out of lists that hold no null."""
    returned = cast("Any", about).return_type
    type_ = named(returned)
    if not (is_object_type(type_) or is_abstract_type(type_)):
        return value
    return _sieve(value, returned, about)


def _sieve(value: Any, declared: Any, about: GraphQLResolveInfo) -> Any:
    if value is None or isinstance(value, Exception):
        return value
    if isinstance(declared, GraphQLNonNull):
        declared = cast("Any", declared).of_type
    if isinstance(declared, GraphQLList):  # the type says it: an object may be a tuple as well
        inside, items = cast("Any", declared).of_type, value
        if not isinstance(value, list | tuple):
            return value
        left = [(item, _sieve(item, inside, about)) for item in items]
        keeps_all = not isinstance(inside, GraphQLNonNull)
        return [seen for item, seen in left if keeps_all or item is None or seen is not None]
    try:
        type_ = declared if is_object_type(declared) else about.schema.get_type(type_names(declared).name_of(value))
    except GraphQLError:
        return value  # whoever completes it says so
    guard: Guard | None = type_guard(type_) if isinstance(type_, GraphQLObjectType) else None
    viewer = about.context.viewer
    if guard is None or guard.allows(value, guard.policy.verdict(viewer), viewer):
        return value
    return None
