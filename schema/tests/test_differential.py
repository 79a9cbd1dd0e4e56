"""Generated operations: the planned executor and graphql-core answer the same, data and errors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any, cast

import graphene
import graphql
import pytest
from attrs import frozen
from graphql import (
    GraphQLError,
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

from corekit_schema import JSON, Context, DateTime, Field, Info, Interface, Object, Viewer, listed, owner, public
from corekit_schema.assembly.schema import assemble
from corekit_schema.execution.executor import Executor
from corekit_schema.execution.limits import Limits
from corekit_schema.execution.resolvers import named

OPERATIONS = 240
LIMITS = Limits(mutations=1_000, root_fields=1_000, aliases=1_000, directives=1_000)
NOW = datetime(2026, 1, 15, tzinfo=UTC)


@frozen
class ThingValue:
    key: str


@frozen
class OtherValue:
    key: str


@frozen
class SecretValue:
    key: str

    @property
    def holder(self) -> str:
        return "me" if len(self.key) % 2 else "you"


class Mood(graphene.Enum):
    """A mood."""

    HAPPY = "happy"
    SAD = "sad"


class Wanted(graphene.InputObjectType):
    """What is wanted."""

    text = graphene.InputField(graphene.String, description="Text.", default_value="some")
    number = graphene.InputField(graphene.Int, required=True, description="Number.")
    moods = graphene.InputField(graphene.List(graphene.NonNull(Mood)), description="Moods.")


def rolled(make: Any) -> Any:
    """Return a batch resolver whose values depend on parent and arguments alone: some null, some wrong, some raise."""

    def resolve(parents: Sequence[Any], info: Info, **arguments: Any) -> list[Any]:
        return [one(parent, info, arguments) for parent in parents]

    def one(parent: Any, info: Info, arguments: Any) -> Any:
        key = f"{getattr(parent, 'key', '')}/{info.field_name}{sorted(arguments.items(), key=str)}"
        dice = Random(key)
        chance = dice.random()
        if chance < 0.06:
            return GraphQLError(f"no {info.field_name}", extensions={"code": "NO"})
        if chance < 0.1:
            return ValueError(f"broken {info.field_name}")
        if chance < 0.2:
            return None
        if chance < 0.23:
            return object
        return make(dice, f"{len(key)}{dice.randrange(100)}", arguments)

    return resolve


def many(make: Any, most: int = 3) -> Any:
    def several(dice: Random, key: str, arguments: Any) -> list[Any]:
        values = [make(dice, f"{key}.{number}", arguments) for number in range(dice.randrange(most + 1))]
        return [None if dice.random() < 0.08 else value for value in values]

    return several


def a_thing(_dice: Random, key: str, _arguments: Any) -> Any:
    return ThingValue(key)


def another(_dice: Random, key: str, _arguments: Any) -> Any:
    return OtherValue(key)


def a_secret(_dice: Random, key: str, _arguments: Any) -> Any:
    return SecretValue(key)


def any_of_them(dice: Random, key: str, _arguments: Any) -> Any:
    return dice.choice([ThingValue(key), OtherValue(key), SecretValue(key), object()])


def a_text(dice: Random, key: str, arguments: Any) -> Any:
    return dice.choice([f"text {key} {arguments}", 7, True])


def one_of(*values: Any) -> Any:
    def choose(dice: Random, _key: str, _arguments: Any) -> Any:
        return dice.choice(values)

    return choose


a_number = one_of(1, 2**31, -5, 2.0, "x", True)
a_mood = one_of("happy", "sad", "cross", Mood.HAPPY)


def field(type_: Any, make: Any, **arguments: Any) -> Field:
    return Field(type_, description="Rolled.", resolve=rolled(make), **arguments)


TEXT = graphene.Argument(graphene.String, description="Text.", default_value="default")
NUMBER = graphene.Argument(graphene.Int, description="Number.")
NEEDED = graphene.Argument(graphene.Int, description="Number.", required=True)
MOOD = graphene.Argument(Mood, description="Mood.")
WANTED = graphene.Argument(Wanted, description="Wanted.")
NESTED = graphene.Argument(graphene.List(graphene.List(graphene.NonNull(graphene.Int))), description="Numbers.")


class Named(Interface, policy=public):
    """Something with a name."""

    name = field(graphene.String, a_text)
    partner = field(lambda: Named, any_of_them)
    members = field(listed(lambda: Thing), many(a_thing))


class Base(Object, abstract=True):
    name = field(graphene.String, a_text)
    partner = field(lambda: Named, any_of_them)
    members = field(listed(lambda: Thing), many(a_thing))
    label = field(graphene.NonNull(graphene.String), a_text)
    count = field(graphene.Int, a_number)
    must = field(graphene.NonNull(graphene.Int), a_number)
    flag = field(graphene.Boolean, one_of(True, False, 1, "x"))
    ratio = field(graphene.Float, one_of(0.5, 2, float("inf"), "x"))
    mood = field(Mood, a_mood)
    moods = field(graphene.List(graphene.NonNull(Mood)), many(a_mood))
    at = field(DateTime, one_of(NOW, "now"))
    anything = field(JSON, one_of({"key": [1, None]}, "text"))
    words = field(listed(graphene.String), many(a_text))
    grid = field(graphene.List(graphene.List(graphene.NonNull(graphene.Int))), many(many(a_number)))
    child = field(lambda: Thing, a_thing)
    need = field(lambda: graphene.NonNull(Thing), a_thing)
    children = field(lambda: graphene.List(Thing), many(a_thing))
    others = field(lambda: graphene.List(graphene.NonNull(Other)), many(another))
    anyone = field(lambda: graphene.NonNull(Named), any_of_them)
    group = field(lambda: graphene.List(Named), many(any_of_them))
    table = field(lambda: graphene.List(listed(Named)), many(many(any_of_them)))
    hidden = field(lambda: Secret, a_secret)
    hidden_all = field(lambda: graphene.List(graphene.NonNull(Secret)), many(a_secret))
    echo = field(graphene.String, a_text, text=TEXT, number=NUMBER, mood=MOOD, wanted=WANTED, nested=NESTED)
    echo_must = field(graphene.String, a_text, number=NEEDED)


class Thing(Base, policy=public, interfaces=(Named,), possible_types=(ThingValue,)):
    """A thing."""


class Other(Base, policy=public, interfaces=(Named,), possible_types=(OtherValue,)):
    """Another thing."""

    extra = field(graphene.String, a_text)


class Secret(Object, policy=owner, owner="holder", interfaces=(Named,), possible_types=(SecretValue,)):
    """A thing of somebody's."""

    word = field(graphene.String, a_text)
    open = Field(graphene.String, description="Rolled.", policy=public, resolve=rolled(a_text))


