"""Points keep what every plugin promises, with a program in which each kind of rule has something to do."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from typing import ClassVar

from corekit import Activity
from corekit.testing import House, PluginContract

PROGRAM = """
[program]
name = "Corner shop"

[[activities]]
name = "check_in"

[[ladders]]
code = "status"
name = "Status"

[[ladders.tiers]]
code = "base"
name = "Base"

[[ladders.tiers]]
code = "gold"
name = "Gold"
criteria = [{metric = "spend", window = "rolling 12 months", at_least = "100"}]
benefits = {points_multiplier = "1.5"}

[points.currencies.points]
name = "Points"
expiry = {months = 12, end_of = "month"}
transfers = true

[[points.rules]]
id = "base"
rate = "1"

[[points.rules]]
id = "bonus"
rate = "0.5"
caps = {day = 40}
budget = {points = 5_000, per = "month", when_spent = "stop"}

[[points.tasks]]
id = "daily"
activity = "check_in"
points = 5
limits = {day = 1}
streak = {steps = [{days = 2, points = 10}], repeat = true}

[[points.rewards]]
id = "parking"
kind = "service"
points = 3
limits = {month = 50}
collect_days = 30
texts = {en = {name = "An hour of parking"}}

[[points.rewards]]
id = "check"
kind = "digital"
points = 1
gives = {activity = "check_in"}
texts = {en = {name = "A check-in"}}

[points.pool]
group = "family"
limits = {day = 100}

[[points.draws]]
id = "wheel"
price = 3
per = "year"
guarantee = {class = "big", by = 3}
limits = {day = 10}

[[points.draws.prizes]]
id = "ten"
weight = 6
points = 10
stock = 1_000
class = "big"

[[points.draws.prizes]]
id = "visit"
weight = 3
gives = {activity = "check_in"}
class = "big"

[[points.draws.prizes]]
id = "nothing"
weight = 3
"""


def _same(number: int) -> bytes:
    """Return the same bytes in each house."""
    return b"c" * number


class TestPoints(PluginContract):
    """Points keep all promises."""

    plugin = "points"
    program = PROGRAM
    sections: ClassVar = {"points": {"code_secret": "a secret of the tests, long enough"}}
    settings: ClassVar = {"entropy": _same}
    kept: ClassVar = {
        "points_budget": "what came back stands in a row of its own, so that units do not lock crosswise",
        "points_redemption": "who redeemed what and gave it back is still told; erasing forgets it",
        "points_draw_result": "what was drawn stays, marked as taken back, so that nobody can hide it",
        "points_draw_result.weights": "of the draw, and in the export as numbers, not in words",
        "points_draw_seed": "of the draw, not of members",
        "points_draw_secret": "of the draw, not of members",
        "points_draw_standing": "says that there are no pulls since a hit",
        "points_draw_stock": "says that none is gone",
    }

    def history(self, house: House) -> Iterator[Activity]:
        """Add what is done at times, by hand and among members."""
        yield from super().history(house)
        house.kit.jobs.run("points.draws", house.began)
        for day in range(5, 8):
            for member in house.members:
                yield house.does(member, "check_in", days=day)
        for member in house.members:
            yield house.does(member, "points.adjustment", 70, unit="points", payload={"reason": "for the wait"}, days=8)
            yield house.does(
                member, "points.drawn", payload={"draw": "wheel", "pulls": 5, "client_seed": "ab"}, days=8.5
            )
        first, *rest = house.members
        for member, role in ((first, "primary"), *((each, "supplementary") for each in rest)):
            place = {"group": f"g{first[:8]}", "kind": "family", "role": role}
            yield house.does(member, "member.joined_group", days=8.6, payload=place)
        for member in rest[:1]:
            yield house.does(member, "points.pooled", 5, days=8.7, unit="points", members=(first,))
            yield house.does(first, "points.shared", 3, days=8.8, unit="points", members=(member,))
        others = cycle(house.members)
        next(others)
        for member, other in zip(house.members, others, strict=False):
            if member != other:
                told = {"unit": "points", "members": (other,), "payload": {"reason": "a gift"}}
                yield house.does(member, "points.transferred", 15, days=9, **told)
        for member in house.members:
            yield house.does(member, "points.redeemed", days=9.1, payload={"reward": "check"})
            redeemed = house.does(member, "points.redeemed", days=9.2, payload={"reward": "parking", "store": "main"})
            yield redeemed
            yield house.does(member, "points.redemption_fulfilled", days=9.5, payload={"redemption": redeemed.id})
