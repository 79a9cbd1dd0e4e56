"""What every plugin promises, proved for this one by the suite that comes with corekit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from corekit import Activity
from corekit.testing import PluginContract


class TestStamps(PluginContract):
    plugin = "stamps"
    program = Path(__file__).parents[1] / "program.toml"

    def history(self, members: Sequence[str]) -> Iterable[Activity]:
        """Fill the card of each member, redeem it, and let them buy on."""
        for member in members:
            for _ in range(10):
                yield Activity(type="purchase", member=member, amount=4_00)
            yield Activity(type="stamps.redeemed", member=member, payload={"drink": "flat white"})
