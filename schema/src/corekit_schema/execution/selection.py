"""What a selection set selects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionSetNode,
)

Fragments = Mapping[str, FragmentDefinitionNode]


def fields_of(selections: SelectionSetNode | None, fragments: Fragments) -> Iterator[FieldNode]:
    """Yield the fields of a selection set, those of its fragments included, whatever type they are on.

    Each fragment is looked at once, so that fragments that name each other over and over cost no more.
    """
    seen: set[str] = set()
    pending = [selections] if selections is not None else []
    while pending:
        for selection in pending.pop().selections:
            if isinstance(selection, FieldNode):
                yield selection
            elif isinstance(selection, InlineFragmentNode):
                pending.append(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                seen.add(selection.name.value)
                pending.append(fragments[selection.name.value].selection_set)


def selected_names(nodes: Sequence[FieldNode], fragments: Fragments) -> frozenset[str]:
    """Return the dotted names of all fields below the given ones."""
    names: set[str] = set()
    pending = [("", node) for node in nodes]
    while pending:
        above, node = pending.pop()
        for below in fields_of(node.selection_set, fragments):
            name = f"{above}{below.name.value}"
            names.add(name)
            pending.append((f"{name}.", below))
    return frozenset(names)
