"""Generated operations: the planned executor and graphql-core answer the same, data and errors.

`make test` compares the same ones each time; `make fuzz` 20,000 over the schema of a whole house, each time others.
"""

from __future__ import annotations

import os

import pytest
from corekit_differential import toy
from corekit_differential.comparing import Comparison
from corekit_differential.crowd import Crowd
from corekit_differential.house import PLUGINS, PROGRAM, House
from corekit_differential.operations import Operations

from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit

FUZZ = os.environ.get("COREKIT_FUZZ")
"""The number from which `make fuzz` draws; it prints it, and the same number compares the same."""
TOYS, HOUSES = (8_000, 20_000) if FUZZ else (240, 160)
"""Operations over the schema that fails in every way, and over that of a house."""
CROWDED, CROWD = (4_000 if FUZZ else 120), 8
"""Operations that are answered on an event loop, so many at once."""
PARTS = 4


def seed_of(part: int) -> int:
    return int(FUZZ or 0) * PARTS + part


@pytest.mark.parametrize("part", range(PARTS))
def test_generated_operations_are_answered_as_graphql_core_answers_them(part: int) -> None:
    comparison = Comparison(toy.SCHEMA, toy.context)
    operations = Operations(toy.SCHEMA, seed_of(part), toy.value)
    for _ in range(TOYS // PARTS):
        comparison.compare(*operations.one())
    assert comparison.valid > TOYS // PARTS * 0.5  # most are worth comparing
    assert comparison.failing > comparison.valid * 0.4  # and many fail somewhere


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.parametrize("part", range(PARTS))
def test_a_house_is_shown_as_graphql_core_shows_it(part: int, make_kit: MakeKit, clock: SettableClock) -> None:
    house = House.of(make_kit(PLUGINS, program=PROGRAM), clock, is_staff=part != 0)
    comparison = Comparison(house.schema, house.context)
    operations = Operations(house.schema, seed_of(part), house.value, mutations=0, asks=house.asks())
    while comparison.valid < HOUSES // PARTS:
        comparison.compare(*operations.one())
    assert part == 0 or comparison.failing > comparison.valid * 0.1  # the staff may ask for more, and wrongly


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_many_at_once_on_an_event_loop_are_answered_as_each_by_itself(make_kit: MakeKit, clock: SettableClock) -> None:
    house = House.of(make_kit(PLUGINS, program=PROGRAM), clock, is_staff=True)
    crowd = Crowd(Comparison(house.schema, house.context))
    operations = Operations(house.schema, seed_of(0), house.value, mutations=0, asks=house.asks())
    for _ in range(CROWDED):
        crowd.compare([operations.one() for _ in range(CROWD)])
        if crowd.answered >= CROWDED:
            break
    assert crowd.answered >= CROWDED  # while others would have blocked
