"""What a plugin adds to the GraphQL schema."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen


@frozen
class Graph:
    """Types and fields that one plugin brings.

    ``extends`` maps a type of somebody else (``Member``, ``Query``, ``Mutation``, ...) to an ``Object`` whose fields
    and resolvers join it. ``types`` lists what no field reaches by itself, such as implementations of an interface.
    Names of types, and of fields added to somebody else's type, begin with exactly the plugin's name.
    """

    extends: Mapping[type, type] = field(factory=dict[type, type])
    types: tuple[type, ...] = ()
