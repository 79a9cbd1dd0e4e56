"""How far plugins are told what happened, and mending it, through GraphQL."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import Activity, Kit
from corekit.outbox.delivery import DELAYS
from corekit.testing.clock import SettableClock
from corekit.testing.modules import plugin_module
from corekit_schema import Viewer
from corekit_schema.ids import global_id

DELIVERIES = """
{ deliveries {
    plugin enabled lag oldest waiting members dead
    deadLetters { position type activityId memberId attempts failedAt reason }
} }
"""
MEND = "mutation ($plugin: String!, $member: ID) {{ {0}(input: {{plugin: $plugin, memberId: $member}}) {{ {1} }} }}"
ANSWER = "letters userErrors { path code message }"


@pytest.fixture
def deaf() -> list[bool]:
    return [True]


@pytest.fixture
def kit(make_kit: Any, deaf: list[bool]) -> Kit:
    def listen(event: Any) -> None:
        if deaf:
            raise ConnectionError("secret")

    made: Kit = make_kit(modules={"ears": plugin_module(corekit_happened=_hook(listen))})
    return made


def _hook(listen: Any) -> Any:
    def corekit_happened(event: Any) -> None:
        listen(event)

    return corekit_happened


@pytest.fixture
def dead(kit: Kit, clock: SettableClock) -> str:
    """A member of whom nothing could be told; something more is new."""
    member = kit.record(Activity(type="member.registered")).member
    kit.deliver()
    for delay in DELAYS:
        clock.advance(seconds=delay)
        kit.deliver()
    kit.record(Activity(type="purchase", member=member, amount=100))
    return member


def test_staff_see_how_far_plugins_are_and_what_was_given_up(kit: Kit, dead: str, door: Any) -> None:
    (ears,) = door(kit).data(DELIVERIES)["deliveries"]
    assert (ears["plugin"], ears["enabled"], ears["lag"]) == ("ears", True, 1)
    assert (ears["waiting"], ears["members"], ears["dead"]) == (0, 0, 1)
    (letter,) = ears["deadLetters"]
    assert letter["memberId"] == global_id("Member", dead)
    assert (letter["type"], letter["attempts"]) == ("member.registered", len(DELAYS) + 1)
    assert letter["reason"]["error"] == "ConnectionError"
    assert "secret" not in str(ears)


def test_a_dead_letter_is_tried_again(kit: Kit, dead: str, deaf: list[bool], door: Any) -> None:
    graph = door(kit)
    deaf.clear()
    told = graph.data(MEND.format("retryDeliveries", ANSWER), plugin="ears", member=global_id("Member", dead))
    assert told["retryDeliveries"] == {"letters": 1, "userErrors": []}
    assert kit.deliver() == 2
    assert graph.data("{ deliveries { lag dead } }")["deliveries"] == [{"lag": 0, "dead": 0}]


def test_a_dead_letter_is_skipped(kit: Kit, dead: str, door: Any) -> None:
    graph = door(kit)
    assert graph.data(MEND.format("skipDeliveries", ANSWER), plugin="ears")["skipDeliveries"]["letters"] == 1
    assert graph.data("{ deliveries { dead } }")["deliveries"] == [{"dead": 0}]


def test_a_plugin_that_is_told_nothing_is_a_user_error(kit: Kit, door: Any) -> None:
    answer = door(kit).data(MEND.format("retryDeliveries", ANSWER), plugin="eras")["retryDeliveries"]
    assert answer["letters"] is None
    assert [(error["path"], error["code"]) for error in answer["userErrors"]] == [(["input", "plugin"], "NOT_FOUND")]
    assert "did you mean 'ears'" in answer["userErrors"][0]["message"]


def test_who_lacks_the_permission_sees_nothing_and_changes_nothing(kit: Kit, dead: str, door: Any) -> None:
    graph = door(kit)
    member = Viewer(kind="member", member=dead)
    for text in (DELIVERIES, MEND.format("skipDeliveries", ANSWER)):
        answer = graph.ask(text, member, plugin="ears") if "$" in text else graph.ask(text, member)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert len(kit.outbox.dead_letters()) == 1
