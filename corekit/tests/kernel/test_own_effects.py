"""A plugin's own kind of effect, guarded by a stock that all members share."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import pytest
from attrs import evolve

from corekit import Activity, Batch, Effect, Facts, Skipped, hookimpl

TAKERS, PIECES = 100, 10


@pytest.fixture(params=["foreseen", "unforeseen"])
def crowd(request: pytest.FixtureRequest, make_world: Any, toy: Any, unforeseen: Any) -> tuple[Any, list[str]]:
    """A hundred members in front of ten pieces; the plugin brings a fold or not."""
    world = make_world(modules={"toy": toy if request.param == "foreseen" else unforeseen})
    world.stock(PIECES)
    joining = (Activity(type="member.registered") for _ in range(TAKERS))
    return world, [answer.member for answer in world.kit.record_many(joining)]


@pytest.mark.parametrize(("kind", "verdict"), [("toy.take", "refused"), ("toy.pick", "settled")])
def test_in_bulk_each_piece_goes_to_one_and_the_others_are_refused_or_do_without(
    crowd: tuple[Any, list[str]], kind: str, verdict: str
) -> None:
    world, members = crowd
    answers = list(world.kit.record_many(world.activity(member, kind) for member in members))
    taken = [each for each in answers if each.settled and each.effects[0].state == "applied"]
    rest = [each for each in answers if each not in taken]
    assert (len(taken), world.shelf()) == (PIECES, (0, PIECES))
    assert {each.outcome for each in rest} == {verdict}
    codes = {each.code for each in rest} if verdict == "refused" else {each.effects[0].code for each in rest}
    assert codes == {"TOY_SOLD_OUT"}
    assert all(len(each.follow_ons) == 1 for each in taken)
    assert not any(each.follow_ons for each in rest)
    assert world.is_proved()


def test_at_once_each_piece_goes_to_one(crowd: tuple[Any, list[str]]) -> None:
    world, members = crowd
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(world.kit.record, [world.activity(member, "toy.take") for member in members]))
    assert sorted({each.outcome for each in answers}) == ["refused", "settled"]
    assert sum(each.settled for each in answers) == PIECES
    assert world.shelf() == (0, PIECES)
    assert world.is_proved()


def test_a_reversal_puts_the_piece_back_for_the_next_one(crowd: tuple[Any, list[str]]) -> None:
    world, members = crowd
    taken = [world.does(member, "toy.take") for member in members[:PIECES]]
    assert world.does(members[-1], "toy.take").code == "TOY_SOLD_OUT"
    back = [world.activity(each.member, "reversal", reverses=each.activity_id) for each in taken[:3]]
    assert all(each.settled for each in world.kit.record_many(back))
    assert world.shelf() == (3, PIECES - 3)
    assert world.does(members[-1], "toy.take").settled
    assert world.is_proved()


def test_one_member_takes_several_in_one_chunk_as_one_by_one(crowd: tuple[Any, list[str]]) -> None:
    world, (single, bulk, *_) = crowd
    for _ in range(4):
        world.does(single, "toy.take")
    answers = list(world.kit.record_many(world.activity(bulk, "toy.take") for _ in range(4)))
    assert all(each.settled for each in answers)
    assert world.balances(single) == world.balances(bulk) == {"toy": 30}
    assert world.shelf() == (PIECES - 8, 8)
    assert world.is_proved()


def test_a_guard_that_failed_drops_its_own_effect_also_when_less_is_planned_again(make_world: Any, toy: Any) -> None:
    """Between two plans a plugin may learn more: here, that there is no mug, so that it yields the card alone."""
    world = make_world(modules={"toy": taking(toy, follow=None)})
    world.stock(PIECES)
    plans: list[str] = []

    def mug_and_card(activity: Activity) -> Effect:
        plans.append(activity.id)
        mug = toy.Take(activity, rule="mug@1", item="mug", otherwise="drop")
        return mug if len(plans) == 1 else Skipped(activity, rule="mug@1", code="TOY_SOLD_OUT")

    def card(activity: Activity) -> Any:
        return toy.Take(activity, rule="card@1", item="card")

    toy.rogue += [mug_and_card, card]
    taken = world.does(world.member(), "toy.yield", 1)
    assert len(plans) == 2
    assert [(each.rule, each.state) for each in taken.effects] == [("card@1", "applied")]
    assert world.shelf() == (PIECES - 1, 1)
    assert world.is_proved()


def test_a_refused_taker_may_not_take_with_the_same_key_later(crowd: tuple[Any, list[str]]) -> None:
    world, members = crowd
    taken = [world.does(member, "toy.take") for member in members[:PIECES]]
    late = world.activity(members[-1], "toy.take", external_id="k1")
    assert world.kit.record(late).code == "TOY_SOLD_OUT"
    world.kit.reverse(taken[0].activity_id)
    again = world.kit.record(late)
    assert (again.outcome, again.code, again.replayed) == ("refused", "TOY_SOLD_OUT", True)


def test_a_simulated_taker_leaves_the_piece(crowd: tuple[Any, list[str]]) -> None:
    world, members = crowd
    assert world.kit.simulate(world.activity(members[0], "toy.take")).settled
    assert world.shelf() == (PIECES, 0)


def test_why_names_the_own_effect_with_its_values(crowd: tuple[Any, list[str]]) -> None:
    world, members = crowd
    taken = world.does(members[0], "toy.take")
    (effect,) = world.kit.why(taken.activity_id).effects
    assert (effect.effect.owner, effect.effect.kind, effect.effect.rule) == ("toy", "toy.take", "take@1")
    assert effect.effect.data == {"item": "card", "bonus": 0}


def taking(toy: ModuleType, **kind: Any) -> ModuleType:
    """Return the toy with another kind of taking."""
    other = ModuleType("other")
    declares = evolve(toy.corekit_declare(), effects=[evolve(toy.TAKE, **kind)])
    vars(other).update({name: value for name, value in vars(toy).items() if name.startswith("corekit_")})
    vars(other)["corekit_declare"] = hookimpl(lambda: declares)
    return other


def test_an_effect_that_is_declared_to_stay_outlives_its_reversal(make_world: Any, toy: ModuleType) -> None:
    world = make_world(modules={"toy": taking(toy, partial="keep")})
    world.stock(PIECES)
    taken = world.does(world.member(), "toy.take")
    back = world.activity(taken.member, "reversal", reverses=taken.activity_id)
    assert world.kit.record(back).settled
    assert world.shelf() == (PIECES - 1, 1)
    assert world.is_proved()


def _learn(_prepared: Any, _take: Any) -> str:
    return "no card"


@pytest.mark.parametrize("stubborn", [False, True])
def test_a_guard_that_failed_teaches_what_to_do_instead_and_only_who_learns_nothing_is_refused(
    make_world: Any, toy: Any, *, stubborn: bool
) -> None:
    module = taking(toy, learn=_learn, fold=None, unfold=None, follow=None)

    @hookimpl
    def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:
        for activity in batch.of("toy.take"):
            other = facts.prepared(activity) == "no card" and not stubborn
            yield toy.Take(activity, rule="take@1", item="mug" if other else "card")

    vars(module)["corekit_react"] = corekit_react
    world = make_world(modules={"toy": module})
    world.stock(1)
    world.stock(2, item="mug")
    answers = list(world.kit.record_many(world.activity(world.member(), "toy.take") for _ in range(4)))
    served = 1 if stubborn else 3
    assert [each.code for each in answers] == [*[None] * served, *["TOY_SOLD_OUT"] * (4 - served)]
    assert (world.shelf(), world.shelf("mug")) == ((0, 1), (2, 0) if stubborn else (0, 2))
    assert world.is_proved()


@pytest.mark.parametrize("secret", ["toy.take", "toy.taken"])
def test_what_is_not_simulated_is_known_by_doing_it_alone(make_world: Any, toy: ModuleType, secret: str) -> None:
    module = taking(toy)
    declares = module.corekit_declare()
    types = [evolve(each, simulated=each.name != secret) for each in declares.activities]
    vars(module)["corekit_declare"] = hookimpl(lambda: evolve(declares, activities=types))
    world = make_world(modules={"toy": module})
    world.stock(PIECES)
    asked = world.activity(world.member(), "toy.take")
    tried = world.kit.simulate(asked)
    found = tried if secret == "toy.take" else tried.follow_ons[0]
    assert (found.outcome, found.code, found.parameters) == ("refused", "NOT_SIMULATED", {"type": secret})
    done = world.kit.record(asked)
    assert (done.outcome, done.follow_ons[0].outcome) == ("settled", "settled")
