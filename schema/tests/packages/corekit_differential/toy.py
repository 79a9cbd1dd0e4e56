"""A schema that has everything and whose fields fail in every way, by chance."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any, cast

import graphene
from attrs import frozen
from graphql import GraphQLError

from corekit_schema import JSON, Context, DateTime, Field, Info, Interface, Object, Viewer, listed, owner, public
from corekit_schema.assembly.schema import assemble

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


class ToyContext(Context):
    """A request that counts its turns, so that it shows in which order they were taken."""

    turns = 0


def _turn(_parents: Sequence[Any], info: Info) -> list[int]:
    assert isinstance(info.context, ToyContext)
    info.context.turns += 1
    return [info.context.turns]


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
    turn = Field(graphene.Int, description="The how manieth turn of this request it is.", resolve=_turn)


SCHEMA = assemble({}, query=Query, mutation=Mutation, permissions=(), codes={}).graphql


def context() -> ToyContext:
    """Return a request of a member."""
    return ToyContext(cast("Any", None), Viewer(kind="member", member="me"))


def value(dice: Random, name: str, _place: str) -> Any:
    """Make up a value of a scalar."""
    return dice.randrange(9) if name == "Int" else dice.choice(["a", "b"])
