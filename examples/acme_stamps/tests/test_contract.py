"""What every plugin promises, proved for this one by the suite that comes with corekit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from corekit import Activity
from corekit.testing import House, PluginContract


class TestStamps(PluginContract):
    plugin = "stamps"
    program = Path(__file__).parents[1] / "program.toml"

    def history(self, house: House) -> Iterator[Activity]:
        """Fill the card of each member and redeem it, besides what members usually do."""
        yield from super().history(house)
        for member in house.members:
            for cup in range(9):
                yield house.does(member, "purchase", 4_00, days=6 + cup / 9)
            yield house.does(member, "stamps.redeemed", days=8, payload={"drink": "flat white"})
