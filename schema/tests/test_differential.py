"""Generated operations: the planned executor and graphql-core answer the same, data and errors."""

from __future__ import annotations

import pytest
from corekit_differential import toy
from corekit_differential.comparing import Comparison
from corekit_differential.operations import Operations

OPERATIONS = 240


@pytest.mark.parametrize("seed", range(4))
def test_generated_operations_are_answered_as_graphql_core_answers_them(seed: int) -> None:
    comparison = Comparison(toy.SCHEMA, toy.context)
    operations = Operations(toy.SCHEMA, seed, toy.value)
    for _ in range(OPERATIONS // 4):
        comparison.compare(*operations.one())
    assert comparison.valid > OPERATIONS // 4 * 0.5  # most are worth comparing
    assert comparison.failing > comparison.valid * 0.4  # and many fail somewhere
