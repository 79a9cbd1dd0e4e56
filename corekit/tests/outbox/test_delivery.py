"""Plugins are told what happened: after the commit, in order per member, until they listened."""

from __future__ import annotations

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from corekit import Activity, Event, Kit, NotFound
from corekit.outbox.delivery import DELAYS, TURN
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit

Joins = Callable[[], str]
Buys = Callable[..., Activity]


def standing(kit: Kit, plugin: str = "ears") -> Any:
    return next(each for each in kit.outbox.standings() if each.plugin == plugin)


def test_an_event_tells_what_was_settled(kit: Kit, ears: Any, joins: Joins) -> None:
    member = joins()
    sent = Activity(
        type="purchase",
        member=member,
        source="till-3",
        external_id="receipt-1",
        amount=4200,
        payload={"store": "north"},
        actor="staff:mira",
    )
    answer = kit.record(sent)
    assert kit.deliver("ears") == 2
    event = ears.heard[-1]
    assert (event.id, event.type, event.member, event.seq) == (answer.activity_id, "purchase", member, answer.seq)
    assert (event.source, event.external_id, event.actor) == ("till-3", "receipt-1", "staff:mira")
    assert (event.amount, event.unit, event.payload) == (4200, kit.settings.currency.code, {"store": "north"})
    assert event.occurred_at <= event.recorded_at
    assert (event.attempt, event.reverses, event.parent) == (1, None, None)


def test_a_reversal_names_what_it_takes_back(kit: Kit, ears: Any, joins: Joins, buys: Buys) -> None:
    bought = buys(joins())
    kit.reverse(bought.id)
    kit.deliver()
    assert ears.heard[-1].reverses == bought.id


def test_nothing_is_told_before_it_is_committed_or_if_it_never_is(kit: Kit, ears: Any, joins: Joins) -> None:
    member = joins()
    kit.deliver()
    kit.simulate(Activity(type="purchase", member=member, amount=100))
    kit.record(Activity(type="member.unfrozen", member=member))  # refused
    assert kit.deliver() == 0
    assert ears.types() == ["member.registered"]


def test_each_plugin_has_a_cursor_of_its_own(kit: Kit, ears: Any, eyes: Any, joins: Joins) -> None:
    joins()
    assert kit.deliver("ears") == 1
    joins()
    assert (standing(kit, "ears").lag, standing(kit, "eyes").lag) == (1, 2)
    assert kit.deliver() == 3
    assert (len(ears.heard), len(eyes.heard)) == (2, 2)


def test_what_is_delivered_is_not_delivered_again(kit: Kit, ears: Any, joins: Joins) -> None:
    for _ in range(TURN + 5):
        joins()
    kit.deliver()
    kit.deliver()
    assert [event.position for event in ears.heard] == sorted({event.position for event in ears.heard})
    assert len(ears.heard) == TURN + 5


def test_a_limit_leaves_the_rest_for_the_next_time(kit: Kit, ears: Any, joins: Joins) -> None:
    for _ in range(7):
        joins()
    assert kit.deliver("ears", limit=5) == 5
    assert standing(kit).lag == 2
    assert kit.deliver("ears") == 2


def test_who_raises_is_told_again_later_and_nobody_else_waits(
    kit: Kit, ears: Any, eyes: Any, clock: SettableClock, joins: Joins, buys: Buys
) -> None:
    ann, bob = joins(), joins()
    kit.deliver()
    ears.deaf_to.add(ann)
    for member in (ann, bob, ann, bob):
        buys(member)
    kit.deliver()
    assert ears.types(ann) == ["member.registered"]
    assert ears.types(bob) == ["member.registered", "purchase", "purchase"]
    assert eyes.types(ann) == ["member.registered", "purchase", "purchase"]
    told = standing(kit)
    assert (told.lag, told.waiting, told.members, told.dead) == (0, 2, 1, 0)
    ears.deaf_to.clear()
    assert kit.deliver() == 0
    clock.advance(seconds=DELAYS[0])
    assert kit.deliver() == 2
    assert [event.attempt for event in ears.heard if event.member == ann] == [1, 2, 1]
    assert standing(kit).waiting == 0


