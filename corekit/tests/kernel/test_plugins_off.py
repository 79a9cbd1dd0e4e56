"""With its plugin off, what a plugin left rests: it is kept and read, hinders nobody, and goes on when it is back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from corekit import SettingsError, Unit
from corekit.ledger.read import balances
from corekit.testing.modules import plugin_module


@pytest.fixture
def off(world: Any, make_world: Callable[..., Any]) -> Callable[[], Any]:
    """Open the database of the world without its plugin."""
    return lambda: make_world(database=world.kit.database.url.render_as_string(hide_password=False))


def test_rows_and_accounts_stay_readable(world: Any, off: Callable[[], Any]) -> None:
    member = world.member()
    earned = world.does(member, "toy.earn", 70)
    bare = off()
    with bare.kit.read() as read:
        (balance,) = balances(read, [member], bare.clock())[member]
    assert (balance.kind, balance.unit, balance.available) == ("toy", "toys", 70)
    assert [each.effect.account for each in bare.kit.why(earned.activity_id).effects] == ["toy"]
    assert bare.is_proved()


def test_members_go_on_and_what_is_due_rests(world: Any, off: Callable[[], Any]) -> None:
    member = world.member()
    world.does(member, "toy.earn", 70, payload={"days": 1})
    world.clock.advance(days=5)
    bare = off()
    assert bare.does(member, "purchase", 900).settled
    assert bare.kit.sweep("expiry").found == 0
    assert bare.balances(member) == {"toy": 70}
    world.clock.advance(days=1)
    assert world.does(member, "toy.earn", 1).settled
    assert world.balances(member) == {"toy": 1}
    assert world.is_proved()


def test_what_a_missing_plugin_did_is_not_taken_back(world: Any, off: Callable[[], Any]) -> None:
    world.stock(5)
    member = world.member()
    done = [world.does(member, "toy.earn", 70), world.does(member, "toy.take")]
    bare = off()
    for each in done:
        refused = bare.kit.reverse(each.activity_id)
        assert (refused.outcome, refused.code, refused.parameters) == ("refused", "PLUGIN_OFF", {"plugin": "toy"})
    assert world.kit.reverse(done[0].activity_id).settled
    assert world.is_proved()


def test_what_waits_for_a_missing_plugin_is_put_aside_until_it_is_back(world: Any, off: Callable[[], Any]) -> None:
    member = world.member()
    world.kit.enqueue([world.activity(member, "toy.earn", 5), world.activity(member, "purchase", 50)])
    bare = off()
    bare.kit.work()
    assert bare.rows()["core_intake"] == 1
    assert bare.balances(member) == {}
    assert (world.kit.retry_failed(), world.kit.work()) == (1, 1)
    assert world.balances(member) == {"toy": 5}
    assert world.is_proved()


def test_what_a_missing_plugin_has_set_aside_is_refused_to_be_captured(world: Any, off: Callable[[], Any]) -> None:
    member = world.member()
    world.does(member, "toy.earn", 70)
    held = world.does(member, "hold.placed", 60, unit="toys", payload={"account": "toy"})
    payload = {"hold": held.effects[0].id}
    bare = off()
    assert bare.does(member, "hold.captured", payload=payload).code == "PLUGIN_OFF"
    assert bare.does(member, "hold.released", payload=payload).code == "PLUGIN_OFF"
    assert world.does(member, "hold.captured", payload=payload).settled
    assert world.is_proved()


@pytest.mark.parametrize(
    ("declared", "said"), [({"lots": False}, "kept with lots"), ({"unit": Unit("tokens", 0)}, "kept in toys")]
)
def test_a_kind_that_is_kept_is_not_kept_otherwise(
    world: Any, make_world: Callable[..., Any], toy: Any, declared: dict[str, Any], said: str
) -> None:
    was = toy.corekit_declare()
    now = evolve(was, accounts=[evolve(was.accounts[0], **declared), *was.accounts[1:]])
    module = plugin_module(now, "toy", corekit_react=toy.corekit_react)
    with pytest.raises(SettingsError, match=f"toy is {said}.*; declare it so, or name another"):
        make_world(modules={"toy": module}, database=world.kit.database.url.render_as_string(hide_password=False))