class Query(Base, policy=public):
    """Queries."""


class Mutation(Object, policy=public):
    """Mutations."""

    first = field(graphene.Int, a_number, number=NUMBER)
    second = field(lambda: Thing, a_thing)
    third = field(lambda: graphene.NonNull(Thing), a_thing)
    fourth = field(listed(graphene.Int), many(a_number))


class Operations:
    """Generates valid operations over a schema."""

    def __init__(self, schema: GraphQLSchema, seed: int) -> None:
        self.schema = schema
        self.dice = Random(seed)

    def one(self) -> tuple[str, dict[str, Any]]:
        """Return a document with one operation, and values for its variables."""
        self.fragments: list[str] = []
        self.variables: dict[str, tuple[str, str | None, Any]] = {}
        self.keys = 0
        kind = "mutation" if self.dice.random() < 0.15 else "query"
        root = self.schema.mutation_type if kind == "mutation" else self.schema.query_type
        selection = self.selection(root, 3)
        declared = ", ".join(
            f"${name}: {type_}{f' = {default}' if default is not None else ''}"
            for name, (type_, default, _) in self.variables.items()
        )
        head = f"{kind} Op{f'({declared})' if declared else ''}"
        values = {name: value for name, (_, _, value) in self.variables.items() if value is not ...}
        return f"{head} {selection}\n" + "\n".join(self.fragments), values

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
        fields = [
            (name, found) for name, found in type_.fields.items() if depth or not is_composite_type(named(found.type))
        ]
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

    def arguments(self, found: Any) -> str:
        parts: list[str] = []
        for name, argument in found.args.items():
            if not is_required_argument(argument) and self.dice.random() < 0.5:
                continue
            value = self.value(argument.type)
            if self.dice.random() < 0.4:
                parts.append(f"{name}: ${self.variable(str(argument.type), None, value)}")
            else:
                parts.append(f"{name}: {self.literal(argument.type, value)}")
        return f"({', '.join(parts)})" if parts else ""

    def value(self, type_: Any) -> Any:
        if is_non_null_type(type_):
            return self.value(type_.of_type)
        if is_list_type(type_):
            return [self.value(type_.of_type) for _ in range(self.dice.randrange(3))]
        if is_enum_type(type_):
            return self.dice.choice(["HAPPY", "SAD"])
        if isinstance(type_, GraphQLInputObjectType):
            return {
                name: self.value(found.type)
                for name, found in type_.fields.items()
                if self.dice.random() < 0.9 or is_non_null_type(found.type)
            }
        return self.dice.randrange(9) if type_.name == "Int" else self.dice.choice(["a", "b"])

    def literal(self, type_: Any, value: Any) -> str:
        if is_non_null_type(type_):
            return self.literal(type_.of_type, value)
        if is_list_type(type_):
            return f"[{', '.join(self.literal(type_.of_type, item) for item in value)}]"
        if isinstance(type_, GraphQLInputObjectType):
            parts = (f"{name}: {self.literal(type_.fields[name].type, item)}" for name, item in value.items())
            return "{" + ", ".join(parts) + "}"
        return value if is_enum_type(type_) else json.dumps(value)


