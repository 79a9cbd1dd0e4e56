"""Medals keep what every plugin promises, in a history in which each of its activities occurs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from corekit import Activity
from corekit.testing import House, PluginContract

PROGRAM = """
[program]
name = "Corner shop"

[[ladders]]
code = "status"
name = "Status"

[[ladders.tiers]]
code = "ordinary"
name = "Ordinary"

[[ladders.tiers]]
code = "silver"
name = "Silver"
criteria = [{metric = "spend", window = "rolling 12 months", at_least = "200"}]

[[medals.definitions]]
id = "regular"
texts.en = {name = "Regular"}
on_reversal = "revoke"

[[medals.definitions.levels]]
when = {kind = "count", activity = "purchase", least = 2}

[[medals.definitions.levels]]
when = {kind = "streak", activity = "purchase", least = 3, unit = "day"}

[[medals.definitions]]
id = "spender"
texts.en = {name = "Spender"}
edition = 1000
on_reversal = "revoke"
when = {kind = "sum", activity = "purchase", least = "100", window = "rolling 30 days"}

[[medals.definitions]]
id = "collector"
texts.en = {name = "Collector"}
when = {kind = "distinct", activity = "purchase", field = "lines.sku", least = 3}

[[medals.definitions]]
id = "friend"
texts.en = {name = "Friend"}

[[medals.definitions.levels]]
[medals.definitions.levels.when]
kind = "all"
criteria = [
  {kind = "medal", medal = "collector"},
  {kind = "tier", tier = "silver"},
  {kind = "none", criteria = [{kind = "count", activity = "purchase", least = 100}]},
]

[[medals.definitions]]
id = "helper"
texts.en = {name = "Helper"}
when = {kind = "count", activity = "purchase", least = 1000}
"""


class TestMedals(PluginContract):
    """Medals keep all promises."""

    plugin = "medals"
    program = PROGRAM
    kept: ClassVar = {"medals_award": "a medal stays where its policy says so, and one that ended says why"}

    def history(self, house: House) -> Iterator[Activity]:
        """Add what is given, shown and taken by hand."""
        yield from super().history(house)
        told = {"medal": "helper", "reason": "for the help"}
        for member in house.members:
            yield house.does(member, "medals.awarded", payload=told, days=6)
            yield house.does(member, "medals.arranged", payload={"pinned": ["helper"]}, days=6.1)
            yield house.does(member, "medals.revoked", payload=told, days=6.2)
