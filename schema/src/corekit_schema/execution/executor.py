"""Runs operations: finds the document and the plan, asks the policies of the root fields, computes the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import graphql
from attrs import frozen
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    get_variable_values,
)
from graphql.execution.collect_fields import collect_fields

from corekit_schema.context import Context
from corekit_schema.execution.documents import Document, Remembered, read_document
from corekit_schema.execution.limits import Limits
from corekit_schema.execution.places import Places
from corekit_schema.execution.planner import NotPlanned, Plan, Planner, switches_of
from corekit_schema.execution.resolvers import field_guard
from corekit_schema.execution.run import FAILED, Run
from corekit_schema.policies import denial

_execute: Any = cast("Any", graphql).execute  # whose types say that it may be awaitable, which ours never are


@frozen(eq=False)
class Answer:
    """What came out: ``data`` (None where nothing ran or null came up to the root) and errors.

    ``ran`` says whether the operation was executed, so that errors belong to fields.
    """

    data: dict[str, Any] | None
    errors: tuple[GraphQLError, ...] = ()
    ran: bool = True


@frozen(eq=False)
class _Operation:
    """An operation of a document, and the names of the variables that decide what it selects."""

    document: Document
    node: OperationDefinitionNode
    switches: tuple[str, ...]


class Executor:
    """Executes operations over an assembled schema. Threads may share it."""

    def __init__(self, schema: GraphQLSchema, limits: Limits | None = None) -> None:
        self.schema = schema
        self.limits = limits or Limits()
        self._documents = Remembered(self._read, self.limits.documents)
        self._operations = Remembered(self._find, self.limits.documents)
        self._plans = Remembered(self._plan, self.limits.plans)

    def operation(self, text: str, name: str | None = None) -> OperationDefinitionNode | None:
        """Return the operation that would run, or None where none could."""
        found = self._operations((text, name))
        return found.node if isinstance(found, _Operation) else None

    def execute(
        self, text: str, context: Context, *, variables: Mapping[str, Any] | None = None, name: str | None = None
    ) -> Answer:
        """Execute an operation; what is wrong is in the answer."""
        found = self._operations((text, name))
        if not isinstance(found, _Operation):
            return Answer(None, found, ran=False)
        operation = found.node
        values = get_variable_values(
            self.schema, operation.variable_definitions, dict(variables or {}), max_errors=self.limits.errors
        )
        if isinstance(values, list):
            return Answer(None, tuple(_bad_input(error) for error in values), ran=False)
        try:
            denials = self._denied(found, values, context)
            if denials:
                return Answer(None, denials)
            plan = self._plans((text, name, tuple((key, values.get(key)) for key in found.switches)))
        except GraphQLError as error:
            return Answer(None, (error,))
        if plan is None:
            return self._by_reference(found.document.node, context, variables, name)
        return self._by_plan(plan, operation, values, context)

    # Remembered

    def _read(self, text: str) -> Document:
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
        return _Operation(document, node, tuple(switches_of(node, document.fragments)))

    def _plan(self, key: tuple[str, str | None, tuple[tuple[str, Any], ...]]) -> Plan | None:
        text, name, switches = key
        found = self._operations((text, name))
        assert isinstance(found, _Operation)
        planner = Planner(self.schema, found.document.fragments, dict(switches), self.limits.fields)
        try:
            return planner.plan(found.node)
        except NotPlanned:
            return None

    # Policies of root fields, before anything runs

    def _denied(self, found: _Operation, values: dict[str, Any], context: Context) -> tuple[GraphQLError, ...]:
        root = self.schema.get_root_type(found.node.operation)
        if root is None:
            return ()
        errors: list[GraphQLError] = []
        selected = collect_fields(self.schema, dict(found.document.fragments), values, root, found.node.selection_set)
        for key, nodes in selected.items():
            definition = root.fields.get(nodes[0].name.value)
            guard = field_guard(definition) if definition is not None else None
            if guard is not None and guard.policy.verdict(context.viewer) == "no":
                error = denial(context.viewer)
                errors.append(GraphQLError(error.message, nodes, path=[key], extensions=error.extensions))
        return tuple(errors)

    # Two ways to run

    def _by_plan(
        self, plan: Plan, operation: OperationDefinitionNode, values: dict[str, Any], context: Context
    ) -> Answer:
        run = Run(context, values)
        data: dict[str, Any] = {}
        root = Places()
        for field in plan.fields:
            if operation.operation is OperationType.MUTATION:
                context.refresh()
            answer = field.column([None], root, run)[0]
            if answer is FAILED:
                return Answer(None, tuple(run.failures.errors()))
            data[field.key] = answer
        return Answer(data, tuple(run.failures.errors()))

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


def _bad_input(error: GraphQLError) -> GraphQLError:
    error.extensions = {"code": "BAD_USER_INPUT", **(error.extensions or {})}
    return error
