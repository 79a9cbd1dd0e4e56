"""What members had in another system is taken over, against an account of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from corekit import Invalid
from corekit.ledger.tables import account, posting


def _open(world: Any, member: str, kind: str = "toy", **values: Any) -> Any:
    soon = (world.clock() + timedelta(days=5)).isoformat()
    lots = [{"amount": 70, "expires_at": soon}, {"amount": 30}]
    return world.does(member, "opening.balance", payload={"account": kind, "lots": lots}, **values)


@pytest.mark.row("A11", way="python")
def test_lots_are_taken_over_with_their_expiry_against_the_opening_account(world: Any) -> None:
    member = world.member()
    assert _open(world, member, external_id="old system").settled
    assert world.balances(member) == {"toy": 100}
    assert _opened(world) == 100
    world.clock.advance(days=6)
    world.sweep(0)
    assert world.balances(member) == {"toy": 30}, "that of the kind does not count for what is taken over"
    assert world.is_proved()


@pytest.mark.row("A11", way="reversal")
def test_an_opening_is_taken_back_to_the_opening_account(world: Any) -> None:
    member = world.member()
    opened = _open(world, member)
    world.does(member, "toy.spend", 20)
    assert world.kit.reverse(opened.activity_id).settled
    assert world.balances(member) == {"toy": 0, "toy.debt": -20}
    assert _opened(world) == 0
    assert world.is_proved()


@pytest.mark.row("A11", way="bad_input")
def test_an_opening_that_cannot_be_is_told(world: Any) -> None:
    member = world.member()
    assert _open(world, member, "gold").code == "ACCOUNT_UNKNOWN"
    for lots in ([], [{"amount": 0}], [{"amount": "1.5"}], [{"amount": 1, "expires_at": "soon"}]):
        with pytest.raises(Invalid) as told:
            world.does(member, "opening.balance", payload={"account": "toy", "lots": lots})
        assert told.value.problems[0].path[:2] == ("payload", "lots")
    assert world.balances(member) == {}


def _opened(world: Any) -> int:
    """Return what left the opening account."""
    opening = select(account.c.id).where(account.c.kind == "toy.opening").scalar_subquery()
    total = select(func.coalesce(func.sum(posting.c.amount), 0))
    with world.kit.read() as read:
        out = read.scalar(total.where(posting.c.debit_account_id == opening))
        back = read.scalar(total.where(posting.c.credit_account_id == opening))
    return int(out - back)
