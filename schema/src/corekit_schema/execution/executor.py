"""Runs operations: finds the document and the plan, asks the policies of the root fields, computes the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import graphql
from attrs import define, frozen
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
)
from graphql.execution.collect_fields import collect_fields

from corekit.db.waiting import blocking
from corekit_schema.context import Context, Interrupted
from corekit_schema.execution.cost import Cost, cost_of
from corekit_schema.execution.documents import Document, Remembered, Remembering, read_document
from corekit_schema.execution.extent import TooMuch
from corekit_schema.execution.limits import Introspection, Limits
from corekit_schema.execution.places import Places
from corekit_schema.execution.planner import NotPlanned, Plan, Planner, switches_of
from corekit_schema.execution.resolvers import field_guard
from corekit_schema.execution.run import FAILED, Run
from corekit_schema.execution.selection import fields_of
from corekit_schema.execution.together import Together
from corekit_schema.execution.variables import Variables
from corekit_schema.policies import Policy, denial
from corekit_schema.viewer import Viewer

_META = {"__schema", "__type"}
_execute: Any = cast("Any", graphql).execute  # whose types say that it may be awaitable, which ours never are


@frozen(eq=False)
class Answer:
    """What came out: ``data`` (None where nothing ran or null came up to the root) and errors.

    ``ran`` says whether the operation was executed, so that errors belong to fields; ``cost`` what it cost, where that
    is known.
    """

    data: dict[str, Any] | None
    errors: tuple[GraphQLError, ...] = ()
    ran: bool = True
    cost: int | None = None


MISFITS = 13
"""Times in a row after which one that is light and does not fit rests no longer than before: 4,096 times."""
LIGHT = 1_000
"""Units of cost from which on a query is not light any more: some 2 ms of the processor."""


@define(eq=False)
class _Operation:
    """An operation of a document, and the names of the variables that decide what it selects.

    ``is_light`` says of the last time that it was asked whether its resolvers never block and it cost little;
    ``misfits`` how often in a row it blocked or held up others all the same, and ``rests`` for how many times more it
    is not tried because of that.
    """

    document: Document
    node: OperationDefinitionNode
    variables: Variables
    switches: tuple[str, ...]
    introspects: bool
    is_light: bool = False
    misfits: int = 0
    rests: int = 0


@frozen(eq=False)
class _Guarded:
    """A root field as it is selected, and its policy."""

    key: str
    nodes: Sequence[FieldNode]
    policy: Policy

    def denied(self, viewer: Viewer) -> GraphQLError:
        """Return the error that says no."""
        error = denial(viewer)
        return GraphQLError(error.message, self.nodes, path=[self.key], extensions=error.extensions)


_Chosen = tuple[str, str | None, tuple[tuple[str, Any], ...]]
"""An operation: its document, its name, and the values of what decides what it selects."""


@frozen(eq=False)
class _Planned:
    plan: Plan
    cost: Cost


@frozen(eq=False)
class Ready:
    """An operation that may run with these values of its variables; without a plan, graphql-core runs it."""

    operation: _Operation
    values: dict[str, Any]
    plan: Plan | None
    cost: int


class Executor:
    """Executes operations over an assembled schema. Threads may share it."""

    def __init__(
        self, schema: GraphQLSchema, limits: Limits | None = None, *, introspection: Introspection = "public"
    ) -> None:
        self.schema = schema
        self.limits = limits or Limits()
        self.introspection = introspection
        self._documents = Remembered(self._read, self.limits.documents)
        self._operations = Remembered(self._find, self.limits.documents)
        self._guarded = Remembered(self._find_guarded, self.limits.plans)
        self._plans = Remembered(self._plan, self.limits.plans)

    def remembering(self) -> dict[str, Remembering]:
        """Say how well documents, operations of them and plans are remembered."""
        return {
            "documents": self._documents.look(),
            "operations": self._operations.look(),
            "plans": self._plans.look(),
        }

    def operation(self, text: str, name: str | None = None) -> OperationDefinitionNode | None:
        """Return the operation that would run, or None where none could."""
        found = self._operations((text, name))
        return found.node if isinstance(found, _Operation) else None

    def is_light(self, text: str, name: str | None = None) -> bool:
        """Say whether an operation may be answered on the thread of an event loop, as far as is known.

        It is a query that was asked before, whose resolvers do not block, and which cost little the last time. Where
        that is not so this time, it is left by :class:`corekit.db.waiting.Blocks` before anything runs.
        """
        found = self._operations.get((text, name))
        if not isinstance(found, _Operation) or not found.is_light:
            return False
        if found.rests:
            found.rests -= 1
            return False
        return True

    def noted(self, text: str, name: str | None = None, *, fits: bool) -> None:
        """Note whether an operation that was called light fitted there: it neither blocked nor held up others.

        One that did not is not called light the next time, and twice as many times whenever it does so again in a row;
        one that cost too much this time is no such.
        """
        found = self._operations.get((text, name))
        if isinstance(found, _Operation) and found.is_light:
            found.misfits = 0 if fits else min(found.misfits + 1, MISFITS)
            found.rests = 0 if fits else 2 ** (found.misfits - 1)

    def may_introspect(self, viewer: Viewer) -> bool:
        """Say whether somebody may see the schema."""
        return self.introspection == "public" or (self.introspection == "authenticated" and viewer.kind != "anonymous")

    def execute(
        self,
        text: str,
        context: Context,
        *,
        variables: Mapping[str, Any] | None = None,
        name: str | None = None,
        pay: Callable[[int], object] | None = None,
    ) -> Answer:
        """Execute an operation; what is wrong is in the answer.

        ``pay`` is given the cost before anything runs; what it raises as a GraphQLError is the answer.
        """
        ready = self.ready(text, context, variables=variables, name=name, pay=pay)
        if isinstance(ready, Answer):
            return ready
        if ready.plan is None:
            return self._by_reference(ready.operation.document.node, context, variables, name)
        return self._by_plan(ready, ready.plan, context)

    def ready(
        self,
        text: str,
        context: Context,
        *,
        variables: Mapping[str, Any] | None = None,
        name: str | None = None,
        pay: Callable[[int], object] | None = None,
    ) -> Ready | Answer:
        """Return an operation that may run, found, planned and paid; or the answer that says why it may not."""
        found = self._operations((text, name))
        if not isinstance(found, _Operation):
            return Answer(None, found, ran=False)
        operation = found.node
        values = found.variables.read(variables or {}, self.limits.errors)
        if isinstance(values, list):
            return Answer(None, tuple(_bad_input(error) for error in values), ran=False)
        chosen = (text, name, tuple((key, values.get(key)) for key in found.switches))
        try:
            denials = self._denied(found, chosen, context.viewer)
            if denials:
                return Answer(None, denials)
            planned = self._plans(chosen)
            cost = self._cost(planned, operation, values)
            found.is_light = _is_light(operation, planned, cost)
            if not found.is_light:
                blocking()
            if pay is not None:
                pay(cost)
        except GraphQLError as error:
            return Answer(None, (error,))
        return Ready(found, values, planned.plan if planned is not None else None, cost)

    def _cost(self, planned: _Planned | None, operation: OperationDefinitionNode, values: dict[str, Any]) -> int:
        """Return the cost of an operation; it costs 1 to look at the schema."""
        cost = planned.cost.of(values) if planned is not None else 1
        if cost > self.limits.cost:
            message = f"This costs {cost} units, and one operation may cost {self.limits.cost}; ask for less at once."
            raise TooMuch("TOO_COSTLY", message, operation, cost=cost, limit=self.limits.cost)
        return cost

    # Remembered

    def _read(self, text: str) -> Document:
        blocking()  # for a long document it takes a while
        return read_document(self.schema, text, self.limits)

    def _find(self, key: tuple[str, str | None]) -> _Operation | tuple[GraphQLError, ...]:
        text, name = key
        document = self._documents(text)
        if document.errors:
            return document.errors
        try:
            node = document.operation(name)
        except GraphQLError as error:
            return (error,)
        asked = {field.name.value for field in fields_of(node.selection_set, document.fragments)}
        switches = tuple(switches_of(node, document.fragments))
        introspects = not asked.isdisjoint(_META)
        return _Operation(document, node, Variables(self.schema, node), switches, introspects)

    def _plan(self, chosen: _Chosen) -> _Planned | None:
        blocking()
        text, name, switches = chosen
        found = self._operations((text, name))
        assert isinstance(found, _Operation)
        planner = Planner(self.schema, found.document.fragments, dict(switches), self.limits.fields)
        try:
            plan = planner.plan(found.node)
        except NotPlanned:
            return None
        return _Planned(plan, cost_of(plan.fields, page=self.limits.page))

    # Policies of root fields, before anything runs

    def _denied(self, found: _Operation, chosen: _Chosen, viewer: Viewer) -> tuple[GraphQLError, ...]:
        if found.introspects and not self.may_introspect(viewer):
            return (denial(viewer),)
        return tuple(each.denied(viewer) for each in self._guarded(chosen) if each.policy.verdict(viewer) == "no")

    def _find_guarded(self, chosen: _Chosen) -> tuple[_Guarded, ...]:
        text, name, switches = chosen
        found = self._operations((text, name))
        assert isinstance(found, _Operation)
        root = self.schema.get_root_type(found.node.operation)
        if root is None:
            return ()
        fragments = dict(found.document.fragments)
        selected = collect_fields(self.schema, fragments, dict(switches), root, found.node.selection_set)
        guarded: list[_Guarded] = []
        for key, nodes in selected.items():
            definition = root.fields.get(nodes[0].name.value)
            guard = field_guard(definition) if definition is not None else None
            if guard is not None:
                guarded.append(_Guarded(key, nodes, guard.policy))
        return tuple(guarded)

    # Two ways to run

    def _by_plan(self, ready: Ready, plan: Plan, context: Context) -> Answer:
        run = Run(context, ready.values)
        context.run_in(Together())
        mutates = ready.operation.node.operation is OperationType.MUTATION
        data: dict[str, Any] = {}
        root = Places()
        try:
            for step in plan.steps:
                if mutates:
                    context.refresh()
                for field, (answer,) in zip(step.fields, step.columns([None], root, run), strict=True):
                    if answer is FAILED:
                        return Answer(None, tuple(run.failures.errors()), cost=ready.cost)
                    data[field.key] = answer
        except Interrupted as error:
            return Answer(None, (error,), cost=ready.cost)
        return Answer(data, tuple(run.failures.errors()), cost=ready.cost)

    def _by_reference(
        self,
        document: DocumentNode | None,
        context: Context,
        variables: Mapping[str, Any] | None,
        name: str | None,
    ) -> Answer:
        assert document is not None
        result: Any = _execute(
            self.schema, document, None, context, variable_values=dict(variables or {}), operation_name=name
        )
        return Answer(result.data, tuple(result.errors or ()))


def _is_light(operation: OperationDefinitionNode, planned: _Planned | None, cost: int) -> bool:
    is_query = operation.operation is OperationType.QUERY
    return is_query and planned is not None and not planned.plan.blocks and cost < LIGHT


def _bad_input(error: GraphQLError) -> GraphQLError:
    error.extensions = {"code": "BAD_USER_INPUT", **(error.extensions or {})}
    return error
