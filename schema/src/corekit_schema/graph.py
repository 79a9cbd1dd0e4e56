"""What a plugin adds to the GraphQL schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

A_MEMBER = "<member>"
"""Stands in the variables of an example for the id of a member: GraphiQL puts in one that the viewer may see."""


@frozen(kw_only=True)
class Example:
    """An operation to begin with, which GraphiQL lists under the name of whoever brings it.

    ``text`` is one operation with a name of its own, ``variables`` what it is asked with. ``en`` and ``zh`` say in
    English and in Simplified Chinese what it is good for.
    """

    en: str
    zh: str
    text: str
    variables: Mapping[str, Any] = field(factory=dict[str, Any])


@frozen
class Graph:
    """Types and fields that one plugin brings.

    ``extends`` maps a type of somebody else (``Member``, ``Query``, ``Mutation``, ...) to an ``Object`` whose fields
    and resolvers join it. ``types`` lists what no field reaches by itself, such as implementations of an interface.
    ``examples`` are operations that show them. Names of types, of fields added to somebody else's type, and of the
    examples' operations begin with exactly the plugin's name.

    ``blocking`` says that the plugin's resolvers, or its ``corekit_viewer``, may wait for something else than what they
    read through a reader, or hold a lock while they read. What asks for them is then answered in a thread of its own,
    where it holds up nobody else. Say False where they do not: that is quicker.
    """

    extends: Mapping[type, type] = field(factory=dict[type, type])
    types: tuple[type, ...] = ()
    examples: tuple[Example, ...] = ()
    blocking: bool = True
