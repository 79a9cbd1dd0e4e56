"""What the assembled schema knows of each type and field for execution, kept in graphql-core's ``extensions``."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, cast

from attrs import field, frozen
from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    TypeNameMetaFieldDef,
)

from corekit_schema.attributes import read_attribute
from corekit_schema.context import Info
from corekit_schema.execution.classes import classes_of
from corekit_schema.execution.fieldplan import Resolver
from corekit_schema.execution.guards import Guard

KEY = "corekit"
"""The key of our own entry in ``extensions``."""
BLOCKS = "corekit.blocks"
"""The key of a type whose owner may block."""


@frozen
class Resolution:
    """How a field is resolved, the policy of its own where it has one, and its cost where it says one.

    ``reads`` are the attributes of a parent that the resolver looks at; None where that is not known. ``blocks`` says
    that it may block its thread.
    """

    resolve: Resolver
    guard: Guard | None = None
    cost: int | None = None
    reads: frozenset[str] | None = None
    blocks: bool = False


@frozen
class TypeNames:
    """Which type of an interface the values of which Python class are of."""

    abstract: str
    names: dict[type, str] = field(factory=dict[type, str])

    def name_of(self, value: Any) -> str:
        """Return the name of a value's type; GraphQLError where no type claims its class."""
        for cls in type(value).__mro__:
            name = self.names.get(cls)
            if name is not None:
                return name
        raise GraphQLError(f"No type of {self.abstract} lists {type(value).__name__} among its possible_types.")


def resolver_of(parent: GraphQLObjectType, name: str, definition: GraphQLField) -> Resolver:
    """Return the batch resolver of a field."""
    if definition is TypeNameMetaFieldDef:

        def typename(parents: Sequence[Any], _info: Info) -> list[str]:
            return [parent.name] * len(parents)

        return typename
    return resolution_of(parent, name, definition).resolve


def resolution_of(parent: GraphQLObjectType, name: str, definition: GraphQLField) -> Resolution:
    """Return what assembly put down for a field."""
    resolution = (definition.extensions or {}).get(KEY)
    if not isinstance(resolution, Resolution):
        raise TypeError(f"{parent.name}.{name} was not assembled.")
    return resolution


def field_guard(definition: GraphQLField) -> Guard | None:
    """Return the guard of a field's own policy; None where the type's policy says it all."""
    resolution = (definition.extensions or {}).get(KEY)
    return resolution.guard if isinstance(resolution, Resolution) else None


def may_block(definition: GraphQLField) -> bool:
    """Say whether the resolver of a field may block its thread."""
    resolution = (definition.extensions or {}).get(KEY)
    return isinstance(resolution, Resolution) and resolution.blocks


def loading_may_block(type_: GraphQLObjectType) -> bool:
    """Say whether whoever owns a type, and loads its objects, may block its thread."""
    return BLOCKS in (type_.extensions or {})


def declared_cost(definition: GraphQLField) -> int | None:
    """Return what a field says that it costs; None where it says nothing."""
    resolution = (definition.extensions or {}).get(KEY)
    return resolution.cost if isinstance(resolution, Resolution) else None


def type_guard(type_: GraphQLObjectType) -> Guard | None:
    """Return the guard of a type's objects; None where everybody may see them."""
    return cast("Guard | None", (type_.extensions or {}).get(KEY))


def type_names(type_: GraphQLInterfaceType | GraphQLUnionType) -> TypeNames:
    """Return which classes are of which type of an interface."""
    return cast("TypeNames", (type_.extensions or {})[KEY])


class Attribute:
    """The resolver of a field that is an attribute of its parents, or a key where they are mappings.

    Dots lead to attributes of attributes. What a parent does not have is null.
    """

    __slots__ = ("_get", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self._get = attrgetter(name)

    def __call__(self, parents: Sequence[Any], _info: Info) -> list[Any]:
        """Return the attribute of each parent."""
        return self.of(parents)

    def of(self, parents: Sequence[Any]) -> list[Any]:
        """Return the attribute of each parent."""
        try:
            return list(map(self._get, parents))
        except AttributeError:
            name = self.name
            if "." not in name and classes_of(parents) == {dict}:
                return [parent.get(name) for parent in parents]
            return [read_attribute(parent, name) for parent in parents]


def named(type_: Any) -> Any:
    """Return the type inside lists and non-nulls; graphql-core's own function has no types that can be checked."""
    while isinstance(type_, GraphQLList | GraphQLNonNull):
        type_ = cast("Any", type_).of_type
    return type_
