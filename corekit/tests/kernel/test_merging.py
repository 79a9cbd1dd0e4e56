"""Two members become one: everything of the one is the other's, in one unit, and back again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from corekit import Activity
from corekit.ledger.tables import account, lot
from corekit.members.read import members


def lots(world: Any, member: str) -> list[Any]:
    """Return what is open in a member's lots, with when it lapses and from when it can be spent."""
    left = lot.c.issued - lot.c.consumed - lot.c.held - lot.c.expired
    chosen = (
        select(account.c.kind, lot.c.expires_at, lot.c.available_from, left)
        .join(account, account.c.id == lot.c.account_id)
        .where(account.c.member_id == member, left > 0)
    )
    with world.kit.read() as read:
        return sorted(map(tuple, read.all(chosen)), key=str)


def state(world: Any, member: str) -> tuple[str, str | None]:
    with world.kit.read() as read:
        found = members(read, [member])[member]
    return found.state, found.merged_into


@pytest.mark.row("M3", way="python")
@pytest.mark.row("M3", way="reversal")
def test_value_goes_over_as_it_is_and_comes_back(world: Any) -> None:
    ann, bob = world.member(), world.member()
    world.does(ann, "toy.earn", 10)
    world.does(bob, "toy.earn", 50, payload={"days": 2})
    world.does(bob, "toy.earn_plain", 7)
    world.does(bob, "toy.earn", 30)
    before = lots(world, ann), lots(world, bob)
    merged = world.kit.merge(ann, bob, reason="the same person", actor="staff:1")
    assert merged.settled, merged
    assert lots(world, bob) == []
    assert lots(world, ann) == sorted([*before[0], *before[1]], key=str)
    assert world.balances(ann) == {"toy": 90, "toy.plain": 7}
    assert (state(world, ann), state(world, bob)) == (("active", None), ("merged", ann))
    assert world.is_proved()
    back = world.kit.reverse(merged.activity_id)
    assert back.settled, back
    assert (lots(world, ann), lots(world, bob)) == before
    assert (state(world, ann), state(world, bob)) == (("active", None), ("active", None))
    assert world.is_proved()
