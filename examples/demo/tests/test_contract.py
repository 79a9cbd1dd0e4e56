"""The demo keeps what every plugin promises."""

from __future__ import annotations

from collections.abc import Iterator

from corekit import Activity
from corekit.testing import House, PluginContract


class TestDemo(PluginContract):
    """The demo keeps all promises; what it spends is given first."""

    plugin = "demo"

    def history(self, house: House) -> Iterator[Activity]:
        """Let members have something to spend, and buy once more."""
        yield from super().history(house)
        for member in house.members:
            yield house.does(member, "points.adjustment", 1_200, unit="points", payload={"reason": "begun"}, days=6)
        for member in house.members:
            yield house.does(member, "purchase", 2_000, days=7)
