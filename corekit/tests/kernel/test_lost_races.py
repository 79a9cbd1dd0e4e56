"""A plan that loses race after race is made under the lock, where a plugin has a deadline."""

from __future__ import annotations

import threading
from collections.abc import Generator
from types import ModuleType
from typing import Any

import pytest

from corekit import Activity, Busy, Credit, Declares, Transfer, hookimpl
from corekit.activities import attempt

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


def test_under_the_lock_the_other_member_of_a_transfer_is_compared_as_well(make_world: Any, toy: Any) -> None:
    """Only the plan of a reversal tells whose value it moves: that member is locked late, and may have moved on."""
    races: list[threading.Thread] = []

    @hookimpl
    def corekit_react(batch: Any) -> tuple[()]:
        if len(races) <= RACES and any(activity.parent is None for activity in batch.of("reversal")):
            mover = ann if len(races) < RACES else bob
            races.append(threading.Thread(target=world.does, args=(mover, "toy.earn", 1)))
            races[-1].start()
            if mover == ann or world.kit.database.dialect == "postgresql":  # on SQLite the lock keeps everybody out
                races[-1].join()
        return ()

    racer = ModuleType("racer")
    vars(racer).update(corekit_declare=hookimpl(lambda: Declares()), corekit_react=corekit_react)
    world = make_world(modules={"toy": toy, "racer": racer})
    ann, bob = world.member(), world.member()
    world.does(ann, "toy.earn", 50)
    toy.rogue.append(lambda asked: Transfer(asked, rule="give@1", account="toy", amount=30, to=asked.members[0]))
    given = world.does(ann, "toy.yield", members=(bob,))
    assert world.kit.reverse(given.activity_id).settled
    races[RACES].join()
    assert (world.balances(ann), world.balances(bob)) == ({"toy": 50 + RACES}, {"toy": 1})
    assert world.is_proved()