SCHEMA = assemble({}, query=Query, mutation=Mutation, permissions=(), codes={}).graphql
VIEWER = Viewer(kind="member", member="me")


def shown(data: Any, errors: Any) -> tuple[Any, list[Any]]:
    """Return an answer so that two can be compared: key order counts, the order of errors does not."""
    told = [
        (error.path, error.message, [(place.line, place.column) for place in error.locations], error.extensions)
        for error in errors or ()
    ]
    return graphql_order(data), sorted(told, key=str)


def graphql_order(value: Any) -> Any:
    if isinstance(value, dict):
        return [(key, graphql_order(part)) for key, part in cast("dict[str, Any]", value).items()]
    if isinstance(value, list):
        return [graphql_order(part) for part in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def compare(executor: Executor, text_: str, variables: dict[str, Any]) -> tuple[bool, int]:
    """Run an operation both ways; return whether it is valid, and how many errors it has."""
    if graphql.validate(SCHEMA, graphql.parse(text_)):
        return False, 0
    context = Context(cast("Any", None), VIEWER)
    ours = executor.execute(text_, context, variables=variables)
    theirs: Any = cast("Any", graphql).execute(SCHEMA, graphql.parse(text_), None, context, variables)
    assert shown(ours.data, ours.errors) == shown(theirs.data, theirs.errors), text_
    return True, len(ours.errors)


@pytest.mark.parametrize("seed", range(4))
def test_generated_operations_are_answered_as_graphql_core_answers_them(seed: int) -> None:
    executor = Executor(SCHEMA, LIMITS)
    operations = Operations(SCHEMA, seed)
    results = [compare(executor, *operations.one()) for _ in range(OPERATIONS // 4)]
    valid = [errors for is_valid, errors in results if is_valid]
    assert len(valid) > OPERATIONS // 4 * 0.5  # most are worth comparing
    assert sum(valid) > len(valid)  # and many fail somewhere
