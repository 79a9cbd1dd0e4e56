"""Writes scalars and enums, a column at a time: what is of the right Python class needs no writing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import NoneType
from typing import Any, cast

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLID,
    GraphQLInt,
    GraphQLNamedType,
    GraphQLScalarType,
    GraphQLString,
    Undefined,
)
from graphql.pyutils import inspect

from corekit_schema.execution.classes import Classes, are_there, classes_of

Serialize = Callable[[Any], Any]
WriteAll = Callable[[Sequence[Any]], list[Any]]
SerializeAll = Callable[[Sequence[Any], Classes], list[Any]]
"""Writes a column of values, given their classes."""

_MOST, _LEAST = 2**31 - 1, -(2**31)
"""The bounds of GraphQL's ``Int``."""
_NOTHING = (NoneType, type(Undefined))
"""What a scalar may not be written as."""


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
    serialize, write_all = one(leaf), _write_all(leaf)
    as_they_are = _as_they_are(leaf, nullable=True)

    def serialize_all(values: Sequence[Any], classes: Classes) -> list[Any]:
        if classes <= as_they_are:
            return list(values)
        if not are_there(classes - {NoneType}):
            return [serialize(value) for value in values]
        there = [value for value in values if value is not None] if NoneType in classes else values
        written = write_all(there)
        if len(written) != len(there) or not classes_of(written).isdisjoint(_NOTHING):
            return [serialize(value) for value in values]
        if there is values:
            return written
        following = iter(written)
        return [None if value is None else next(following) for value in values]

    return serialize_all


def plainly(leaf: GraphQLScalarType | GraphQLEnumType, *, nullable: bool) -> Callable[[list[Any]], list[Any] | None]:
    """Return what writes a column in which all is right; of any other it returns None, or raises.

    Most columns are of this kind. Who gets None looks at the values one by one.
    """
    write_all = _write_all(leaf)
    as_they_are = _as_they_are(leaf, nullable=nullable)

    def write(values: list[Any]) -> list[Any] | None:
        classes = classes_of(values)
        if classes <= as_they_are:
            return values
        if not are_there(classes):
            return None
        written = write_all(values)
        is_right = len(written) == len(values) and classes_of(written).isdisjoint(_NOTHING)
        return written if is_right else None

    return write


def _write_all(leaf: GraphQLScalarType | GraphQLEnumType) -> WriteAll:
    """Return what writes a column without None and exceptions: the scalar's own ``serialize_all`` where it has one."""
    if leaf is GraphQLInt:
        return _numbers
    own: WriteAll | None = getattr(getattr(leaf, "graphene_type", None), "serialize_all", None)
    if own is not None:
        return own
    write = leaf.serialize
    return lambda values: list(map(write, values))


def _numbers(values: Sequence[Any]) -> list[Any]:
    if classes_of(values) == {int} and min(values) >= _LEAST and max(values) <= _MOST:
        return list(values)
    write: Serialize = cast("Any", GraphQLInt).serialize
    return list(map(write, values))


def _as_they_are(leaf: GraphQLNamedType, *, nullable: bool) -> Classes:
    """Return the classes whose values need no writing."""
    classes = _AS_THEY_ARE.get(leaf, set[type]())
    return {*classes, NoneType} if nullable else classes


_AS_THEY_ARE: Mapping[GraphQLNamedType, Classes] = {GraphQLString: {str}, GraphQLID: {str}, GraphQLBoolean: {bool}}
"""What needs no writing of the scalars of the specification."""
