"""Scalars and enums: a column is written as its values are one by one, and a row as it is put together by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast
from zoneinfo import ZoneInfo

import graphene
import pytest
from graphql import GraphQLError, GraphQLInt, GraphQLScalarType, GraphQLString
from hypothesis import given
from hypothesis import strategies as st

from corekit_schema import DateTime
from corekit_schema.execution.classes import classes_of
from corekit_schema.execution.leaves import all_of, one
from corekit_schema.execution.rows import rows_of
from corekit_schema.scalars import Digits

ZONES = st.sampled_from([UTC, timezone(timedelta(0)), timezone(timedelta(hours=-3)), ZoneInfo("Asia/Shanghai")])
INSTANTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=ZONES)  # noqa: DTZ001 - the bounds are naive


def column_of(type_: Any, values: list[Any]) -> list[Any]:
    """Write a column of values."""
    return all_of(type_)(values, classes_of(values))


INT, STRING = cast("Any", GraphQLInt), cast("Any", GraphQLString)


def leaf(scalar: Any) -> Any:
    """Return the type of GraphQL as graphene makes it of a scalar."""
    type_: Any = GraphQLScalarType(scalar.__name__, serialize=scalar.serialize)
    type_.graphene_type = scalar
    return type_


@given(st.one_of(st.lists(INSTANTS), st.lists(INSTANTS.map(lambda instant: instant.astimezone(UTC)))))
def test_instants_are_written_all_at_once_as_one_by_one(instants: list[datetime]) -> None:
    assert column_of(leaf(DateTime), instants) == [DateTime.serialize(instant) for instant in instants]


@given(st.lists(st.none() | st.integers()))
def test_digits_are_written_all_at_once_as_one_by_one(numbers: list[int | None]) -> None:
    assert column_of(leaf(Digits), numbers) == [None if number is None else str(number) for number in numbers]


@pytest.mark.parametrize(("scalar", "wrong"), [(DateTime, datetime(2026, 1, 1)), (DateTime, "now"), (Digits, True)])  # noqa: DTZ001 - which is wrong
def test_a_column_with_a_wrong_value_is_not_written(scalar: type[graphene.Scalar], wrong: Any) -> None:
    right = datetime(2026, 1, 1, tzinfo=UTC) if scalar is DateTime else 1
    with pytest.raises(GraphQLError):
        column_of(leaf(scalar), [right, wrong])


@given(st.lists(st.none() | st.integers() | st.booleans() | st.just("7")))
def test_numbers_are_written_all_at_once_as_one_by_one(values: list[Any]) -> None:
    def one_by_one(values: list[Any]) -> list[Any]:
        return [one(INT)(value) for value in values]

    def all_at_once(values: list[Any]) -> list[Any]:
        return column_of(INT, values)

    def written(write: Callable[[list[Any]], list[Any]]) -> str:
        try:
            return repr(write(values))  # 1 is not True
        except GraphQLError as error:
            return error.message

    assert written(all_at_once) == written(one_by_one)


def test_what_a_resolver_returned_is_not_changed_when_it_is_written() -> None:
    texts = ["a", "b"]
    assert column_of(STRING, texts) is not texts


class Short(graphene.Scalar):
    """Writes a column of fewer values than it gets."""

    @staticmethod
    def serialize(value: Any) -> Any:
        return value

    @staticmethod
    def serialize_all(values: Any) -> Any:
        return values[1:]


def test_a_scalar_that_loses_values_of_a_column_is_asked_one_by_one() -> None:
    assert column_of(leaf(Short), [1, 2]) == [1, 2]


@given(st.lists(st.text(), max_size=6, unique=True), st.integers(0, 4))
def test_rows_are_put_together_from_columns_whatever_their_keys(keys: list[str], rows: int) -> None:
    columns = [[(key, row) for row in range(rows)] for key in keys]
    assert rows_of(tuple(keys))(columns) == [{key: (key, row) for key in keys} for row in range(rows if keys else 0)]
