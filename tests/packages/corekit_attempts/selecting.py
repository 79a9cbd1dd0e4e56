"""Selects all that a schema has of a type, so many levels deep, and finds a way to each type from the root."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

from attrs import field, frozen
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    is_composite_type,
    is_required_argument,
    is_required_input_field,
)

from corekit_schema import Viewer
from corekit_schema.execution.resolvers import field_guard, named

OWN_TEXTS = {"kind": "points", "account": "points", "ladder": "status", "tier": "silver", "metric": "spend"}
"""Texts that mean something, by the name of the argument."""
_VALUES: Mapping[str, Any] = {
    "Int": 5,
    "Boolean": True,
    "Digits": "1",
    "JSON": {},
    "DateTime": "2026-01-15T12:30:00+00:00",
    "Float": 1.5,
}


def _fields_of(type_: Any) -> Iterable[tuple[str, Any]]:
    return type_.fields.items() if isinstance(type_, GraphQLObjectType) else ()


@frozen
class Selecting:
    """Selections over a schema, whose arguments name ``member`` and ``activity`` (their global ids).

    Fields that a member is ``denied`` whosever they are, such as ``Member.changes``, are left out of what is above
    them: since their error takes along whatever may not be null, nothing would be seen at all.
    """

    schema: GraphQLSchema
    member: str
    activity: str
    denied: frozenset[str] = field(init=False)
    _routes: dict[str, tuple[str, ...]] = field(factory=dict[str, tuple[str, ...]])

    def __attrs_post_init__(self) -> None:
        viewer = Viewer(kind="member", member="somebody")
        fields = ((type_, name, each) for type_ in self.schema.type_map.values() for name, each in _fields_of(type_))
        guards = ((f"{type_.name}.{name}", field_guard(each)) for type_, name, each in fields)
        denied = frozenset(name for name, guard in guards if guard and guard.policy.verdict(viewer) == "no")
        object.__setattr__(self, "denied", denied)

    def all_of(self, type_: Any, depth: int) -> str:
        """Select every field of a type, and of what hangs on it down to a depth."""
        if isinstance(type_, GraphQLInterfaceType):
            parts = [self._on(each, depth) for each in self.schema.get_possible_types(type_)]
            return f"{{ __typename {' '.join(parts)} }}"
        return f"{{ __typename {' '.join(self._fields(type_, depth).values())} }}"

    def _on(self, type_: Any, depth: int) -> str:
        """Select a type of an interface; its fields are named after it, since others may have others of that name."""
        fields = (f"{type_.name}__{name}: {text}" for name, text in self._fields(type_, depth).items())
        return f"... on {type_.name} {{ {' '.join(fields)} }}"

    def _fields(self, type_: Any, depth: int) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, each in type_.fields.items():
            inner = named(each.type)
            if f"{type_.name}.{name}" in self.denied or (is_composite_type(inner) and not depth):
                continue
            below = f" {self.all_of(inner, depth - 1)}" if is_composite_type(inner) else ""
            found[name] = f"{name}{self._arguments(each)}{below}"
        return found

    def _arguments(self, each: Any) -> str:
        given = {name: self.own(arg.type, name) for name, arg in each.args.items() if is_required_argument(arg)}
        return f"({', '.join(f'{name}: {json.dumps(value)}' for name, value in given.items())})" if given else ""

    def own(self, type_: Any, name: str) -> Any:
        """Return a value of a type, as JSON, that is well formed and about whoever asks."""
        if isinstance(type_, GraphQLNonNull):
            return self.own(cast("Any", type_).of_type, name)
        if isinstance(type_, GraphQLList):
            return [self.own(cast("Any", type_).of_type, name)]
        if isinstance(type_, GraphQLEnumType):
            return next(iter(type_.values))
        if isinstance(type_, GraphQLInputObjectType):
            fields = cast("Mapping[str, Any]", type_.fields)
            return {key: self.own(each.type, key) for key, each in fields.items() if is_required_input_field(each)}
        if type_.name == "ID":
            return self.activity if "activity" in name.lower() else self.member
        return _VALUES.get(type_.name, OWN_TEXTS.get(name, "x"))

    def routes(self) -> Mapping[str, tuple[str, ...]]:
        """Return for each object type the fields that lead to it, from what is one's own where anything does."""
        if not self._routes:
            query = cast("Any", self.schema.query_type)
            self._routes["Query"] = ()
            first = {"member": f'member(id: "{self.member}")', "activity": f'activity(id: "{self.activity}")'}
            waiting = [(query, name) for name in (*first, *(name for name in query.fields if name not in first))]
            while waiting:
                type_, name = waiting.pop(0)
                each = type_.fields[name]
                inner = named(each.type)
                if not hasattr(inner, "fields") or inner.name in self._routes:
                    continue
                step = first.get(name) if type_ is query else None
                route = self._routes[type_.name]
                self._routes[inner.name] = (*route, step or f"{name}{self._arguments(each)}")
                waiting += [(inner, below) for below in inner.fields]
        return self._routes