def test_what_comes_while_a_member_waits_waits_behind(
    kit: Kit, ears: Any, clock: SettableClock, joins: Joins, buys: Buys
) -> None:
    ann = joins()
    ears.deaf_to.add(ann)
    kit.deliver()
    amounts = list(range(1, 6))
    for amount in amounts:
        buys(ann, amount)
        kit.deliver()
    ears.deaf_to.clear()
    clock.advance(seconds=DELAYS[-1])
    kit.deliver()
    assert [event.amount for event in ears.heard] == [0, *amounts]
    assert ears.heard == sorted(ears.heard, key=_position)


def test_after_the_last_attempt_the_letter_is_dead_and_the_member_goes_on(
    kit: Kit, ears: Any, clock: SettableClock, joins: Joins, buys: Buys
) -> None:
    ann = joins()
    ears.before = _refuse_to_register
    kit.deliver()
    bought = buys(ann)
    for delay in DELAYS:
        assert standing(kit).dead == 0
        clock.advance(seconds=delay - 2)
        assert kit.deliver("ears") in (0, 1)  # what was bought is put behind, once
        clock.advance(seconds=2)
        assert kit.deliver("ears") >= 1
    (dead,) = kit.outbox.dead_letters()
    assert (dead.plugin, dead.type, dead.member, dead.attempts) == ("ears", "member.registered", ann, len(DELAYS) + 1)
    assert dead.reason["error"] == "ConnectionError"
    assert "secret" not in str(dead)
    assert [event.id for event in ears.heard] == [bought.id]
    assert (standing(kit).waiting, standing(kit).dead) == (0, 1)


def _position(event: Event) -> int:
    return event.position


def _refuse_to_register(event: Event) -> None:
    if event.type == "member.registered":
        raise ConnectionError("secret of the ear")


@pytest.fixture
def dead(kit: Kit, ears: Any, clock: SettableClock, joins: Joins) -> str:
    """A member with a dead letter of ``ears``."""
    ann = joins()
    ears.deaf_to.add(ann)
    kit.deliver()
    for delay in DELAYS:
        clock.advance(seconds=delay)
        kit.deliver()
    ears.deaf_to.clear()
    assert standing(kit).dead == 1
    return ann


def test_a_dead_letter_is_delivered_once_somebody_says_so(kit: Kit, ears: Any, dead: str) -> None:
    assert kit.deliver() == 0
    assert kit.outbox.retry("eyes") == 0
    assert kit.outbox.retry("ears", member="f" * 32) == 0
    assert kit.outbox.retry("ears", member=dead) == 1
    assert kit.deliver() == 1
    assert [(event.member, event.attempt) for event in ears.heard] == [(dead, 1)]
    assert standing(kit).dead == 0


def test_a_dead_letter_can_be_given_up(kit: Kit, ears: Any, dead: str) -> None:
    assert kit.outbox.skip("ears", member=dead) == 1
    assert kit.outbox.dead_letters() == []
    assert kit.deliver() == 0
    assert ears.heard == []


def test_what_holds_a_member_up_can_be_skipped(kit: Kit, ears: Any, joins: Joins, buys: Buys) -> None:
    ann = joins()
    ears.deaf_to.add(ann)
    kit.deliver()
    bought = buys(ann)
    kit.deliver()
    ears.deaf_to.clear()
    assert kit.outbox.skip("ears") == 1
    assert kit.deliver() == 1
    assert [event.id for event in ears.heard] == [bought.id]


