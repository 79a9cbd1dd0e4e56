"""A plugin that is suspended: what it may react to waits, all else goes on, and whoever runs the program is told."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import ModuleType
from typing import Any

import pytest
from corekit_rogue import acts, plugin
from sqlalchemy import event, func, select, text

from corekit import ActivityType, Batch, Busy, Credit, Declares, Event, Follow, Kit, NotFound, Unavailable
from corekit.activities import breaker, watch
from corekit.activities.tables import intake, open_unit
from corekit.audit.tables import audit
from corekit.testing.modules import plugin_module


def gift(**hooks: Any) -> ModuleType:
    """Return a plugin that answers one type, and lets another follow from it."""

    def react(batch: Batch) -> Any:
        for activity in batch.of("gift.ask"):
            yield Credit(activity, rule="gift@1", account="toy", amount=7)
            yield Follow(activity, rule="gift@1", type="gift.given", name="given")

    declares = Declares(
        requires=["toy"],
        activities=[ActivityType(name="gift.ask"), ActivityType(name="gift.given")],
        reacts=["gift.ask"],
    )
    return plugin_module(declares, "gift", **{"corekit_react": react, **hooks})


@pytest.fixture
def world(make_world: Any, toy: Any) -> Any:
    return make_world(modules={"toy": toy, "gift": gift()})


@pytest.fixture
def rogue(make_world: Any, toy: Any) -> Iterator[Any]:
    acts.RELEASED.clear()
    yield make_world(modules={"toy": toy, "rogue": plugin})
    plugin.armed.clear()
    acts.RELEASED.set()


def nothing() -> dict[str, str]:
    return {}


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    pause = threading.Event()
    for _ in range(1_000):
        if holds():
            return
        pause.wait(0.01)
    raise TimeoutError


def waiting(world: Any) -> dict[str, int]:
    with world.kit.read() as read:
        rows = read.all(select(intake.c.state, func.count().label("number")).group_by(intake.c.state))
    return {row.state: row.number for row in rows}


def test_what_it_reacts_to_is_busy_and_not_stored_and_the_same_key_settles_when_it_is_resumed(world: Any) -> None:
    member = world.member()
    assert world.kit.suspend("gift", "it gives too much", actor="cli")
    ask = world.activity(member, "gift.ask", external_id="k1")
    before = world.rows()
    with pytest.raises(Busy) as busy:
        world.kit.record(ask)
    assert (busy.value.code, busy.value.parameters) == ("PLUGIN_SUSPENDED", {"plugin": "gift"})
    assert "it gives too much" in busy.value.message
    assert world.rows() == before
    assert world.does(member, "toy.earn", 3).settled, "what it does not react to goes on"
    world.kit.upgrade()
    assert list(world.kit.terms().suspensions.plugins) == ["gift"], "who starts anew knows it as well"
    assert world.kit.resume("gift", actor="cli")
    assert world.kit.record(ask).settled
    assert world.balances(member) == {"toy": 10}
    assert world.is_proved()


def test_a_chunk_answers_each_by_itself(world: Any) -> None:
    member, other = world.member(), world.member()
    world.kit.suspend("gift")
    coming = [world.activity(member, "gift.ask"), world.activity(member, "toy.earn", 3)]
    answers = list(world.kit.record_many([*coming, world.activity(other, "toy.earn", 5)]))
    assert [(each.outcome, each.code) for each in answers] == [
        ("busy", "PLUGIN_SUSPENDED"),
        ("settled", None),
        ("settled", None),
    ]
    assert (world.balances(member), world.balances(other)) == ({"toy": 3}, {"toy": 5})


def test_enqueued_work_waits_for_it_and_holds_up_nobody(world: Any) -> None:
    member = world.member()
    world.kit.suspend("gift")
    world.kit.enqueue([world.activity(member, "gift.ask"), world.activity(member, "toy.earn", 3)])
    assert world.kit.work() == 2
    assert (waiting(world), world.balances(member)) == ({"held": 1}, {"toy": 3})
    assert world.kit.work() == 0
    world.kit.resume("gift")
    assert waiting(world) == {"waiting": 1}
    assert world.kit.work() == 1
    assert (waiting(world), world.balances(member)) == ({}, {"toy": 10})
    assert world.is_proved()


def test_what_follows_for_it_waits_and_its_parent_settles(make_world: Any, toy: Any) -> None:
    def react(batch: Batch) -> Any:
        for activity in batch.of("toy.link"):
            yield Credit(activity, rule="link@1", account="toy", amount=100)

    links = plugin_module(Declares(requires=["toy"], reacts=["toy.link"]), "links", corekit_react=react)
    world = make_world(modules={"toy": toy, "links": links})
    member = world.member()
    world.kit.suspend("links")
    assert world.does(member, "toy.chain", 1).settled
    assert (waiting(world), world.balances(member)) == ({"waiting": 1}, {"toy": 1})
    world.kit.work()
    assert waiting(world) == {"held": 1}
    world.kit.resume("links")
    world.kit.work()
    assert (waiting(world), world.balances(member)) == ({}, {"toy": 101})
    assert world.is_proved()


def test_another_process_hears_of_it_with_the_next_activity(world: Any, toy: Any) -> None:
    member = world.member()
    other = Kit(world.kit.settings, clock=world.clock, modules={"toy": toy, "gift": gift()})
    assert other.record(world.activity(member, "gift.ask")).settled
    world.kit.suspend("gift")
    with pytest.raises(Busy):
        other.record(world.activity(member, "gift.ask"))
    world.kit.resume("gift")
    assert other.record(world.activity(member, "gift.ask")).settled
    other.close()


def test_it_is_told_nothing_until_it_is_resumed(make_world: Any, toy: Any) -> None:
    heard: list[str] = []

    def hears(event: Event) -> None:
        heard.append(event.type)

    world = make_world(modules={"toy": toy, "gift": gift(corekit_happened=hears)})
    world.kit.suspend("gift")
    world.does(world.member(), "toy.earn", 1)
    assert (world.kit.deliver("gift"), heard) == (0, [])
    world.kit.resume("gift")
    assert (world.kit.deliver("gift"), heard) == (2, ["member.registered", "toy.earn"])


def test_who_it_lets_join_waits(make_world: Any, toy: Any) -> None:
    world = make_world(modules={"toy": toy, "gift": gift(corekit_may_enrol=lambda: None)})
    world.kit.suspend("gift")
    with pytest.raises(Busy) as busy:
        world.member()
    assert busy.value.code == "PLUGIN_SUSPENDED"
    world.kit.resume("gift")
    assert world.member()


def test_what_it_knows_of_a_member_is_neither_exported_nor_erased(make_world: Any, toy: Any) -> None:
    world = make_world(modules={"toy": toy, "gift": gift(corekit_export=nothing, corekit_erase=nothing)})
    member = world.member()
    world.kit.suspend("gift")
    with pytest.raises(Busy):
        world.kit.export(member)
    assert world.kit.erase(member).state == "open"
    world.kit.resume("gift")
    assert world.kit.export(member)["plugins"] == {"gift": {}}
    assert world.kit.erase(member).state == "done"


def test_suspending_twice_changes_nothing_and_the_trail_tells_who_did(world: Any) -> None:
    assert [world.kit.suspend("gift", "why", actor="staff:mira") for _ in range(2)] == [True, False]
    (suspension,) = world.kit.suspensions()
    assert (suspension.plugin, suspension.reason, suspension.actor) == ("gift", "why", "staff:mira")
    assert [world.kit.resume("gift", actor="cli") for _ in range(2)] == [True, False]
    assert world.kit.suspensions() == []
    with world.kit.read() as read:
        rows = read.all(select(audit.c.what, audit.c.actor, audit.c.subject).order_by(audit.c.id))
    assert [tuple(row) for row in rows] == [
        ("plugin.suspended", "staff:mira", "gift"),
        ("plugin.resumed", "cli", "gift"),
    ]
    with pytest.raises(NotFound, match="did you mean 'gift'"):
        world.kit.suspend("gifts")


@pytest.fixture
def at_once(world: Any) -> Callable[[str, str], list[bool]]:
    """Suspend two plugins at once: when the first is about to be written, the second comes as far as it gets."""
    kit, others = world.kit, list[Future[bool]]()
    waits = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")

    def has_its_turn() -> bool:
        with kit.database.connect() as connection:
            return others[0].done() or connection.execute(waits).first() is not None

    def suspend(first: str, second: str) -> list[bool]:
        def meanwhile(_connection: Any, _cursor: Any, sent: str, *_: Any) -> None:
            if sent.startswith("INSERT INTO core_audit") and not others:
                others.append(pool.submit(kit.suspend, second, actor="staff:noor"))
                until(has_its_turn)

        event.listen(kit.database.engine, "before_cursor_execute", meanwhile)
        with ThreadPoolExecutor(1) as pool:
            return [kit.suspend(first, actor="staff:mira"), others[0].result()]

    return suspend


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_two_plugins_are_suspended_at_once(world: Any, at_once: Any) -> None:
    for each in ("toy", "gift"):  # each has its row
        world.kit.suspend(each)
        world.kit.resume(each)
    assert at_once("toy", "gift") == [True, True]
    assert [each.plugin for each in world.kit.suspensions()] == ["gift", "toy"]


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_of_two_who_suspend_a_plugin_at_once_one_does(world: Any, at_once: Any) -> None:
    assert at_once("gift", "gift") == [True, False]
    assert [each.actor for each in world.kit.suspensions()] == ["staff:mira"]
    with world.kit.read() as read:
        assert [row.actor for row in read.all(select(audit.c.actor))] == ["staff:mira"]


# ------------------------------------------------------------------------------------------------- the breaker


def test_one_that_does_not_return_is_stopped_and_suspended_until_somebody_resumes_it(
    rogue: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "PATIENCE", 0.6)
    monkeypatch.setattr(watch, "TICK", 0.02)
    member = rogue.member()
    plugin.armed["react"] = acts.hang
    with pytest.raises(Busy) as busy:
        rogue.does(member, "rogue.act")
    assert busy.value.code == "PLUGIN_SUSPENDED"
    plugin.armed.clear()
    (suspension,) = rogue.kit.suspensions()
    assert (suspension.plugin, suspension.actor) == ("rogue", None)
    assert "did not return" in suspension.reason
    with pytest.raises(Busy):
        rogue.does(member, "rogue.act")
    assert rogue.kit.breaker.tripped.counted() == {"rogue": 1}
    rogue.kit.resume("rogue")
    assert rogue.does(member, "rogue.act").settled


def test_a_unit_that_is_broken_three_times_in_a_row_suspends_its_plugin(rogue: Any) -> None:
    plugin.armed["apply"] = acts.DEEDS["writes"]["COMMIT as text, quietly"].do
    for _ in range(breaker.STRIKES):
        assert rogue.kit.suspensions() == []
        assert rogue.does(rogue.member(), "rogue.act").code == "WRITE_NOT_ALLOWED"
    assert [each.plugin for each in rogue.kit.suspensions()] == ["rogue"]


def test_who_is_to_be_suspended_may_be_taken_by_another_thread(world: Any) -> None:
    class Raced(list[breaker.Broken]):
        def pop(self, *_: Any) -> breaker.Broken:
            self.clear()  # so fast was the other one
            return super().pop()

    world.kit.breaker.news = Raced([breaker.Broken("gift", "it raced")])
    assert world.member()
    assert world.kit.suspensions() == []


def test_who_is_to_be_suspended_is_so_once_the_database_answers(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost() -> None:
        raise Unavailable("not now")

    world.kit.breaker.news.append(breaker.Broken("gift", "it broke"))
    monkeypatch.setattr(world.kit.database, "write", lost)
    with pytest.raises(Unavailable):
        world.member()
    monkeypatch.undo()
    assert world.member()
    assert [each.reason for each in world.kit.suspensions()] == ["it broke"]


@pytest.mark.parametrize("order", ["abc", "acb", "bac", "bca", "cab", "cba"])
def test_calls_of_one_thread_may_end_in_any_order(order: str) -> None:
    seen = watch.Watch(lambda _: None)
    calls = {name: watch.Going(name, 60) for name in "abc"}
    for call in calls.values():
        seen.begin(call)
    for name in order:
        seen.end(calls[name])
        left = [each for each in calls.values() if not each.over]
        assert list(seen._going.values()) == left[-1:]
        assert [each.outer for each in left] == [None, *left][: len(left)]


@pytest.mark.parametrize("place", ["apply", "prepare"])
def test_what_waits_inside_of_c_is_lost_and_others_do_not_wait_for_it(
    rogue: Any, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds a member's lock, on SQLite the only one there is: that is let go."""
    monkeypatch.setattr(breaker, "PATIENCE", 0.6)
    monkeypatch.setattr(watch, "TICK", 0.02)
    member, other = rogue.member(), rogue.member()
    inside = threading.Event()

    def waits(_: Any) -> None:
        inside.set()
        acts.RELEASED.wait()

    plugin.armed[place] = waits
    with ThreadPoolExecutor(1) as pool:
        stuck = pool.submit(rogue.kit.record, rogue.activity(member, "rogue.act"))
        try:
            assert inside.wait(10)
            assert rogue.does(other, "toy.earn", 5).settled
            assert rogue.does(member, "toy.earn", 5).settled, "nothing of it is locked any more"
            until(lambda: rogue.kit.breaker.unreturned() == ["rogue"])
        finally:
            acts.RELEASED.set()
        with pytest.raises(Busy) as busy:
            stuck.result(10)
    assert busy.value.code == "PLUGIN_SUSPENDED"
    plugin.armed.clear()
    assert rogue.balances(member) == {"toy": 5}
    assert rogue.is_proved()


def test_who_stops_the_process_at_the_keyboard_stops_it(rogue: Any) -> None:
    def interrupted(_: Any) -> None:
        signal.default_int_handler(signal.SIGINT, None)  # what the interpreter calls, between two steps of the code

    member = rogue.member()
    before = rogue.rows()
    plugin.armed["react"] = interrupted
    with pytest.raises(KeyboardInterrupt):
        rogue.does(member, "rogue.act")
    assert rogue.rows() == before


def test_a_unit_that_is_over_leaves_nothing_open(rogue: Any) -> None:
    member = rogue.member()
    assert rogue.kit.reverse(rogue.does(member, "rogue.act").activity_id).settled
    with rogue.kit.read() as read:
        assert read.scalar(select(func.count()).select_from(open_unit)) == 0


def test_a_plugin_reads_while_its_call_lasts_and_not_later(rogue: Any) -> None:
    kept: list[Any] = []
    plugin.armed["prepare"] = lambda given: kept.append(given.read)
    assert rogue.does(rogue.member(), "rogue.act").settled
    with pytest.raises(Exception, match="when its call has ended"):
        kept[0].all(select(intake.c.key))
