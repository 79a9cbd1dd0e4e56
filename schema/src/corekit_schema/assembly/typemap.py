"""Graphene's type map, taught to join extensions to types where they are built, and to keep what execution needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import isclass
from typing import Any, cast

from graphene.types.definitions import GrapheneEnumType
from graphene.types.schema import TypeMap
from graphql import (
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
)

from corekit_schema.assembly.owners import CORE, Owners, where
from corekit_schema.execution.guards import Guard
from corekit_schema.execution.reference import one_by_one
from corekit_schema.execution.resolvers import BLOCKS, KEY, Attribute, Resolution, TypeNames
from corekit_schema.fields import Access, Field, about
from corekit_schema.policies import Policy
from corekit_schema.usererrors import OTHER, ErrorCode


class OwnedTypeMap(TypeMap):
    """The types of one schema. Problems go to ``owners``, so that all are known before anything is refused."""

    def __init__(
        self,
        owners: Owners,
        codes: Mapping[str, str],
        query: type,
        mutation: type,
    ) -> None:
        self.owners = owners
        self.codes = codes
        self.policies: dict[tuple[str, str], Policy | None] = {}
        self.roots = {about(query).name, about(mutation).name}
        super().__init__(query=query, mutation=mutation, types=[])
        for owner, graph in owners.graphs.items():
            with owners.acting(owner):
                self.types += [self.add_type(type_) for type_ in graph.types]

    # Types

    def add_type(self, graphene_type: Any) -> Any:
        """Return the GraphQL type of a graphene type; note where two types have one name."""
        added = super().add_type(graphene_type)
        if isclass(graphene_type):
            holder = getattr(added, "graphene_type", graphene_type)
            owner = self.owners.types.setdefault(added.name, self.owners.meet(graphene_type))
            if holder is not graphene_type:
                other = self.owners.meet(graphene_type)
                self.owners.problem(
                    owner if other == CORE else other,
                    f"type {added.name} is brought by both {owner} ({where(holder)}) "
                    f"and {other} ({where(graphene_type)})",
                )
        return added

    def create_objecttype(self, graphene_type: Any) -> GraphQLObjectType:
        """Make an object type that knows who may see its objects."""
        type_ = super().create_objecttype(graphene_type)
        # Which type a value is of is said by the interface (TypeNames), for both executors alike.
        type_.is_type_of = None
        access = access_of(graphene_type)
        if access.policy is not None and access.policy.kind != "public":
            type_.extensions = {KEY: Guard(access.policy, access.owner)}
        if self._blocks(self.owners.meet(graphene_type)):
            type_.extensions = {**type_.extensions, BLOCKS: True}
        return type_

    def create_interface(self, graphene_type: Any) -> GraphQLInterfaceType:
        """Make an interface that knows its types by the Python class of a value."""
        type_ = super().create_interface(graphene_type)
        names = TypeNames(type_.name)
        type_.extensions = {KEY: names}
        type_.resolve_type = lambda value, _info, _type: names.name_of(value)
        return type_

    def create_enum(self, graphene_type: Any) -> GraphQLEnumType:  # type: ignore[override]  # static in graphene
        """Make an enum; the one of error codes holds those of the core and of the enabled plugins."""
        if graphene_type is not ErrorCode:
            return TypeMap.create_enum(graphene_type)
        return _codes(self.codes)

    # Fields

    def create_fields_for_type(self, graphene_type: Any, is_input_type: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 - graphene's own signature
        """Return the fields of a type, those that plugins add to it included."""
        name: str = about(graphene_type).name
        owner = self.owners.types.get(name, CORE)
        with self.owners.acting(owner):
            fields = super().create_fields_for_type(graphene_type, is_input_type)
        for key in fields:
            self.owners.fields[name, key] = owner
        if is_input_type:
            return fields
        base = access_of(graphene_type)
        self._finish(name, graphene_type, fields, base, base, owner)
        for plugin, extension in self.owners.extensions(graphene_type):
            with self.owners.acting(plugin):
                added = super().create_fields_for_type(extension)
            self._finish(name, extension, added, base, access_of(extension), plugin)
            fields |= {key: field for key, field in added.items() if self._joins(name, key, field, plugin, extension)}
        return fields

    def _joins(self, name: str, key: str, field: GraphQLField, plugin: str, extension: type) -> bool:
        """Say whether a field of a plugin can join a type of somebody else; note where not."""
        if isinstance(cast("Any", field).type, GraphQLNonNull):
            self.owners.problem(
                plugin,
                f"field {name}.{key} of {plugin} must be nullable: {name} belongs to "
                f"{self.owners.types.get(name, CORE)}, and a failure of {plugin} may take nothing else with it",
            )
        return self.owners.claim(name, key, plugin, where(extension))

    def _finish(
        self, name: str, graphene_type: Any, fields: Mapping[str, GraphQLField], base: Access, own: Access, owner: str
    ) -> None:
        """Give each field its batch resolver and its policy: its own, else its class's, else the type's."""
        for python_name, field in about(graphene_type).fields.items():
            key = field.name or self.get_name(python_name)
            policy: Policy | None = getattr(field, "policy", None) or own.policy or base.policy
            self.policies.setdefault((name, key), policy)
            # Every parent has passed the type's policy already; only another one is asked again.
            asked = policy is not None and policy != base.policy and policy.kind != "public"
            guard = Guard(policy, base.owner) if asked and policy is not None else None
            if (
                guard is not None
                and name not in self.roots
                and isinstance(cast("Any", fields[key]).type, GraphQLNonNull)
            ):
                self.owners.problem(
                    self.owners.current,
                    f"field {name}.{key} must be nullable: whoever may not see it would not see the whole {name}",
                )
            cost: int | None = getattr(field, "cost", None)
            resolve = self._resolver(graphene_type, python_name, field)
            said: Sequence[str] | None = getattr(field, "reads", None)
            if isinstance(resolve, Attribute):
                said = (resolve.name.partition(".")[0],)
            reads = None if said is None else frozenset(said)
            blocks: bool | None = getattr(field, "blocking", None)
            if blocks is None:
                blocks = self._blocks(owner)
            resolution = Resolution(resolve, guard, cost, reads, blocks)
            fields[key].extensions = {KEY: resolution}
            fields[key].resolve = one_by_one(resolution)

    def _blocks(self, owner: str) -> bool:
        """Say whether somebody's resolvers may block, as it says of itself; the core's do not."""
        graph = self.owners.graphs.get(owner)
        return graph is not None and graph.blocking

    def _resolver(self, graphene_type: Any, python_name: str, field: Any) -> Any:
        shared = getattr(field, "batch", None)
        found = shared or self.get_function_for_type(graphene_type, f"resolve_{python_name}", python_name, None)
        if not found:
            return Attribute(getattr(field, "attribute", None) or python_name)
        return field.around(found) if isinstance(field, Field) else found


class _Codes(GrapheneEnumType):
    """The enum of error codes. A code that nobody declared is answered as ``OTHER``: its message says more."""

    def serialize(self, output_value: Any) -> str:
        """Write a code."""
        return output_value if output_value in self.values else OTHER


def _codes(codes: Mapping[str, str]) -> GraphQLEnumType:
    values = {code: GraphQLEnumValue(code, description=text) for code, text in sorted(codes.items())}
    values[OTHER] = GraphQLEnumValue(OTHER, description="What its plugin did not declare; see the message.")
    meta = about(ErrorCode)
    return cast("GraphQLEnumType", _Codes(meta.name, values, description=meta.description, graphene_type=ErrorCode))


def access_of(graphene_type: Any) -> Access:
    """Return what a type says of access."""
    return getattr(graphene_type, "access", None) or Access()