@pytest.mark.parametrize("said", ["skip", "retry"])
def test_what_somebody_says_of_a_letter_while_it_is_tried_holds(
    kit: Kit, ears: Any, clock: SettableClock, joins: Joins, said: str
) -> None:
    ann = joins()
    ears.deaf_to.add(ann)
    for delay in DELAYS:
        kit.deliver("ears")
        clock.advance(seconds=delay)

    quiet = ears.before

    def meanwhile(_: Event) -> None:
        ears.before = quiet
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(getattr(kit.outbox, said), "ears").result() == 1

    ears.before = meanwhile
    assert kit.deliver("ears", limit=1) == 1
    assert (standing(kit).waiting, standing(kit).dead) == ({"skip": 0, "retry": 1}[said], 0)
    ears.deaf_to.clear()
    kit.deliver("ears")
    assert [event.attempt for event in ears.heard] == {"skip": [], "retry": [1]}[said]


def test_an_unknown_plugin_is_told_so(kit: Kit) -> None:
    for ask in (kit.deliver, kit.outbox.retry, kit.outbox.skip):
        with pytest.raises(NotFound, match="did you mean 'ears'"):
            ask("earz")


def test_a_plugin_that_is_switched_on_later_begins_where_it_declares(
    kit: Kit, make_kit: MakeKit, ears: Any, joins: Joins
) -> None:
    joins()
    old, new = type(ears)(), type(ears)()
    modules = {"old": old.module(happened_from="beginning"), "new": new.module()}
    later = make_kit(modules=modules, database=kit.settings.database)
    joins()
    later.deliver()
    assert (len(old.heard), len(new.heard)) == (2, 1)
    assert [each.plugin for each in later.outbox.standings() if not each.enabled] == ["ears", "eyes"]


def test_off_and_on_again_a_plugin_goes_on_where_it_was(kit: Kit, make_kit: MakeKit, ears: Any, joins: Joins) -> None:
    joins()
    kit.deliver()
    bare = make_kit(database=kit.settings.database)
    bare.record(Activity(type="member.registered"))
    assert bare.deliver() == 0
    again = make_kit(modules={"ears": ears.module()}, database=kit.settings.database)
    again.deliver()
    assert len(ears.heard) == 2


def test_a_plugin_that_no_upgrade_knew_is_found_by_its_first_delivery(kit: Kit, ears: Any, joins: Joins) -> None:
    from sqlalchemy import delete  # noqa: PLC0415

    from corekit.outbox.tables import cursor  # noqa: PLC0415

    joins()
    with kit.database.write() as connection:
        connection.execute(delete(cursor))
    assert kit.deliver() == 0
    joins()
    kit.deliver()
    assert len(ears.heard) == 1


def test_one_delivers_to_a_plugin_and_a_second_one_stands_by(kit: Kit, ears: Any, eyes: Any, joins: Joins) -> None:
    """Who tries meanwhile is sent on to the other plugins, and finds nothing to do where somebody is at work."""
    joins()
    seen: list[int] = []

    def deliver_meanwhile(_: Event) -> None:
        seen.extend((kit.deliver("ears"), kit.deliver("eyes")))

    ears.before = deliver_meanwhile
    assert kit.deliver("ears") == 1
    assert seen == [0, 1]
    assert (len(ears.heard), len(eyes.heard)) == (1, 1)


def test_a_deliverer_that_dies_in_a_call_tells_it_again(kit: Kit, ears: Any, joins: Joins) -> None:
    """At least once: had the cursor moved before the call, what was being told would be lost."""
    for _ in range(3):
        joins()

    def die(event: Any) -> None:
        if len(ears.heard) == 1:
            signal.default_int_handler(signal.SIGINT, None)  # what the interpreter calls

    ears.before = die
    with pytest.raises(KeyboardInterrupt):
        kit.deliver("ears")
    ears.before = type(ears)().before
    kit.deliver("ears")
    positions = [event.position for event in ears.heard]
    assert len(set(positions)) == 3
    assert positions == [positions[0], *sorted(set(positions))]
