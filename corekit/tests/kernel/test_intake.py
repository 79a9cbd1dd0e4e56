"""Work that waits: acknowledged, settled by a worker in order, answered like everything else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from attrs import evolve


def test_what_is_enqueued_waits_and_a_worker_settles_it(world: Any) -> None:
    member = world.member()
    coming = [world.activity(member, "toy.earn", number) for number in (1, 2, 3)]
    assert [answer.outcome for answer in world.kit.enqueue(coming)] == ["waiting"] * 3
    assert world.balances(member) == {}
    assert world.kit.work() == 3
    assert world.balances(member) == {"toy": 6}
    assert world.rows()["core_intake"] == 0
    again = world.kit.record(coming[0])
    assert (again.outcome, again.replayed, again.activity_id) == ("settled", True, coming[0].id)
    assert world.is_proved()


def test_the_same_key_waits_once_and_another_body_is_invalid(world: Any) -> None:
    member = world.member()
    activity = world.activity(member, "toy.earn", 5)
    other = evolve(activity, amount=6)
    first, twin, clash = world.kit.enqueue([activity, activity, other])
    assert [first.replayed, twin.replayed, clash.code] == [False, True, "KEY_REUSED"]
    later, wrong = world.kit.enqueue([activity, other])
    assert (later.outcome, later.replayed, wrong.code) == ("waiting", True, "KEY_REUSED")
    assert world.kit.work() == 1
    assert world.balances(member) == {"toy": 5}


def test_what_was_answered_meanwhile_is_not_settled_again(world: Any) -> None:
    member = world.member()
    activity = world.activity(member, "toy.earn", 5)
    world.kit.enqueue([activity])
    assert world.kit.record(activity).settled
    world.kit.work()
    assert world.balances(member) == {"toy": 5}
    assert world.rows()["core_intake"] == 0


def test_a_key_used_meanwhile_for_another_body_is_put_aside_not_lost(world: Any) -> None:
    member = world.member()
    activity = world.activity(member, "toy.earn", 5)
    world.kit.enqueue([activity])
    assert world.kit.record(evolve(activity, amount=6, id=activity.id[::-1])).settled
    world.kit.work()
    assert world.balances(member) == {"toy": 6}
    assert world.rows()["core_intake"] == 1


def test_the_order_is_that_in_which_things_occurred_whatever_the_chunk(world: Any) -> None:
    member = world.member()
    start = world.clock() - timedelta(days=1)
    coming = [
        world.activity(member, kind, 5, occurred_at=start + timedelta(seconds=number))
        for number, kind in enumerate(["toy.earn", "toy.spend"] * 6)
    ]
    world.kit.enqueue(reversed(coming))
    world.kit.work(chunk=5)
    assert [world.kit.record(each).outcome for each in coming] == ["settled"] * 12
    assert world.balances(member) == {"toy": 0}


def test_a_limit_leaves_the_rest_waiting(world: Any) -> None:
    member = world.member()
    world.kit.enqueue(world.activity(member, "toy.earn", 1) for _ in range(7))
    assert world.kit.work(chunk=2, limit=5) == 5
    assert world.rows()["core_intake"] == 2


def test_any_number_of_keys_is_looked_up(world: Any) -> None:
    """A statement takes some ten thousand values and no more."""
    from corekit.activities import intake  # noqa: PLC0415

    world.kit.enqueue([world.activity(world.member(), "toy.earn", 1, external_id="k39999")])
    with world.kit._settlement.connected() as (store, _):
        assert list(intake.known(store, (("api", f"k{number}") for number in range(40_000)))) == [("api", "k39999")]


def test_payloads_reach_the_plugin_the_same_by_both_ways(make_world: Any) -> None:
    from types import ModuleType  # noqa: PLC0415

    from marshmallow import Schema, fields  # noqa: PLC0415

    from corekit import Activity, ActivityType, Declares, hookimpl  # noqa: PLC0415

    seen: list[Any] = []

    class DatedSchema(Schema):
        day = fields.Date()
        price = fields.Decimal()
        word = fields.String(load_default="none")

    @hookimpl
    def corekit_react(batch: Any) -> Any:
        seen.extend(dict(activity.payload) for activity in batch.of("dated.go"))
        return ()

    module = ModuleType("dated")
    declares = Declares(activities=[ActivityType(name="dated.go", schema=DatedSchema)])
    vars(module).update(corekit_declare=hookimpl(lambda: declares), corekit_react=corekit_react)
    world = make_world(modules={"dated": module})
    member = world.member()
    payload = {"day": "2026-01-31", "price": "1.50"}
    assert world.kit.record(Activity(type="dated.go", member=member, payload=payload)).settled
    world.kit.enqueue([Activity(type="dated.go", member=member, payload=payload)])
    world.kit.work()
    assert seen == [{"day": "2026-01-31", "price": "1.50", "word": "none"}] * 2


def test_several_workers_at_once_settle_everything_once(world: Any) -> None:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    members = [world.member() for _ in range(20)]
    world.kit.enqueue(world.activity(members[number % 20], "toy.earn", 1) for number in range(600))

    def work(_: int) -> int:
        done: int = world.kit.work(chunk=50)
        return done

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert [world.balances(member) for member in members] == [{"toy": 30}] * 20
    assert world.rows()["core_intake"] == 0
    assert world.is_proved()
