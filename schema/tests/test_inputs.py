"""Inputs: one marshmallow schema is the GraphQL input type, and what it refuses is a user error with path and code."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, cast

import graphene
import pytest
from marshmallow import Schema, fields, validate

from corekit_schema import (
    AmountDigits,
    Context,
    Field,
    GlobalId,
    Info,
    Input,
    Moment,
    MutationField,
    Object,
    Payload,
    Viewer,
    global_id,
    idempotency_key,
    invalid,
    public,
)
from corekit_schema.assembly.schema import assemble
from corekit_schema.execution.executor import Executor
from corekit_schema.inputs import input_type

MEMBER = "0" * 32
TAKEN: list[Any] = []


class Size(Enum):
    """A size."""

    SMALL = 1
    LARGE = 2


class TopInput(Input):
    """A topping."""

    name = fields.String(required=True, validate=validate.OneOf(["basil", "olives"]), metadata={"description": "Name."})
    extra_cost = AmountDigits(metadata={"description": "Cost."})


class OrderInput(Input):
    """An order."""

    idempotency_key = idempotency_key()
    member_id = GlobalId("Member", required=True, metadata={"description": "Who."})
    size = fields.Enum(Size, load_default=Size.SMALL, metadata={"description": "Size."})
    toppings = fields.List(  # pyright: ignore[reportUnknownVariableType]
        fields.Nested(TopInput), load_default=list, metadata={"description": "Toppings."}
    )
    items = fields.Integer(load_default=1, metadata={"description": "A name that dictionaries have too."})
    deliver_at = Moment(metadata={"description": "When."})
    note = fields.String(metadata={"description": "Note."})
    extra = fields.Raw(load_default=None, allow_none=True, metadata={"description": "Anything."})


class OrderPayload(Payload, policy=public):
    """An order."""

    text = Field(graphene.String, description="What was taken.")


def take(_info: Info, values: Mapping[str, Any]) -> Any:
    if values.get("note") == "late":
        raise invalid("ORDER_LATE", "We are closed.", "note", hour=22)
    TAKEN.append(values)
    return {"text": "taken"}


class Query(Object, policy=public):
    """Queries."""

    nothing = Field(graphene.Int, description="Nothing.")


class Mutation(Object):
    """Mutations."""

    order = MutationField(OrderInput, take, payload=OrderPayload, policy=public, description="Order.")


SCHEMA = assemble({}, query=Query, mutation=Mutation, permissions=(), codes={"RANGE": "Range.", "ID_INVALID": "Id."})
TEXT = """mutation ($input: OrderInput!) { order(input: $input) {
    text userErrors { path code message parameters } } }"""


def order(**told: Any) -> Any:
    TAKEN.clear()
    context = Context(cast("Any", None), Viewer(kind="anonymous"))
    answer = Executor(SCHEMA.graphql).execute(TEXT, context, variables={"input": told})
    assert answer.data is not None, answer.errors
    return answer.data["order"]


def test_the_input_type_says_what_the_schema_says() -> None:
    sdl = SCHEMA.sdl()
    assert "input OrderInput {" in sdl
    for line in ("memberId: ID!", "size: Size", "toppings: [TopInput!]", "deliverAt: DateTime", "extraCost: Digits"):
        assert f"\n  {line}\n" in sdl
    assert "Name. One of `basil`, `olives`." in sdl


def test_what_is_right_reaches_the_mutation_as_the_schema_loads_it() -> None:
    toppings = [{"name": "basil", "extraCost": "-150"}]
    answer = order(
        memberId=global_id("Member", MEMBER),
        size="LARGE",
        toppings=toppings,
        items=3,
        deliverAt="2026-03-01T10:30:00+01:00",
        note=None,
        extra={"snake_case": {"camelCase": [None]}},
    )
    assert answer == {"text": "taken", "userErrors": []}
    (taken,) = TAKEN
    assert taken["member_id"] == MEMBER
    assert taken["size"] is Size.LARGE
    assert taken["toppings"] == [{"name": "basil", "extra_cost": -150}]
    assert taken["items"] == 3
    assert taken["deliver_at"].isoformat() == "2026-03-01T10:30:00+01:00"
    assert "note" not in taken
    assert taken["extra"] == {"snake_case": {"camelCase": [None]}}
    assert len(taken["idempotency_key"]) == 32


@pytest.mark.parametrize(
    ("told", "path", "code"),
    [
        ({"memberId": "x"}, ["input", "memberId"], "ID_INVALID"),
        ({"memberId": global_id("Activity", MEMBER)}, ["input", "memberId"], "ID_INVALID"),
        ({"toppings": [{"name": "basil"}, {"name": "tar"}]}, ["input", "toppings", "1", "name"], "OTHER"),
        ({"toppings": [{"name": "basil", "extraCost": "1.5"}]}, ["input", "toppings", "0", "extraCost"], "OTHER"),
        ({"note": "late"}, ["input", "note"], "OTHER"),
    ],
)
def test_what_is_wrong_is_a_user_error_and_nothing_is_done(told: Any, path: list[str], code: str) -> None:
    answer = order(**{"memberId": global_id("Member", MEMBER), **told})
    assert answer["text"] is None
    assert [(error["path"], error["code"]) for error in answer["userErrors"]] == [(path, code)]
    assert TAKEN == []


def test_a_mutation_says_what_is_wrong_in_its_own_words() -> None:
    (error,) = order(memberId=global_id("Member", MEMBER), note="late")["userErrors"]
    assert (error["message"], error["parameters"]) == ("We are closed.", {"hour": 22})


def test_a_field_that_graphql_does_not_know_is_refused_when_the_schema_is_built() -> None:
    class Odd(Schema):
        """Odd."""

        when = fields.TimeDelta(metadata={"description": "How long."})

    with pytest.raises(TypeError, match="no GraphQL type for TimeDelta"):
        assert input_type(Odd)._meta.fields["when"].type is None
