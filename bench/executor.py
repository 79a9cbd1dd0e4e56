"""The planned executor: to graphql-core on the same values, and how much of a request finding the plan takes.

Both run the first page of 50 members with tier, points and the last 3 activities, some 1,100 fields, over the assembled
schema. For the comparison every resolver but those that only read an attribute gives what it gave once before: to the
executor for all parents of a level, to graphql-core for one. graphql-core gets a parsed and validated document, and is
spared the policies; the executor gets the text. Both write scalars themselves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from operator import attrgetter, itemgetter
from typing import Any, cast

import graphql
from attrs import frozen
from graphql import GraphQLObjectType, GraphQLSchema

from bench import page
from bench.compare import Way, enough, ratios, timed
from bench.servers import Servers
from bench.world import World
from corekit import Kit
from corekit_schema import Context, Viewer, assemble_for
from corekit_schema.execution.executor import Executor
from corekit_schema.execution.resolvers import KEY, Attribute, Resolution

PURCHASES = 3
_execute: Any = cast("Any", graphql).execute  # whose types say that it may be awaitable


def measure(servers: Servers) -> list[float]:
    """Return how many times as long graphql-core takes as the planned executor, per round."""
    world = World.new(servers.empty("sqlite", "executor"), members=page.MEMBERS, purchases=PURCHASES)
    planned, one_by_one = both(world.kit)
    ways = _repeated(planned), _repeated(one_by_one)
    found = ratios(*ways, starts=(100, 10))
    _close(servers, world)
    return found


def measure_replan(servers: Servers) -> list[float]:
    """Return which part of a request's time on the processor it takes to find its document, plan and cost, per round.

    A request is what happens between the text and the bytes of the answer, without HTTP, on PostgreSQL; the time that
    the database takes does not count.
    """
    world = World.new(servers.empty("postgresql", "replan"), members=page.MEMBERS, purchases=PURCHASES)
    schema, viewer = assemble_for(world.kit), page.staff(world.kit)
    executor = Executor(schema.graphql)
    context = Context(world.kit, viewer, schema.nodes)

    def find() -> None:
        executor.operation(page.TEXT)
        executor.ready(page.TEXT, context, variables=page.VARIABLES)

    ways = _on_processor(page.answering(world.kit)), _on_processor(find)
    numbers = enough(ways[0], 10), enough(ways[1], 1000)
    found = ratios(*ways, numbers=numbers)
    _close(servers, world)
    return found


def both(kit: Kit) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Return what answers the operation by the executor, and by graphql-core, on the values of a run over a kit."""
    viewer = page.staff(kit)
    outputs = _recorded(kit, viewer)
    planned, one_by_one = assemble_for(kit).graphql, assemble_for(kit).graphql
    for output in outputs:
        output.replay(planned, one_by_one)
    executor, document = Executor(planned), graphql.parse(page.TEXT)
    if graphql.validate(one_by_one, document):
        raise RuntimeError("the operation is not valid")

    def ours() -> Any:
        return executor.execute(page.TEXT, Context(kit, viewer), variables=page.VARIABLES).data

    def theirs() -> Any:
        return _execute(one_by_one, document, None, None, page.VARIABLES).data

    if ours() != theirs():
        raise RuntimeError("the two do not answer the same")
    return ours, theirs


@frozen
class _Output:
    """What the resolver of a field gave for the parents of its level."""

    type_name: str
    name: str
    resolution: Resolution
    parents: Sequence[Any]
    values: Sequence[Any]

    def replay(self, planned: GraphQLSchema, one_by_one: GraphQLSchema) -> None:
        """Let a field of both schemas give it again."""
        own, theirs = (cast("GraphQLObjectType", it.type_map[self.type_name]) for it in (planned, one_by_one))
        resolve = self.resolution.resolve
        read: Callable[[Any], Any]
        if isinstance(resolve, Attribute):
            read = itemgetter(resolve.name) if isinstance(self.parents[0], dict) else attrgetter(resolve.name)
        else:
            own.fields[self.name].extensions = {KEY: Resolution(self._all, self.resolution.guard, self.resolution.cost)}
            read = self._one_each()

        def one(parent: Any, _info: Any, **_: Any) -> Any:
            return read(parent)

        theirs.fields[self.name].resolve = one

    def _all(self, _parents: Sequence[Any], _info: Any, **_: Any) -> Sequence[Any]:
        return self.values

    def _one_each(self) -> Callable[[Any], Any]:
        of = {id(parent): value for parent, value in zip(self.parents, self.values, strict=True)}
        return lambda parent: of[id(parent)]


def _recorded(kit: Kit, viewer: Viewer) -> list[_Output]:
    """Run the operation, and return what each resolver gave; the values live on in there."""
    schema = assemble_for(kit)
    outputs: list[_Output] = []

    def recording(type_name: str, name: str, resolution: Resolution) -> Resolution:
        def resolve(parents: Sequence[Any], info: Any, **arguments: Any) -> Sequence[Any]:
            values = resolution.resolve(parents, info, **arguments)
            outputs.append(_Output(type_name, name, resolution, parents, values))
            return values

        return Resolution(resolve, resolution.guard, resolution.cost)

    for type_ in schema.graphql.type_map.values():
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            for name, field in type_.fields.items():
                field.extensions = {KEY: recording(type_.name, name, field.extensions[KEY])}
    with Context(kit, viewer, schema.nodes) as context:
        answer = Executor(schema.graphql).execute(page.TEXT, context, variables=page.VARIABLES)
    if answer.errors:
        raise RuntimeError(answer.errors)
    return outputs


def _repeated(once: Callable[[], object]) -> Way:
    def prepare(number: int) -> Callable[[], object]:
        def run() -> None:
            for _ in range(number):
                once()

        return run

    return timed(prepare)


def _on_processor(once: Callable[[], object]) -> Way:
    def way(number: int) -> float:
        began = time.thread_time()
        for _ in range(number):
            once()
        return time.thread_time() - began

    return way


def _close(servers: Servers, world: World) -> None:
    world.kit.close()
    servers.drop(world.url)
