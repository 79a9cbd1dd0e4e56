"""Follow-ons: stored with their parent, planned right after it, and never its undoing."""

from __future__ import annotations

from typing import Any

from corekit import Activity, Effect, Follow


def test_follow_ons_settle_with_their_parent_before_anything_else_of_the_member(world: Any) -> None:
    member = world.member()
    chain, earn = world.kit.record_many([world.activity(member, "toy.chain", 2), world.activity(member, "toy.earn", 9)])
    link = chain.follow_ons[0]
    last = link.follow_ons[0]
    assert [each.seq for each in (chain, link, last, earn)] == [2, 3, 4, 5]
    why = world.kit.why(link.activity_id)
    assert why.cause.id == chain.activity_id
    assert [view.id for view in why.follow_ons] == [last.activity_id]
    assert world.balances(member) == {"toy": 2 + 1 + 9}
    assert world.is_proved()


def test_a_chain_that_is_too_deep_ends_in_a_refusal_and_the_rest_stays(world: Any) -> None:
    member = world.member()
    outcome = world.does(member, "toy.chain", 20)
    depth = 0
    while outcome.follow_ons:
        outcome, depth = outcome.follow_ons[0], depth + 1
    assert (outcome.outcome, outcome.code, depth) == ("refused", "FOLLOW_TOO_DEEP", 9)
    assert world.balances(member) == {"toy": sum(range(20, 11, -1))}
    assert world.is_proved()


def test_a_follow_on_that_fails_stays_queued_and_its_parent_settles(world: Any, toy: Any) -> None:
    toy.broken.add("link")
    member = world.member()
    chain = world.does(member, "toy.chain", 2)
    assert chain.settled
    assert [each.outcome for each in chain.follow_ons] == ["failed"]
    assert world.balances(member) == {"toy": 2}
    assert world.kit.work() == 0, "nobody takes up what failed by itself"
    assert world.is_proved()


def test_a_queued_follow_on_is_taken_up_again_as_often_as_it_takes(world: Any, toy: Any) -> None:
    toy.broken.add("link")
    member = world.member()
    chain = world.does(member, "toy.chain", 2)
    for _ in range(2):
        assert world.kit.retry_failed() == 1
        assert world.kit.work() == 1
    toy.broken.clear()
    assert (world.kit.retry_failed(), world.kit.work()) == (1, 1)
    assert world.balances(member) == {"toy": 3}
    assert world.rows()["core_intake"] == 0
    assert [view.type for view in world.kit.why(chain.activity_id).follow_ons] == ["toy.link"]
    assert world.is_proved()


def test_an_effect_of_an_own_kind_causes_what_its_kind_says(world: Any) -> None:
    world.stock(5)
    member = world.member()
    takes = [world.does(member, "toy.take") for _ in range(3)]
    assert [each.type for take in takes for each in take.follow_ons] == ["toy.taken"] * 3
    assert world.balances(member) == {"toy": 30}, "the third piece brings a bonus"
    assert world.is_proved()


def test_follow_ons_of_one_chunk_are_those_of_single_records(world: Any) -> None:
    world.stock(10)
    single, bulk = world.member(), world.member()
    for _ in range(4):
        world.does(single, "toy.take")
    list(world.kit.record_many(world.activity(bulk, "toy.take") for _ in range(4)))
    assert world.balances(single) == world.balances(bulk) == {"toy": 30}


def test_nobody_outside_records_a_follow_on(world: Any) -> None:
    member = world.member()
    chain = world.does(member, "toy.chain", 1)
    forged = Activity(type="toy.link", member=member, amount=5, parent=chain.activity_id, depth=1)
    (answer,) = world.kit.record_many([forged])
    assert (answer.outcome, answer.code) == ("invalid", "TYPE_INTERNAL")


def test_the_same_follow_on_name_in_two_plugins_makes_two_follow_ons(make_world: Any, toy: Any) -> None:
    from types import ModuleType  # noqa: PLC0415

    from corekit import Declares, Follow, hookimpl  # noqa: PLC0415

    second = ModuleType("second")

    @hookimpl
    def corekit_declare() -> Any:
        return Declares(requires=["toy"])

    @hookimpl
    def corekit_react(batch: Any) -> Any:
        for activity in batch.of("toy.chain"):
            yield Follow(activity, rule="second@1", type="toy.earn", name="link", amount=100)

    vars(second).update(corekit_declare=corekit_declare, corekit_react=corekit_react)
    world = make_world(modules={"toy": toy, "second": second})
    member = world.member()
    chain = world.does(member, "toy.chain", 1)
    assert sorted(each.type for each in chain.follow_ons) == ["toy.earn", "toy.link"]
    assert world.balances(member) == {"toy": 101}
    assert world.is_proved()


def test_a_guard_that_fails_far_below_is_known_by_the_next_plan(world: Any, toy: Any) -> None:
    """What follows has the same id in every plan: by keys made of it a plan knows what the one before found out."""
    member, plans = world.member(), list[str]()

    def deeper(activity: Activity) -> Effect:
        plans.append(activity.id)
        if len(plans) > 9:
            raise RuntimeError("it is planned again and again")
        kind = "toy.yield" if activity.depth == 0 else "toy.take"
        return Follow(activity, rule="deep@1", type=kind, name="deeper", amount=1 - activity.depth)

    toy.rogue.append(deeper)
    answer = world.does(member, "toy.yield", 1)
    assert answer.follow_ons[0].follow_ons[0].code == "TOY_SOLD_OUT"
    assert world.is_proved()
