"""The assembled schema: build it once, when a server starts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from attrs import frozen
from graphql import (
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    lexicographic_sort_schema,
    print_schema,
)

from corekit.errors import PluginError
from corekit_schema.assembly.checks import problems_of
from corekit_schema.assembly.examples import OwnedExample, examples_of
from corekit_schema.assembly.owners import CORE, Owners
from corekit_schema.assembly.typemap import OwnedTypeMap
from corekit_schema.core import Mutation, Query
from corekit_schema.core.examples import EXAMPLES
from corekit_schema.execution.resolvers import type_names
from corekit_schema.fields import about
from corekit_schema.graph import Example, Graph
from corekit_schema.inputs import ERRORS
from corekit_schema.nodes import Node, NodeLoader
from corekit_schema.policies import Policy
from corekit_schema.viewer import permissions_of

if TYPE_CHECKING:
    from corekit import Kit


class SchemaConflict(PluginError):
    """The types and fields of the core and the plugins do not fit together; the message lists every problem."""

    def __init__(self, problems: Collection[str], way: str = "") -> None:
        count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
        message = f"the GraphQL schema cannot be assembled, {count}: {'; '.join(problems)}{way}"
        super().__init__(message, code="SCHEMA_CONFLICT")
        self.problems = tuple(problems)


@frozen(eq=False)
class AssembledSchema:
    """A schema with the owner of each type and field, each field's policy, and what loads the nodes of each type.

    ``examples`` are operations to begin with: those of the core, and those of the plugins in their order.
    ``nonblocking`` are the plugins that say of themselves that they do not block.
    """

    graphql: GraphQLSchema
    types: Mapping[str, str]
    fields: Mapping[tuple[str, str], str]
    policies: Mapping[tuple[str, str], Policy | None]
    nodes: Mapping[str, NodeLoader]
    examples: tuple[OwnedExample, ...]
    nonblocking: frozenset[str] = frozenset()

    def sdl(self) -> str:
        """Return the schema in GraphQL's schema language; the same types and fields always give the same text."""
        return print_schema(lexicographic_sort_schema(self.graphql)) + "\n"


def assemble(
    graphs: Mapping[str, Graph],
    *,
    query: type,
    mutation: type,
    permissions: Collection[str],
    codes: Mapping[str, str],
    examples: Sequence[Example] = (),
    labels: Mapping[str, str] | None = None,
) -> AssembledSchema:
    """Build one schema of root types and what each plugin brings, by the plugin's name, in the plugins' order.

    ``codes`` are the error codes with their sentences, ``permissions`` those that policies may ask for, ``examples``
    those of the root types, ``labels`` how errors name the plugins. Raises :class:`SchemaConflict` with all problems at
    once.
    """
    owners = Owners(graphs, labels or {})
    for owner, graph in cast("Mapping[str, object]", graphs).items():
        if not isinstance(graph, Graph):
            owners.problem(owner, f"{owner} returns {graph!r} from corekit_graph, which is no Graph")
    if owners.problems:
        raise SchemaConflict(owners.problems, owners.way)
    try:
        map_ = OwnedTypeMap(owners, codes, query, mutation)
        schema = GraphQLSchema(map_.query, map_.mutation, types=map_.types)
    except (AssertionError, AttributeError, GraphQLError, TypeError) as error:
        # A type that graphene or graphql-core cannot build; they say which.
        raise SchemaConflict([*owners.problems, " ".join(str(error).split())], owners.way) from error
    nodes = _list_nodes(schema, map_)
    problems = problems_of(schema, map_, permissions)
    if problems:
        raise SchemaConflict(problems, owners.way)
    shown = examples_of(schema, {CORE: examples, **{owner: graph.examples for owner, graph in graphs.items()}})
    if shown.problems:
        for owner, _ in shown.problems:
            owners.blame(owner)
        raise SchemaConflict([message for _, message in shown.problems], owners.way)
    nonblocking = frozenset(owner for owner, graph in graphs.items() if not graph.blocking)
    return AssembledSchema(schema, owners.types, owners.fields, map_.policies, nodes, shown.listed, nonblocking)


def assemble_for(kit: Kit) -> AssembledSchema:
    """Build the schema of a kit: the core's types, and the graphs of its plugins."""
    texts = [*kit.declared.errors.values(), *ERRORS]
    return assemble(
        dict(kit.hooks.each("corekit_graph")),
        query=Query,
        mutation=Mutation,
        permissions=permissions_of(kit),
        codes={text.code: text.en for text in texts},
        examples=EXAMPLES,
        labels={plugin.name: plugin.label for plugin in kit.plugins},
    )


def _list_nodes(schema: GraphQLSchema, map_: OwnedTypeMap) -> dict[str, NodeLoader]:
    """Teach each interface the classes of its types' values, and return what loads the nodes of each type."""
    loaders: dict[str, NodeLoader] = {}
    for interface in schema.type_map.values():
        if not isinstance(interface, GraphQLInterfaceType) or interface.name.startswith("__"):
            continue
        names = type_names(interface).names
        for type_ in schema.get_possible_types(interface):
            graphene_type = _graphene_type(type_)
            owner = map_.owners.types.get(type_.name, CORE)
            classes: tuple[type, ...] = about(graphene_type).possible_types or ()
            if not classes:
                map_.owners.problem(
                    owner, f"type {type_.name} of {owner} is a {interface.name} and must list its possible_types"
                )
            for cls in classes:
                first = names.setdefault(cls, type_.name)
                if first != type_.name:
                    map_.owners.problem(owner, f"values of {cls.__name__} cannot be both {first} and {type_.name}")
            if interface.name == about(Node).name:
                loader = getattr(graphene_type, "load_nodes", None)
                if loader is None:
                    map_.owners.problem(
                        owner, f"type {type_.name} of {owner} is a Node and must have load_nodes(ids, info)"
                    )
                else:
                    loaders[type_.name] = loader
    return loaders


def _graphene_type(type_: GraphQLObjectType) -> Any:
    return getattr(type_, "graphene_type")  # noqa: B009 - set by graphene's own subclass
