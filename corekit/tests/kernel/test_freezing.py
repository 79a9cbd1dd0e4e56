"""Accounts that are frozen: what they refuse, what passes all the same, and how they are opened again."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from corekit import Activity, Kit, SetAccountState


def _freeze(world: Any, member: str, **told: Any) -> Any:
    return world.does(member, "account.frozen", payload={"account": "toy", "reason": "dispute", **told})


def _state(world: Any, member: str, kind: str = "toy") -> str:
    from corekit import balances  # noqa: PLC0415

    with world.kit.read() as read:
        found = {each.kind: each.state for each in balances(read, [member], world.clock())[member]}
    return found[kind]


def _sets(state: Any) -> Callable[[Activity], SetAccountState]:
    """Make what lets ``toy.yield`` say what an account lets pass."""

    def make(activity: Activity) -> SetAccountState:
        return SetAccountState(activity, rule="x@1", account="toy", state=state)

    return make


def _place(world: Any, member: str, amount: int) -> Any:
    return world.does(member, "hold.placed", amount, unit="toys", payload={"account": "toy", "seconds": 600})


def test_nothing_is_taken_from_a_frozen_account_and_nothing_comes_in(world: Any) -> None:
    member = world.member()
    world.does(member, "toy.earn", 100)
    assert _freeze(world, member, debits_only=True).settled
    assert _state(world, member) == "no_debit"
    refused = world.does(member, "toy.spend", 1)
    assert (refused.code, refused.parameters["state"]) == ("ACCOUNT_CLOSED_TO_DEBITS", "no_debit")
    assert _place(world, member, 1).code == "ACCOUNT_CLOSED_TO_DEBITS"
    assert world.does(member, "toy.earn", 5).effects[0].state == "applied"
    assert _freeze(world, member).settled
    assert world.does(member, "toy.spend", 1).parameters["state"] == "frozen"
    (dropped,) = world.does(member, "toy.earn", 5).effects
    assert (dropped.state, dropped.code) == ("dropped", "ACCOUNT_FROZEN")
    assert _freeze(world, member).code == "ACCOUNT_STATE"
    assert world.does(member, "account.unfrozen", payload={"account": "toy"}).settled
    assert world.does(member, "toy.spend", 105).settled
    assert world.is_proved()


def test_what_was_before_still_passes_a_frozen_account(world: Any) -> None:
    member = world.member()
    earned = world.does(member, "toy.earn", 100, payload={"days": 3})
    spent = world.does(member, "toy.spend", 10)
    held = _place(world, member, 40).effects[0].id
    _freeze(world, member)
    assert world.kit.reverse(spent.activity_id).settled
    payload = {"hold": held}
    assert world.does(member, "hold.captured", 30, unit="toys", payload=payload).settled
    assert world.kit.reverse(earned.activity_id, amount=20).settled
    world.clock.advance(days=4)
    world.sweep(0)
    assert world.balances(member) == {"toy": 0}
    assert world.is_proved()


def test_taken_back_an_account_is_as_the_last_word_says_that_stands(world: Any) -> None:
    member = world.member()
    first = _freeze(world, member, debits_only=True)
    assert (_state(world, member), world.balances(member)) == ("no_debit", {"toy": 0}), "before it had anything"
    assert world.does(member, "toy.earn", 10).settled
    second = _freeze(world, member)
    assert world.kit.reverse(first.activity_id).settled
    assert _state(world, member) == "frozen", "somebody said so since"
    assert world.kit.reverse(second.activity_id).settled
    assert _state(world, member) == "open"
    third, fourth = _freeze(world, member), world.does(member, "account.unfrozen", payload={"account": "toy"})
    fifth = _freeze(world, member, debits_only=True)
    taken = [
        Activity(type="reversal", member=member, reverses=each.activity_id, external_id=f"undo{number}")
        for number, each in enumerate((fifth, fourth))
    ]
    assert all(outcome.settled for outcome in world.kit.record_many(taken))
    assert _state(world, member) == "frozen"
    assert world.is_proved()
    assert world.kit.reverse(third.activity_id).settled
    assert _state(world, member) == "open"
    assert world.is_proved()
    with world.kit.database.write() as connection:
        connection.exec_driver_sql("UPDATE core_account SET state = 'frozen' WHERE member_id IS NOT NULL")
    assert world.kit.verify().violations.keys() == {"frozen"}


def test_what_cannot_be_frozen_is_told(world: Any, toy: Any) -> None:
    member = world.member()
    assert world.does(member, "account.frozen", payload={"account": "gold"}).code == "ACCOUNT_UNKNOWN"
    assert world.does(member, "account.unfrozen", payload={"account": "toy"}).code == "ACCOUNT_STATE"
    toy.rogue.append(_sets("shut"))
    assert "'shut'" in world.does(member, "toy.yield", 1).message
    toy.rogue[:] = [_sets("no_debit")]
    assert world.does(member, "toy.yield", 2).effects[0].state == "applied"
    assert world.does(member, "member.frozen").settled
    assert world.does(member, "account.unfrozen", payload={"account": "toy"}).settled, "also of a frozen member"
    assert world.is_proved()


def test_the_command_line_freezes_and_unfreezes(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    app = typer.Typer()
    app.add_typer(import_module("corekit.cli.accounts").app, name="accounts")

    def give(_: Any) -> Kit:
        kit: Kit = world.kit
        return kit

    monkeypatch.setattr("corekit.cli.lives.open_kit", give)
    member = world.member()
    world.does(member, "toy.earn", 10)
    run = CliRunner()
    options = ["--debits-only", "--reason", "dispute"]
    assert run.invoke(app, ["accounts", "freeze", member, "toy", *options]).exit_code == 0
    assert _state(world, member) == "no_debit"
    assert run.invoke(app, ["accounts", "freeze", member, "toy", "--debits-only"]).exit_code == 1
    assert run.invoke(app, ["accounts", "unfreeze", member, "toy"]).exit_code == 0
    assert _state(world, member) == "open"
