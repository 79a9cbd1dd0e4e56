"""Documents as clients send them: parsed, validated and limited once, then remembered by their text."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

from attrs import field, frozen
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    parse,
    validate,
)

from corekit_schema.execution.extent import Extent, TooMuch
from corekit_schema.execution.limits import Limits
from corekit_schema.execution.selection import Fragments

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@frozen
class Remembering:
    """How well something is remembered: how often it was found and had to be made, how much of how much is kept."""

    hits: int
    misses: int
    size: int
    most: int


class Remembered(Generic[K, V]):
    """What was made for the keys that were asked for last, at most ``size`` of them. Threads may share it."""

    def __init__(self, make: Callable[[K], V], size: int) -> None:
        self._make = make
        self._size = size
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = Lock()
        self._hits = self._misses = 0

    def __call__(self, key: K) -> V:
        """Return what was made for the key, or make it."""
        with self._lock:
            if key in self._values:
                self._hits += 1
                self._values.move_to_end(key)
                return self._values[key]
            self._misses += 1
        value = self._make(key)
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._size:
                self._values.popitem(last=False)
        return value

    def get(self, key: K) -> V | None:
        """Return what was made for the key, if it is remembered."""
        return self._values.get(key)

    def look(self) -> Remembering:
        """Say how well it remembers."""
        with self._lock:
            return Remembering(self._hits, self._misses, len(self._values), self._size)


@frozen(eq=False)
class Document:
    """A document: its operations and fragments, or what is wrong with it."""

    node: DocumentNode | None
    operations: tuple[OperationDefinitionNode, ...] = ()
    fragments: Fragments = field(factory=dict[str, FragmentDefinitionNode])
    errors: tuple[GraphQLError, ...] = ()

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """Return the operation of that name, or the only one; GraphQLError where there is no such."""
        code = {"code": "OPERATION_RESOLUTION_FAILURE"}
        if name is None:
            if len(self.operations) == 1:
                return self.operations[0]
            if not self.operations:
                raise GraphQLError("Must provide an operation.", extensions=code)
            raise GraphQLError("Must provide operation name if query contains multiple operations.", extensions=code)
        for operation in self.operations:
            if operation.name is not None and operation.name.value == name:
                return operation
        raise GraphQLError(f"Unknown operation named '{name}'.", extensions=code)


def read_document(schema: GraphQLSchema, text: str, limits: Limits) -> Document:
    """Parse and validate a document; what is wrong is in its ``errors``."""
    try:
        node = parse(text, max_tokens=limits.tokens)
    except GraphQLSyntaxError as error:
        return Document(None, errors=(_coded(error, "GRAPHQL_PARSE_FAILED"),))
    operations = tuple(part for part in node.definitions if isinstance(part, OperationDefinitionNode))
    fragments = {part.name.value: part for part in node.definitions if isinstance(part, FragmentDefinitionNode)}
    try:
        for operation in operations:
            Extent(operation, fragments, limits).check()
    except TooMuch as error:
        return Document(node, operations, fragments, (error,))
    errors = validate(schema, node, max_errors=limits.errors)
    if errors:
        coded = tuple(_coded(error, "GRAPHQL_VALIDATION_FAILED") for error in errors)
        return Document(node, operations, fragments, coded)
    return Document(node, operations, fragments)


def _coded(error: GraphQLError, code: str) -> GraphQLError:
    error.extensions = {"code": code, **(error.extensions or {})}
    return error
