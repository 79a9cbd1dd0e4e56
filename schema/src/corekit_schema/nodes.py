"""Objects that clients can ask for again by id (Relay's ``Node``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import graphene

from corekit_schema.context import Info
from corekit_schema.fields import Field, Interface
from corekit_schema.ids import global_ids, read_global_id

NodeLoader = Callable[[Sequence[str], Info], Sequence[Any]]
"""Given identifiers, returns the object of each, or None; a batch, like a resolver."""


class Node(Interface):
    """Something with an id of its own, by which it can be asked for again.

    A type of this interface has a policy, lists its ``possible_types``, reads its identifier from the attribute ``id``
    of its values, and has a static method ``load_nodes(identifiers, info)`` that returns the value of each, or None.
    """

    id = Field(graphene.ID, required=True, description="Names the object for ever; opaque.", reads=("id",))

    @staticmethod
    def resolve_id(parents: Sequence[Any], info: Info) -> list[str]:
        """Return the global id of each."""
        return global_ids(info.type_name, map(attrgetter("id"), parents))


def load_nodes(ids: Sequence[str], info: Info) -> list[Any]:
    """Return the object behind each global id, or None; those of one type are loaded together."""
    found: list[Any] = [None] * len(ids)
    groups: dict[str, dict[str, list[int]]] = {}
    for row, text in enumerate(ids):
        type_name, identifier = read_global_id(text) or ("", "")
        if type_name in info.context.nodes:
            groups.setdefault(type_name, {}).setdefault(identifier, []).append(row)
    for type_name, wanted in groups.items():
        values = info.context.nodes[type_name](list(wanted), info)
        for rows, value in zip(wanted.values(), values, strict=True):
            for row in rows:
                found[row] = value
    return found
