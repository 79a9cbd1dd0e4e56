"""Generates valid operations over a schema, the same ones for the same seed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, cast

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    is_composite_type,
    is_enum_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
)

from corekit_schema.execution.resolvers import named

MakeValue = Callable[[Random, str, str], Any]
"""Makes up a value of a scalar, given its name and the name of the argument or input field."""


class Operations:
    """Generates operations over a schema, most of them valid.

    Of a hundred, ``mutations`` are such. Of the root's fields, queries ask for those that ``asks`` names,
    the more often the more often it names them.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        seed: int,
        make_value: MakeValue,
        *,
        mutations: int = 15,
        asks: Sequence[str] | None = None,
    ) -> None:
        self.schema = schema
        self.dice = Random(seed)
        self._make_value = make_value
        self._mutations = mutations
        self._asks = asks

    def one(self) -> tuple[str, list[dict[str, Any]]]:
        """Return a document with one operation, and values for its variables: several, of which directives differ."""
        self.fragments: list[str] = []
        self.variables: dict[str, tuple[str, str | None, Any]] = {}
        self.keys = 0
        kind = "mutation" if self.dice.randrange(100) < self._mutations else "query"
        root = self.schema.mutation_type if kind == "mutation" else self.schema.query_type
        selection = self.selection(root, 3)
        declared = ", ".join(
            f"${name}: {type_}{f' = {default}' if default is not None else ''}"
            for name, (type_, default, _) in self.variables.items()
        )
        head = f"{kind} Op{f'({declared})' if declared else ''}"
        values = {name: value for name, (_, _, value) in self.variables.items() if value is not ...}
        others = {name: not value if isinstance(value, bool) else value for name, value in values.items()}
        return f"{head} {selection}\n" + "\n".join(self.fragments), [values] if others == values else [values, others]

    def selection(self, type_: Any, depth: int) -> str:
        parts = [self.part(type_, depth) for _ in range(self.dice.randint(1, 5))]
        return "{ " + " ".join(parts) + " }"

    def part(self, type_: Any, depth: int) -> str:
        chance = self.dice.random()
        if chance < 0.08:
            return f"{self.alias(0.3)}__typename{self.directive()}"
        if depth and chance < 0.3:
            on = self.condition(type_)
            body = self.selection(on, depth - 1)
            if chance < 0.2:
                return f"... on {on.name}{self.directive()} {body}"
            name = f"F{len(self.fragments)}"
            self.fragments.append(f"fragment {name} on {on.name} {body}")
            spread = f"...{name}{self.directive()}"
            return f"{spread} {spread}" if self.dice.random() < 0.2 else spread
        asked = self._asks if self._asks is not None and type_ is self.schema.query_type else type_.fields
        known = [(name, type_.fields[name]) for name in asked]
        fields = [(name, found) for name, found in known if depth or not is_composite_type(named(found.type))]
        if not fields:
            return "__typename"
        name, found = self.dice.choice(fields)
        arguments = self.arguments(found)
        inner = named(found.type)
        below = f" {self.selection(inner, depth - 1)}" if is_composite_type(inner) else ""
        return f"{self.alias(1 if found.args else 0.3)}{name}{arguments}{self.directive()}{below}"

    def condition(self, type_: Any) -> Any:
        if isinstance(type_, GraphQLInterfaceType):
            return self.dice.choice([type_, *self.schema.get_possible_types(type_)])
        return self.dice.choice([type_, *cast("GraphQLObjectType", type_).interfaces])

    def alias(self, chance: float) -> str:
        if self.dice.random() >= chance:
            return ""
        self.keys += 1
        return f"k{self.keys}: "

    def directive(self) -> str:
        if self.dice.random() < 0.8:
            return ""
        name, value = self.dice.choice(["skip", "include"]), self.dice.random() < 0.5
        if self.dice.random() < 0.4:
            return f" @{name}(if: {str(value).lower()})"
        default = self.dice.choice([None, "true", "false"])
        return f" @{name}(if: ${self.variable('Boolean!', default, value)})"

    def variable(self, type_: str, default: str | None, value: Any) -> str:
        name = f"v{len(self.variables)}"
        left_out = default is not None and self.dice.random() < 0.5
        self.variables[name] = (type_, default, ... if left_out else value)
        return name

    def arguments(self, found: GraphQLField) -> str:
        parts: list[str] = []
        for name, argument in cast("dict[str, Any]", found.args).items():
            if not is_required_argument(argument) and self.dice.random() < 0.5:
                continue
            value = self.value(argument.type, name)
            if self.dice.random() < 0.4:
                left_out = not is_non_null_type(argument.type) and self.dice.random() < 0.1
                variable = self.variable(str(argument.type), None, ... if left_out else value)
                parts.append(f"{name}: ${variable}")
            else:
                parts.append(f"{name}: {self.literal(argument.type, value)}")
        return f"({', '.join(parts)})" if parts else ""

    def value(self, type_: Any, name: str) -> Any:
        if is_non_null_type(type_):
            return self.value_there(type_.of_type, name)
        return None if self.dice.random() < 0.06 else self.value_there(type_, name)

    def value_there(self, type_: Any, name: str) -> Any:
        if is_list_type(type_):
            return [self.value(type_.of_type, name) for _ in range(self.dice.randrange(3))]
        if is_enum_type(type_):
            return self.dice.choice(list(type_.values))
        if isinstance(type_, GraphQLInputObjectType):
            return {
                inner: self.value(found.type, inner)
                for inner, found in cast("dict[str, Any]", type_.fields).items()
                if self.dice.random() < 0.9 or is_non_null_type(found.type)
            }
        return self._make_value(self.dice, type_.name, name)

    def literal(self, type_: Any, value: Any) -> str:
        if value is None:
            return "null"
        if is_non_null_type(type_):
            return self.literal(type_.of_type, value)
        if is_list_type(type_):
            return f"[{', '.join(self.literal(type_.of_type, item) for item in value)}]"
        if isinstance(type_, GraphQLInputObjectType):
            parts = (f"{name}: {self.literal(type_.fields[name].type, item)}" for name, item in value.items())
            return "{" + ", ".join(parts) + "}"
        return value if is_enum_type(type_) else json.dumps(value)
