"""A plan that loses race after race is made under the lock, where a plugin has a deadline."""

from __future__ import annotations

import threading
from collections.abc import Generator
from typing import Any

import pytest

from corekit import Activity, Batch, Busy, Credit, Debit, Declares, Follow, Transfer
from corekit.activities import attempt
from corekit.ids import new_id
from corekit.testing.modules import plugin_module

RACES = attempt.FREE_TRIES


class Racer:
    """Makes the plan of a ``toy.yield`` lose its race: while it is made, the member earns something."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.member: str = world.member()
        self.races = 0
        self.finally_: Any = lambda: None

    def __call__(self, activity: Activity) -> Credit:
        if self.races < RACES:
            self.races += 1
            other = threading.Thread(target=self.world.does, args=(self.member, "toy.earn", 1))
            other.start()
            other.join()
        else:
            self.finally_()
        return Credit(activity, rule="late@1", account="toy", amount=100)

    def record(self) -> Any:
        return self.world.does(self.member, "toy.yield", external_id="late")


@pytest.fixture
def racer(world: Any, toy: Any) -> Generator[Racer]:
    racer = Racer(world)
    toy.rogue.append(racer)
    yield racer
    toy.rogue.clear()


def test_after_three_lost_races_it_settles_under_the_lock(racer: Racer) -> None:
    assert racer.record().settled
    assert racer.races == RACES
    assert racer.world.balances(racer.member) == {"toy": RACES + 100}
    assert racer.world.is_proved()


def test_under_the_lock_the_member_who_gets_something_is_locked_too(racer: Racer, toy: Any) -> None:
    other = racer.world.member()
    meanwhile = threading.Thread(target=racer.world.does, args=(other, "toy.earn", 1))

    def earns() -> None:
        if not meanwhile.ident:
            meanwhile.start()
            meanwhile.join(1)  # it would be done long before; now it waits for the lock

    racer.finally_ = earns

    def gives(asked: Activity) -> Transfer:
        return Transfer(asked, rule="late@1", account="toy", amount=RACES, to=other, otherwise="refuse")

    toy.rogue.append(gives)
    racer.world.does(racer.member, "toy.earn", RACES)
    given = racer.world.does(racer.member, "toy.yield", members=(other,))
    assert given.settled
    meanwhile.join()
    assert racer.world.balances(other) == {"toy": RACES + 1}
    assert racer.world.is_proved()


def test_one_that_does_not_return_in_time_is_abandoned_and_its_plugin_suspended_until_it_does(
    racer: Racer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "DEADLINE", 0.1)
    go = threading.Event()
    racer.finally_ = go.wait
    before = racer.world.rows()["core_request"]
    with pytest.raises(Busy) as late:
        racer.record()
    assert (late.value.code, late.value.parameters) == ("BUSY", {"plugin": "toy"})
    assert racer.world.rows()["core_request"] == before + RACES, "only what the others did is there"
    with pytest.raises(Busy) as suspended:
        racer.world.does(racer.member, "toy.earn", 1)
    assert suspended.value.code == "PLUGIN_SUSPENDED"
    go.set()
    for thread in threading.enumerate():
        if thread.daemon and thread.name.startswith("corekit-toy"):
            thread.join()
    assert racer.record().settled, "the same key may be sent again"
    assert racer.world.is_proved()


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_under_the_lock_whoever_else_is_touched_is_compared_as_well(make_world: Any, toy: Any) -> None:
    races: list[threading.Thread] = []

    def react(batch: Batch) -> Any:
        for activity in batch.of("reversal"):
            if activity.parent is None and len(races) <= RACES:
                mover = ann if len(races) < RACES else bob
                races.append(threading.Thread(target=world.does, args=(mover, "toy.earn", 1)))
                races[-1].start()
                if mover == ann:  # bob is locked by then, and comes after the reversal
                    races[-1].join()
        return ()

    def follows(activity: Activity) -> Follow:
        to = activity.members[0]
        return Follow(activity, rule="both@1", type="toy.earn", name="both", amount=7, member=to)

    toy.rogue.append(follows)
    world = make_world(modules={"toy": toy, "racer": plugin_module(Declares(), "racer", corekit_react=react)})
    ann, bob = world.member(), world.member()
    both = world.does(ann, "toy.yield", 1, members=(bob,))
    assert world.kit.reverse(both.activity_id).settled
    races[RACES].join()
    assert (world.balances(ann), world.balances(bob)) == ({"toy": RACES}, {"toy": 1})
    assert world.is_proved()


def test_a_guard_of_a_follow_on_that_fails_after_a_lost_race_is_known_by_the_next_plan(racer: Racer, toy: Any) -> None:
    """The key of a follow-on holds the id of what it follows from, which must not change from plan to plan."""
    plans: list[str] = []

    def takes(activity: Activity) -> Follow:
        plans.append(activity.id)
        if len(plans) > 3 * RACES:
            raise RuntimeError("it is planned again and again")
        return Follow(activity, rule="late@1", type="toy.take", name="take")

    toy.rogue.append(takes)
    answer = racer.record()
    assert (answer.settled, answer.follow_ons[0].code) == (True, "TOY_SOLD_OUT")
    assert racer.world.is_proved()


def test_a_refused_activity_that_loses_its_race_may_have_named_somebody_who_is_not_there(
    racer: Racer, toy: Any
) -> None:
    ghost = new_id()

    def follows(asked: Activity) -> Follow:
        return Follow(asked, rule="late@1", type="toy.earn", name="ghost", member=ghost)

    def takes(asked: Activity) -> Debit:
        return Debit(asked, rule="late@1", account="toy", amount=10**6, otherwise="refuse")

    toy.rogue += [follows, takes]
    assert racer.world.does(racer.member, "toy.yield", members=(ghost,)).code == "INSUFFICIENT"
    assert racer.world.is_proved()
