"""Attempts: each argument, and each field of an input, filled with what is somebody else's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from attrs import frozen
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    is_composite_type,
    is_required_argument,
)

from corekit_attempts.selecting import Selecting
from corekit_schema.execution.resolvers import named

Where = tuple[str, ...]


@frozen
class Theirs:
    """Something of somebody else, and the like of it that is nobody's; None where there is no such thing."""

    value: Any
    unknown: Any = None


@frozen
class Attempt:
    """A question with what is theirs at one place of its arguments, and the same one with what is nobody's."""

    target: str
    where: Where
    document: str
    variables: dict[str, Any]
    control: dict[str, Any] | None

    @property
    def said(self) -> str:
        """All that it tells itself."""
        return json.dumps([self.document, self.variables], ensure_ascii=False)


@frozen
class Target:
    """A field, and the fields that lead to it from the root; ``each`` is its definition."""

    kind: str
    type_name: str
    field: str
    each: Any
    route: Where = ()

    @property
    def name(self) -> str:
        return f"{self.type_name}.{self.field}"

    @classmethod
    def all_of(cls, selecting: Selecting) -> Iterator[Target]:
        """Yield every root field, and of each type to which questions lead what has arguments or is denied."""
        schema = selecting.schema
        for name, each in cast("Any", schema.mutation_type).fields.items():
            yield cls("mutation", "Mutation", name, each)
        for type_name, route in selecting.routes().items():
            type_: Any = schema.type_map[type_name]
            fields: Mapping[str, Any] = {} if isinstance(type_, GraphQLInterfaceType) else type_.fields
            for name, each in fields.items():
                if each.args or type_name == "Query" or f"{type_name}.{name}" in selecting.denied:
                    yield cls("query", type_name, name, each, route)

    def document(self, selecting: Selecting, depth: int) -> str:
        """Ask for all of it, so many levels deep, with each argument in a variable of its name."""
        arguments = self.each.args
        declared = ", ".join(f"${name}: {_nullable(it)}" for name, it in arguments.items())
        given = ", ".join(f"{name}: ${name}" for name in arguments)
        inner = named(self.each.type)
        below = f" {selecting.all_of(inner, depth)}" if is_composite_type(inner) else ""
        text = f"{self.field}{f'({given})' if given else ''}{below}"
        for step in reversed(self.route):
            text = f"{step} {{ {text} }}"
        return f"{self.kind}{f' ({declared})' if declared else ''} {{ {text} }}"

    def required(self, selecting: Selecting) -> dict[str, Any]:
        """Return the arguments that have to be given, with what is one's own."""
        return {name: selecting.own(it.type, name) for name, it in self.each.args.items() if is_required_argument(it)}

    def places(self) -> Iterator[tuple[Where, Any]]:
        """Yield each place at which a value can stand, with its type."""
        for name, argument in self.each.args.items():
            yield from places(argument.type, (name,))

    def attempt(self, selecting: Selecting, document: str, where: Where, it: Theirs) -> Attempt:
        """Put something of theirs in a place."""
        name, *below = where
        type_, required = self.each.args[name].type, self.required(selecting)
        filled, control = (
            {**required, name: fill(selecting, type_, name, tuple(below), value)} for value in (it.value, it.unknown)
        )
        return Attempt(self.name, where, document, filled, control if it.unknown is not None else None)


def _nullable(argument: Any) -> str:
    """Write the type of an argument's variable, which need not be given where there is a default."""
    text = str(argument.type)
    return text if is_required_argument(argument) else text.rstrip("!")


def places(type_: Any, where: Where) -> Iterator[tuple[Where, Any]]:
    """Yield the places inside a type at which a value stands, with its type."""
    while isinstance(type_, GraphQLNonNull | GraphQLList):
        type_ = cast("Any", type_).of_type
    if not isinstance(type_, GraphQLInputObjectType):
        yield where, type_
        return
    for key, each in cast("Mapping[str, Any]", type_.fields).items():
        if len(where) <= len(set(where)):  # not round and round
            yield from places(each.type, (*where, key))


def theirs_of(type_: Any, theirs: Mapping[str, Sequence[Theirs]]) -> Sequence[Theirs]:
    """Return what of theirs fits a type."""
    if isinstance(type_, GraphQLEnumType):
        return [Theirs(name) for name in type_.values]
    return theirs[type_.name]


def fill(selecting: Selecting, type_: Any, name: str, where: Where, value: Any) -> Any:
    """Return an argument with a value at a place, and what is one's own where else something has to stand."""
    if isinstance(type_, GraphQLNonNull):
        return fill(selecting, cast("Any", type_).of_type, name, where, value)
    if isinstance(type_, GraphQLList):
        return [fill(selecting, cast("Any", type_).of_type, name, where, value)]
    if not where:
        return value
    key, *below = where
    inner = type_.fields[key].type
    return {**selecting.own(type_, name), key: fill(selecting, inner, key, tuple(below), value)}
