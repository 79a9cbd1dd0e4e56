"""Values of variables and arguments: whatever is sent, they are what graphql-core reads, and so is what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import graphql
import pytest
from graphql import FieldNode, OperationDefinitionNode, get_argument_values, get_variable_values, parse
from hypothesis import given
from hypothesis import strategies as st

from corekit_schema.execution.variables import Variables, arguments_of

SCHEMA = graphql.build_schema(
    """
    enum Mood { HAPPY SAD }
    input Wanted { text: String! number: Int = 7 moods: [Mood!] inner: Wanted rows: [[Int]] ratio: Float }
    input One @oneOf { a: Int b: String }
    type Query {
      field(first: Int = 3, text: String, must: Boolean!, wanted: Wanted, ids: [ID!], one: One): String
    }
    """
)
OPERATION = """
query ($first: Int, $text: String = "x", $must: Boolean!, $wanted: Wanted, $ids: [ID!] = ["a"], $one: One) {
  field(first: $first, text: $text, must: $must, wanted: $wanted, ids: $ids, one: $one)
}
"""
LEAVES = st.none() | st.booleans() | st.integers(-(2**33), 2**33) | st.floats(allow_nan=False)
TEXTS = st.sampled_from(["HAPPY", "SAD", "a", "1", ""])
WANTED = st.recursive(
    st.fixed_dictionaries(
        {},
        optional={
            "text": TEXTS,
            "number": LEAVES | TEXTS,
            "moods": st.lists(TEXTS | st.none(), max_size=2) | TEXTS,
            "rows": st.lists(st.lists(st.none() | st.integers(0, 9), max_size=2) | st.integers(), max_size=2),
            "ratio": LEAVES,
            "unknown": LEAVES,
        },
    ),
    lambda inner: st.fixed_dictionaries({"text": TEXTS, "inner": st.none() | inner}),
    max_leaves=3,
)
GIVEN = st.fixed_dictionaries(
    {},
    optional={
        "first": LEAVES | TEXTS,
        "text": LEAVES | TEXTS,
        "must": st.booleans() | st.none() | TEXTS,
        "wanted": st.none() | WANTED | TEXTS,
        "ids": st.none() | TEXTS | st.lists(TEXTS | st.integers(0, 9) | st.none(), max_size=3),
        "one": st.none() | st.fixed_dictionaries({}, optional={"a": LEAVES, "b": TEXTS}),
    },
)
MOST = 3


def operation(text: str) -> OperationDefinitionNode:
    """Return the only operation of a document."""
    return cast("OperationDefinitionNode", parse(text).definitions[0])


def field_of(node: OperationDefinitionNode) -> FieldNode:
    """Return its only field."""
    return cast("FieldNode", node.selection_set.selections[0])


DEFINITION = cast("Any", SCHEMA.query_type).fields["field"]
NODE = operation(OPERATION)
VARIABLES = Variables(SCHEMA, NODE)
ARGUMENTS = arguments_of(DEFINITION, field_of(NODE))


def told(values: Any) -> str:
    """Write values so that 1 is not True and the order counts; errors by what they say."""
    return str(values if isinstance(values, dict) else [error.message for error in values])  # pyright: ignore[reportUnknownArgumentType] - values of any kind


@given(GIVEN)
def test_variables_and_the_arguments_that_they_are(given_: dict[str, Any]) -> None:
    values = VARIABLES.read(given_, MOST)
    assert told(values) == told(get_variable_values(SCHEMA, NODE.variable_definitions, given_, max_errors=MOST))
    if isinstance(values, dict):
        assert told(ARGUMENTS.read(values)) == told(get_argument_values(DEFINITION, field_of(NODE), values))


@pytest.mark.parametrize(
    "text",
    [
        "(must: true)",
        "(must: true, first: null, ids: 5)",
        '(must: true, wanted: {text: "a", moods: HAPPY})',
        "(must: true, text: $text)",
        '(must: true, wanted: {text: "a", number: $first})',
        "(must: $must)",
        "(must: $nothing)",
        "(must: 1)",
        "",
    ],
)
def test_arguments_that_are_written_down(text: str) -> None:
    node = field_of(operation(f"{{ field{text} }}"))

    def read(way: Callable[..., Any], *parts: Any) -> str:
        try:
            return told(way(*parts))
        except graphql.GraphQLError as error:
            return error.message

    arguments = arguments_of(DEFINITION, node)
    for values in ({"first": 2, "text": "x", "must": None}, dict[str, Any]()):
        assert read(arguments.read, values) == read(get_argument_values, DEFINITION, node, values)
    assert (arguments.known is None) == ("$" in text or text in {"", "(must: 1)"})
