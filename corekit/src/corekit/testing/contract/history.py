"""What members usually do: the history in which a plugin is tried, where its contract says nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from corekit.activities.activity import Activity, Line
from corekit.activities.tenders import payload_schema
from corekit.errors import Invalid
from corekit.validation import load

if TYPE_CHECKING:
    from corekit.declares import ActivityType
    from corekit.testing.house import House

_BASKETS = ((3_500, 1_250), (12_000, 0), (999, 1), (45_000, 5_000, 3))
"""Prices of lines, in minor units, of one purchase each: a line may cost nothing."""


def usual(house: House) -> Iterator[Activity]:
    """Yield, in turns: each member joins, buys four times, and does once what the plugin declares without a payload."""
    for member in house.members:
        yield house.does(member, "member.registered", payload={"channel": "web"})
    for day, prices in enumerate(_BASKETS, 1):
        for member in house.members:
            lines = tuple(Line(no, price, sku=f"article-{no}") for no, price in enumerate(prices, 1))
            yield house.does(member, "purchase", sum(prices), lines=lines, days=day)
    registry = house.kit.declared
    own = [type_ for name, type_ in registry.types.items() if registry.owner("type", name) == house.plugin]
    for type_ in own:
        if _speaks_for_itself(type_):
            for member in house.members:
                yield house.does(member, type_.name, days=len(_BASKETS) + 1)


def _speaks_for_itself(type_: ActivityType) -> bool:
    """Say whether an activity of a type needs neither an amount, nor another activity, nor anything in its payload."""
    if type_.internal or type_.reversal or type_.amount != "none":
        return False
    try:
        if (schema := payload_schema(type_)) is not None:
            load(schema(), {}, ("payload",))
    except Invalid:
        return False
    return True
