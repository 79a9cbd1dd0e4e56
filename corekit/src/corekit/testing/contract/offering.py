"""The promise about what members can have: it can be said for every member, and set-based."""

from __future__ import annotations

from collections.abc import Sequence

from corekit.members.offering import offers
from corekit.testing.contract.trial import Trial, broken
from corekit.testing.house import House


class Offering:
    """It can always say what members can have, by as many statements for many as for one."""

    def test_offers(self, contract: Trial) -> None:
        """Ask after the history what one member can have, and what all can."""
        house, _, _ = contract.lived()
        one, all_ = (_asked(contract, house, members) for members in (house.members[:1], house.members))
        if one != all_:
            seen = f"{one} statements for 1 member, {all_} for {len(house.members)}"
            way = "read all at once in corekit_offers: any_of(column, ids)"
            broken(f"{contract.plugin}: what members can have takes a fixed number of statements", seen, way)


def _asked(contract: Trial, house: House, members: Sequence[str]) -> int:
    """Return how many statements it takes to say what members can have."""
    with house.kit.read() as read:
        found = offers(read, house.kit, members, house.kit.now())
        statements = read.statements
    if any(contract.plugin in each.missing for each in found.values()):
        way = "see in the log what corekit_offers raises, or offers that it may not"
        broken(f"{contract.plugin}: it says what members can have", "its offers are left out", way)
    return statements
