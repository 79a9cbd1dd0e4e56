"""Plans an operation: which columns are computed from which, and by what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from attrs import define, field, frozen
from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    OperationDefinitionNode,
    OperationType,
    TypeNameMetaFieldDef,
    Visitor,
    visit,
)
from graphql.execution.collect_fields import collect_fields, collect_sub_fields

from corekit_schema.execution import leaves
from corekit_schema.execution.columns import Abstracts, Column, Leaves, Lists, Objects
from corekit_schema.execution.fieldplan import FieldPlan, Level, Plain, Resolver
from corekit_schema.execution.resolvers import (
    Attribute,
    field_guard,
    loading_may_block,
    may_block,
    resolver_of,
    type_guard,
    type_names,
)
from corekit_schema.execution.selection import Fragments
from corekit_schema.execution.variables import arguments_of, variables_in


class NotPlanned(Exception):
    """The operation needs what the planner does not cover, such as introspection; graphql-core runs it."""


@frozen(eq=False)
class Plan:
    """The root fields of an operation, each of which plans what is below it.

    They run in ``steps``, one after the other: those of a mutation one by one, all others at once. ``blocks`` says that
    a resolver may block its thread.
    """

    steps: tuple[Level, ...]
    blocks: bool

    @property
    def fields(self) -> list[FieldPlan]:
        """The root fields, in order."""
        return [field for step in self.steps for field in step.fields]


@define
class Planner:
    """Plans one operation of a validated document.

    ``switches`` are the values of the variables that directives use; the plan holds for these values only, and for
    any value of the others. ``most`` fields are planned at the most.
    """

    schema: GraphQLSchema
    fragments: Fragments
    switches: Mapping[str, Any]
    most: int
    count: int = field(default=0, init=False)
    blocks: bool = field(default=False, init=False)

    def plan(self, operation: OperationDefinitionNode) -> Plan:
        """Plan the operation; NotPlanned where it is not covered."""
        root = self.schema.get_root_type(operation.operation)
        if root is None:
            raise NotPlanned
        switches = dict(self.switches)
        selected = collect_fields(self.schema, dict(self.fragments), switches, root, operation.selection_set)
        fields = self._fields(root, selected, ())
        mutates = operation.operation is OperationType.MUTATION
        steps = tuple(Level([field]) for field in fields) if mutates else (Level(fields),)
        return Plan(steps, self.blocks)

    def _fields(
        self, parent: GraphQLObjectType, fields: Mapping[str, list[FieldNode]], path: tuple[str, ...]
    ) -> tuple[FieldPlan, ...]:
        planned = enumerate(fields.items())
        return tuple(self._field(parent, key, order, nodes, path) for order, (key, nodes) in planned)

    def _field(
        self, parent: GraphQLObjectType, key: str, order: int, nodes: list[FieldNode], path: tuple[str, ...]
    ) -> FieldPlan:
        self.count += 1
        if self.count > self.most:
            message = f"The operation selects more than {self.most} fields."
            raise GraphQLError(message, nodes, extensions={"code": "TOO_LARGE", "limit": self.most})
        name = nodes[0].name.value
        definition = TypeNameMetaFieldDef if name == "__typename" else parent.fields.get(name)
        if definition is None:
            raise NotPlanned
        self.blocks = self.blocks or may_block(definition)
        here = (*path, key)
        resolve, guard = resolver_of(parent, name, definition), field_guard(definition)
        arguments = arguments_of(definition, nodes[0])
        return FieldPlan(
            key=key,
            order=order,
            name=name,
            type_name=parent.name,
            definition=definition,
            nodes=nodes,
            fragments=self.fragments,
            path=here,
            resolve=resolve,
            asks=not isinstance(resolve, Attribute),
            arguments=arguments,
            known=arguments.known,
            guard=guard,
            completes=self._column(cast("Any", definition).type, nodes, f"{parent.name}.{name}", here),
            plain=_plain(resolve, cast("Any", definition).type) if guard is None else None,
        )

    def _column(self, type_: Any, nodes: list[FieldNode], coordinates: str, path: tuple[str, ...]) -> Column:
        nullable = not isinstance(type_, GraphQLNonNull)
        if isinstance(type_, GraphQLNonNull):
            type_ = cast("Any", type_).of_type
        if isinstance(type_, GraphQLList):
            items = self._column(cast("Any", type_).of_type, nodes, coordinates, path)
            return Lists(nodes, coordinates, nullable=nullable, items=items)
        if isinstance(type_, GraphQLScalarType | GraphQLEnumType):
            return Leaves(
                nodes,
                coordinates,
                nullable=nullable,
                serialize=leaves.one(type_),
                serialize_all=leaves.all_of(type_),
            )
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            self.blocks = self.blocks or any(map(loading_may_block, self.schema.get_possible_types(type_)))
            types = {
                possible.name: self._objects(possible, nodes, coordinates, path, nullable=nullable)
                for possible in self.schema.get_possible_types(type_)
            }
            return Abstracts(nodes, coordinates, nullable=nullable, name_of=type_names(type_).name_of, types=types)
        return self._objects(cast("GraphQLObjectType", type_), nodes, coordinates, path, nullable=nullable)

    def _objects(
        self,
        type_: GraphQLObjectType,
        nodes: list[FieldNode],
        coordinates: str,
        path: tuple[str, ...],
        *,
        nullable: bool,
    ) -> Objects:
        below = collect_sub_fields(self.schema, dict(self.fragments), dict(self.switches), type_, nodes)
        fields = self._fields(type_, below, path)
        return Objects(nodes, coordinates, nullable=nullable, fields=fields, guard=type_guard(type_))


def _plain(resolve: Resolver, type_: Any) -> Plain | None:
    """Return what gives the answers of a field at once; None where it is not an attribute that is a scalar."""
    nullable = not isinstance(type_, GraphQLNonNull)
    leaf = type_ if nullable else cast("Any", type_).of_type
    if not isinstance(resolve, Attribute) or not isinstance(leaf, GraphQLScalarType | GraphQLEnumType):
        return None
    read, write = resolve.of, leaves.plainly(leaf, nullable=nullable)

    def plain(parents: Sequence[Any]) -> list[Any] | None:
        try:
            return write(read(parents))
        except Exception:  # noqa: BLE001 - it is told where the values are looked at one by one
            return None

    return plain


def switches_of(operation: OperationDefinitionNode, fragments: Fragments) -> Sequence[str]:
    """Return the names of the variables that decide what is selected: those that directives use."""
    finder = _Switches()
    visit(operation, finder)
    for fragment in fragments.values():
        visit(fragment, finder)
    declared = {definition.variable.name.value for definition in operation.variable_definitions}
    return sorted(finder.names & declared)


class _Switches(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: Any, *_: Any) -> None:
        self.names |= variables_in(node)
