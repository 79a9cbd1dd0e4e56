"""Prize draws in a kit: what a pull costs and brings, who may pull, and what becomes of what is taken back."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import frozen
from sqlalchemy import select

from corekit import Activity, Kit, Outcome, balances
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit_points.draws import tables
from corekit_points.draws.reading import Result, proof, results_of

PROGRAM = """
[program]
name = "Corner shop"

[[activities]]
name = "coffee.won"
fields = [{name = "size", required = true}]

[[points.draws]]
id = "wheel"
price = 10
guarantee = {class = "big", by = 5}
limits = {day = 30}

[[points.draws.prizes]]
id = "jackpot"
weight = 1
points = 1000
stock = 1
class = "big"

[[points.draws.prizes]]
id = "hundred"
weight = 9
points = 100
class = "big"

[[points.draws.prizes]]
id = "coffee"
weight = 30
gives = {activity = "coffee.won", payload = {size = "small"}}

[[points.draws.prizes]]
id = "nothing"
weight = 60
"""


@frozen
class Fair:
    """A kit with a draw, at which members pull."""

    kit: Kit
    clock: SettableClock

    def join(self, points: int = 1000) -> str:
        member = self.kit.record(Activity(type="member.registered")).member
        given = {"amount": points, "unit": "points", "payload": {"reason": "to begin with"}}
        if points:
            self.kit.record(Activity(type="points.adjustment", member=member, **given))
        return member

    def asks(self, member: str, pulls: int = 1, draw: str = "wheel", **given: Any) -> Activity:
        payload = {"draw": draw, "pulls": pulls, "client_seed": given.pop("client_seed", "")}
        return Activity(type="points.drawn", member=member, payload=payload, **given)

    def pulls(self, member: str, pulls: int = 1, draw: str = "wheel", **given: Any) -> Outcome:
        self.clock.advance(seconds=1)
        return self.kit.record(self.asks(member, pulls, draw, **given))

    def has(self, member: str) -> int:
        with self.kit.read() as read:
            found = {each.kind: each for each in balances(read, [member], self.kit.now())[member]}
        return found["points"].available - found["points"].debt if "points" in found else 0

    def results(self, member: str) -> list[Result]:
        """Return what a member drew, the first pull first."""
        with self.kit.read() as read:
            return results_of(read, [member]).get(member, [])[::-1]

    def turn(self) -> Any:
        """Publish and reveal what is due."""
        return self.kit.jobs.run("points.draws").told


@pytest.fixture
def fair(make_kit: MakeKit, clock: SettableClock) -> Fair:
    made = make_kit(["points"], program=PROGRAM, entropy=lambda number: bytes(number))
    fair = Fair(made, clock)
    fair.turn()
    return fair


def test_a_pull_costs_its_price_and_brings_what_it_wins(fair: Fair) -> None:
    member = fair.join()
    answer = fair.pulls(member, 20)
    assert answer.settled, answer
    won = [each.prize for each in fair.results(member)]
    assert [each.number for each in fair.results(member)] == list(range(1, 21))
    assert fair.has(member) == 1000 - 200 + 1000 * won.count("jackpot") + 100 * won.count("hundred")
    assert [each.type for each in answer.follow_ons] == ["coffee.won"] * won.count("coffee")
    assert fair.kit.verify().clean
