"""Writes scalars and enums, a column at a time: values of the expected Python class pass by one comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLID,
    GraphQLInt,
    GraphQLScalarType,
    GraphQLString,
    Undefined,
)
from graphql.pyutils import inspect

Serialize = Callable[[Any], Any]
SerializeAll = Callable[[Sequence[Any]], list[Any]]

_MOST, _LEAST = 2**31 - 1, -(2**31)
"""The bounds of GraphQL's ``Int``."""


def one(leaf: GraphQLScalarType | GraphQLEnumType) -> Serialize:
    """Return what writes one value of a leaf type: None stays None, an exception is raised."""
    write = leaf.serialize

    def serialize(value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, Exception):
            raise value
        written = write(value)
        if written is None or written is Undefined:
            wanted = f"`{inspect(leaf)}.serialize({inspect(value)})`"
            raise TypeError(f"Expected {wanted} to return non-nullable value, returned: {inspect(written)}")
        return written

    return serialize


def all_of(leaf: GraphQLScalarType | GraphQLEnumType) -> SerializeAll:
    """Return what writes a whole column of a leaf type, or raises where one value cannot be written."""
    other = one(leaf)
    if leaf in {GraphQLString, GraphQLID}:
        return lambda values: [value if value.__class__ is str else other(value) for value in values]
    if leaf is GraphQLInt:
        return lambda values: [
            value if value.__class__ is int and _LEAST <= value <= _MOST else other(value) for value in values
        ]
    if leaf is GraphQLBoolean:
        return lambda values: [value if value.__class__ is bool else other(value) for value in values]
    return lambda values: [other(value) for value in values]
