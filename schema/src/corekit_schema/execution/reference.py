"""graphql-core as the reference executor: it runs what the planner does not cover, with the same resolvers."""

from __future__ import annotations

from typing import Any, cast

from graphql import (
    GraphQLError,
    GraphQLObjectType,
    GraphQLResolveInfo,
    is_abstract_type,
    is_object_type,
)

from corekit_schema.context import Context, Info
from corekit_schema.execution.fieldplan import in_step
from corekit_schema.execution.guards import Guard
from corekit_schema.execution.resolvers import Resolution, named, type_guard, type_names
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
    return Info(about.context, about.parent_type.name, about.field_name, path, about.field_nodes, about.fragments)


def _visible(value: Any, about: GraphQLResolveInfo) -> Any:
    """Put null in place of objects that the viewer may not see."""
    type_ = named(cast("Any", about).return_type)
    if not (is_object_type(type_) or is_abstract_type(type_)):
        return value
    return _sieve(value, type_, about)


def _sieve(value: Any, declared: Any, about: GraphQLResolveInfo) -> Any:
    if value is None or isinstance(value, Exception):
        return value
    if isinstance(value, list | tuple):
        return [_sieve(item, declared, about) for item in value]  # pyright: ignore[reportUnknownVariableType]
    try:
        type_ = declared if is_object_type(declared) else about.schema.get_type(type_names(declared).name_of(value))
    except GraphQLError:
        return value  # whoever completes it says so
    guard: Guard | None = type_guard(type_) if isinstance(type_, GraphQLObjectType) else None
    viewer = about.context.viewer
    if guard is None or guard.allows(value, guard.policy.verdict(viewer), viewer):
        return value
    return None
