"""The extent of an operation, counted before it is validated: comparing fields that repeat is what takes long there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)

from corekit_schema.execution.limits import Limits
from corekit_schema.execution.selection import Fragments


class TooMuch(GraphQLError):
    """An operation has more of something than it may: which, and how much it may, are in ``extensions``."""

    def __init__(self, code: str, message: str, node: Node, **extensions: int | str) -> None:
        super().__init__(message, node, extensions={"code": code, **extensions})


class Extent:
    """Counts one operation, selection by selection as they will be merged; raises :class:`TooMuch`.

    A fragment is counted where it is spread, so one that names others over and over is found too large before it is
    followed to its end. What is not valid is for whoever validates: unknown fragments count nothing, and one that
    leads to itself is soon too deep.
    """

    def __init__(self, operation: OperationDefinitionNode, fragments: Fragments, limits: Limits) -> None:
        self._operation = operation
        self._fragments = fragments
        self._limits = limits
        self._counts: dict[str, int] = {"fields": 0, "aliases": 0, "directives": 0}

    def check(self) -> None:
        """Raise where the operation is too much."""
        operation, limits = self._operation, self._limits
        self._count("directives", len(operation.directives))
        level, depth = [[operation.selection_set]], 0
        while level:
            depth += 1
            if depth > limits.depth:
                message = f"The operation is more than {limits.depth} levels deep."
                raise TooMuch("TOO_DEEP", message, operation, limit=limits.depth)
            places = [self._merged(selection_sets) for selection_sets in level]
            if depth == 1:
                self._check_root(len(places[0]))
            level = [sets for merged in places for nodes in merged.values() if (sets := _below(nodes))]

    def _merged(self, selection_sets: Sequence[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        """Return the fields of one place by their response names."""
        found: dict[str, list[FieldNode]] = {}
        for node in self._selected(selection_sets):
            same = found.setdefault(node.alias.value if node.alias else node.name.value, [])
            same.append(node)
            if len(same) > self._limits.repeats:
                raise self._too_many("repeats", "The operation selects one name more than {} times in one place.")
        return found

    def _selected(self, selection_sets: Sequence[SelectionSetNode]) -> Iterator[FieldNode]:
        seen: set[str] = set()
        pending = list(reversed(selection_sets))
        while pending:
            for selection in pending.pop().selections:
                self._count("directives", len(selection.directives))
                if isinstance(selection, FieldNode):
                    self._count("fields", 1)
                    self._count("aliases", selection.alias is not None)
                    yield selection
                elif isinstance(selection, InlineFragmentNode):
                    pending.append(selection.selection_set)
                elif isinstance(selection, FragmentSpreadNode) and (name := selection.name.value) not in seen:
                    seen.add(name)
                    if (fragment := self._fragments.get(name)) is not None:
                        pending.append(fragment.selection_set)

    def _count(self, what: str, number: int) -> None:
        self._counts[what] += number
        if self._counts[what] > getattr(self._limits, what):
            raise self._too_many(what, f"The operation has more than {{}} {what}.")

    def _check_root(self, number: int) -> None:
        what = "mutations" if self._operation.operation is OperationType.MUTATION else "root_fields"
        if number > getattr(self._limits, what):
            raise self._too_many(what, f"The operation has more than {{}} {what.replace('_', ' ')}.")

    def _too_many(self, what: str, message: str) -> TooMuch:
        limit: int = getattr(self._limits, what)
        return TooMuch("TOO_LARGE", message.format(limit), self._operation, what=what, limit=limit)


def _below(nodes: Sequence[FieldNode]) -> list[SelectionSetNode]:
    return [node.selection_set for node in nodes if node.selection_set is not None]
