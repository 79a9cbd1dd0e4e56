"""Lots lapse: to whoever reads at once, in the books when the account is touched or the sweep comes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from corekit.ledger.read import balances

MICROSECOND = timedelta(microseconds=1)


def _available(world: Any, member: str) -> tuple[int, int]:
    with world.kit.read() as read:
        (balance,) = balances(read, [member], world.clock())[member]
    return balance.balance, balance.available


@pytest.mark.row("P7", way="python")
@pytest.mark.parametrize(
    ("step", "available", "verdict"), [(-MICROSECOND, 50, "settled"), (0 * MICROSECOND, 0, "refused")]
)
def test_value_lapses_at_its_instant_and_not_before(world: Any, step: timedelta, available: int, verdict: str) -> None:
    member = world.member()
    earned = world.clock() + timedelta(seconds=1)
    world.does(member, "toy.earn", 50, payload={"days": 3})
    world.clock.set(earned + timedelta(days=3) + step)
    assert _available(world, member) == (50, available), "a read writes nothing"
    assert world.kit.record(world.activity(member, "toy.spend", 50)).outcome == verdict
    assert world.is_proved()


def test_whoever_touches_the_account_expires_it_first_with_an_activity_of_its_own(world: Any) -> None:
    member = world.member()
    world.does(member, "toy.earn", 50, payload={"days": 1})
    world.clock.advance(days=2)
    earned = world.does(member, "toy.earn", 7)
    assert earned.seq == 4, "the expiry came before it"
    assert _available(world, member) == (7, 7)
    assert world.is_proved()


def test_a_refusal_expires_nothing_and_the_next_activity_does(world: Any) -> None:
    member = world.member()
    world.does(member, "toy.earn", 50, payload={"days": 1})
    world.clock.advance(days=2)
    assert world.does(member, "toy.spend", 1).parameters["available"] == "0"
    assert _available(world, member) == (50, 0)
    world.does(member, "toy.earn", 1)
    assert _available(world, member) == (1, 1)
    assert world.is_proved()


def test_the_earliest_is_spent_first_then_the_oldest(world: Any) -> None:
    member = world.member()
    world.does(member, "toy.earn", 10)
    world.does(member, "toy.earn", 10, payload={"days": 9})
    world.does(member, "toy.earn", 10, payload={"days": 3})
    world.does(member, "toy.spend", 15)
    world.clock.advance(days=5)
    assert _available(world, member) == (15, 15), "the one of three days is spent, so none of it lapsed"
    world.clock.advance(days=5)
    assert _available(world, member) == (15, 10)
    assert world.is_proved()


@pytest.mark.row("P7", way="reversal")
def test_a_sweep_expires_once_and_finds_nothing_the_second_time(world: Any) -> None:
    members = [world.member() for _ in range(3)]
    for member in members:
        world.does(member, "toy.earn", 50, payload={"days": 1})
        world.does(member, "toy.earn", 5, payload={"days": 9})
    at = world.clock() + timedelta(days=2)
    first, second = world.kit.sweep("expiry", at=at), world.kit.sweep("expiry", at=at)
    assert (first.found, first.settled, second.found, second.settled) == (3, 3, 0, 0)
    assert [world.balances(member) for member in members] == [{"toy": 5}] * 3
    assert world.is_proved()


def test_when_it_is_materialised_does_not_change_the_end(world: Any) -> None:
    touched, untouched = world.member(), world.member()
    for member in (touched, untouched):
        world.does(member, "toy.earn", 50, payload={"days": 1})
    world.clock.advance(days=2)
    world.does(touched, "purchase")
    world.sweep(0)
    assert world.balances(touched) == world.balances(untouched) == {"toy": 0}
    assert world.is_proved()


def test_history_expires_as_history(world: Any) -> None:
    then = world.clock() - timedelta(days=2)
    past: dict[str, Any] = {"source": "history"}
    from corekit import Activity  # noqa: PLC0415

    member = world.kit.record(Activity(type="member.registered", occurred_at=then - timedelta(days=9), **past)).member
    world.kit.record(world.activity(member, "toy.earn", 50, payload={"days": 1}, occurred_at=then, **past))
    spend = world.activity(member, "toy.spend", 50, occurred_at=then + timedelta(hours=23), **past)
    assert world.kit.record(spend).settled, "it had not lapsed then"
    assert world.is_proved()


def test_why_explains_an_expiry(world: Any) -> None:
    from sqlalchemy import select  # noqa: PLC0415

    from corekit.activities.tables import activity  # noqa: PLC0415

    member = world.member()
    world.does(member, "toy.earn", 50, payload={"days": 1})
    world.sweep()
    with world.kit.read() as read:
        found = read.scalar(select(activity.c.id).where(activity.c.type == "toy.expired"))
    (explained,) = world.kit.why(found).effects
    assert (explained.effect.kind, explained.effect.amount, explained.effect.rule) == ("Expire", 50, "expiry@1")
    assert [(posting.debit, posting.credit, posting.amount) for posting in explained.postings] == [
        ("toy", "toy.breakage", 50)
    ]
