"""Plugins that raise, and plugins that yield what they may not: their own activity fails, all others go on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import insert, text

from corekit import (
    Activity,
    ActivityType,
    Credit,
    Debit,
    Declares,
    Effect,
    Follow,
    Invalid,
    Outcome,
    PluginError,
    Refusal,
    Skipped,
    TakeBack,
    hookimpl,
)
from corekit.activities.effects import Enrol, SetState, SetTier


@pytest.mark.parametrize("where", ["react", "prepare"])
def test_one_that_makes_a_plugin_raise_fails_and_its_neighbours_settle(world: Any, toy: Any, where: str) -> None:
    members = [world.member() for _ in range(9)]
    toy.broken.add(where)
    coming = [world.activity(member, "toy.earn", 5) for member in members]
    coming[4] = world.activity(members[4], "toy.tip", 5)
    coming.append(world.activity(members[4], "toy.earn", 7))
    answers = list(world.kit.record_many(coming))
    assert [answer.outcome for answer in answers].count("settled") == 9
    failed = answers[4]
    assert (failed.outcome, failed.code, failed.parameters) == ("failed", "PLUGIN_FAILED", {"plugin": "toy"})
    assert "secret" not in failed.message
    assert world.balances(members[4]) == {"toy": 7}, "the member's later activities go on"
    assert world.is_proved()


@pytest.mark.parametrize("at_once", [1, 2])
def test_a_key_that_failed_while_another_settled_it_has_that_answer(world: Any, toy: Any, at_once: int) -> None:
    member, at = world.member(), world.clock()
    failed: list[str] = []

    def send() -> list[Outcome]:
        keys = [f"k{number}" for number in range(at_once)]
        sent = [world.activity(member, "toy.yield", 5, occurred_at=at, external_id=key) for key in keys]
        return [world.kit.record(sent[0])] if at_once == 1 else list(world.kit.record_many(sent))

    def fails_meanwhile(activity: Activity) -> Credit:
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("not now")
        if not failed:
            with ThreadPoolExecutor(1) as pool:
                failed.extend(each.outcome for each in pool.submit(send).result())
        return Credit(activity, rule="late@1", account="toy", amount=5)

    toy.rogue.append(fails_meanwhile)
    first = send()
    assert (failed, [each.outcome for each in first]) == (["failed"] * at_once, ["settled"] * at_once)
    again = send()
    assert [(each.replayed, each.activity_id) for each in again] == [(True, each.activity_id) for each in first]
    assert world.balances(member) == {"toy": 5 * at_once}
    assert world.is_proved()


def test_a_failed_activity_keeps_its_row_and_the_same_key_resumes_it(world: Any, toy: Any) -> None:
    member = world.member()
    world.does(member, "toy.earn", 50)
    toy.broken.add("react")
    tip = world.activity(member, "toy.tip", 5, external_id="k1")
    stored = world.rows()
    failed = world.kit.record(tip)
    assert world.rows() == {**stored, "core_activity": stored["core_activity"] + 1}
    assert world.kit.record(tip).activity_id == failed.activity_id, "as often as it is sent"
    toy.broken.clear()
    settled = world.kit.record(tip)
    assert (settled.outcome, settled.activity_id) == ("settled", failed.activity_id)
    assert world.balances(member) == {"toy": 45}
    assert world.kit.record(tip).replayed
    assert world.is_proved()


def test_a_failed_key_stays_with_its_body(world: Any, toy: Any) -> None:
    member = world.member()
    toy.broken.add("react")
    assert world.does(member, "toy.tip", 5, external_id="k1").outcome == "failed"
    toy.broken.clear()
    with pytest.raises(Invalid) as other:
        world.does(member, "toy.tip", 6, external_id="k1")
    assert other.value.code == "KEY_REUSED"
    (answer,) = world.kit.record_many([world.activity(member, "toy.tip", 6, external_id="k1")])
    assert (answer.outcome, answer.code) == ("invalid", "KEY_REUSED")
    assert world.rows()["core_activity"] == 2, "the registration, and what failed"


def test_a_worker_puts_aside_what_fails_and_takes_it_up_when_told(world: Any, toy: Any) -> None:
    member = world.member()
    world.does(member, "toy.earn", 50)
    toy.broken.add("react")
    world.kit.enqueue([world.activity(member, "toy.tip", 5), world.activity(member, "toy.earn", 1)])
    assert world.kit.work() == 2
    assert world.balances(member) == {"toy": 51}
    toy.broken.clear()
    assert world.kit.work() == 0
    assert (world.kit.retry_failed(), world.kit.work()) == (1, 1)
    assert world.balances(member) == {"toy": 46}
    assert world.is_proved()


def test_a_plugin_that_raises_while_applying_fails_its_own_activity_only(world: Any, toy: Any) -> None:
    world.stock(10)
    world.stock(10, "cursed")
    toy.broken.add("apply")
    members = [world.member() for _ in range(7)]
    coming = [world.activity(member, "toy.take", payload={"item": "card"}) for member in members]
    coming[3] = world.activity(members[3], "toy.take", payload={"item": "cursed"})
    coming.insert(0, world.activity(members[3], "toy.earn", 4))
    answers = list(world.kit.record_many(coming))
    assert [answer.outcome for answer in answers] == ["settled"] * 4 + ["failed"] + ["settled"] * 3
    assert answers[4].code == "PLUGIN_FAILED"
    assert "shelf" not in answers[4].message
    assert (world.shelf(), world.shelf("cursed")) == ((4, 6), (10, 0))
    assert world.is_proved()


@pytest.mark.parametrize("bug", ["fold", "follow", "unfold"])
def test_a_plugin_that_raises_in_what_it_foresees_fails_its_own_activity_only(
    make_world: Any, toy: Any, unforeseen: Any, bug: str
) -> None:
    from attrs import evolve  # noqa: PLC0415

    def raises(*_: Any) -> Any:
        raise RuntimeError("secret of the toy")

    declares = toy.corekit_declare()
    module = ModuleType("clumsy")
    vars(module).update(_hooks(unforeseen))
    clumsy = evolve(declares, effects=[evolve(toy.TAKE, **{bug: raises})])
    vars(module)["corekit_declare"] = hookimpl(lambda: clumsy)
    world = make_world(modules={"toy": module})
    world.stock(5)
    member, other = world.member(), world.member()
    take = world.activity(member, "toy.take")
    answers = list(world.kit.record_many([take, world.activity(other, "toy.earn", 3)]))
    if bug == "unfold":
        back = world.activity(member, "reversal", reverses=take.id)
        answers = list(world.kit.record_many([back, world.activity(other, "toy.earn", 3)]))
    assert [(answer.outcome, answer.code) for answer in answers] == [("failed", "PLUGIN_FAILED"), ("settled", None)]
    assert "secret" not in answers[0].message
    assert world.is_proved()


Make = Callable[[Any], Any]


def _credit(**values: Any) -> Make:
    given: dict[str, Any] = {"rule": "r@1", "account": "toy", "amount": 5, **values}
    return lambda activity: Credit(activity, **given)


def _debit(**values: Any) -> Make:
    given: dict[str, Any] = {"rule": "r@1", "account": "toy", "amount": 5, **values}
    return lambda activity: Debit(activity, **given)


def _skipped(**values: Any) -> Make:
    given: dict[str, Any] = {"rule": "r@1", "code": "GUARD_FAILED", **values}
    return lambda activity: Skipped(activity, **given)


def _take_back(**values: Any) -> Make:
    given: dict[str, Any] = {"rule": "r@1", "target": "0" * 32, "account": "toy", "amount": 5, **values}
    return lambda activity: TakeBack(activity, **given)


def _follow(**values: Any) -> Make:
    given: dict[str, Any] = {"rule": "r@1", "type": "toy.earn", "name": "x", **values}
    return lambda activity: Follow(activity, **given)


def _of_nothing(_: Any) -> Any:
    nothing: Any = None
    return Credit(nothing, rule="r@1", account="toy", amount=5)


NAIVE = datetime(2030, 1, 1)  # noqa: DTZ001 - that is what is wrong with it
LAST = datetime.max.replace(tzinfo=UTC)
ROGUES: dict[str, tuple[Make, str, str, str]] = {
    # What is yielded, the code, the other side, and a word of the way out.
    "unknown account": (_credit(account="no"), "EFFECT_INVALID", "no", "declares"),
    "account of another": (_credit(account="other"), "EFFECT_NOT_ALLOWED", "other", "requires"),
    "tier": (lambda a: SetTier(a, rule="r@1", ladder="x", tier="y", reason=""), "EFFECT_NOT_ALLOWED", "core", "own"),
    "state": (lambda a: SetState(a, rule="r@1", state="frozen"), "EFFECT_NOT_ALLOWED", "core", "own"),
    "enrolment": (lambda a: Enrol(a, rule="r@1"), "EFFECT_NOT_ALLOWED", "core", "own"),
    "no kind": (lambda a: Effect(a, rule="r@1"), "EFFECT_NOT_ALLOWED", "Effect", "own"),
    "no amount": (_credit(amount=0), "EFFECT_INVALID", "", "whole number"),
    "too much": (_credit(amount=2**70), "EFFECT_INVALID", "", "whole number"),
    "fraction": (_credit(amount=1.5), "EFFECT_INVALID", "", "whole number"),
    "negative": (_debit(amount=-5), "EFFECT_INVALID", "", "whole number"),
    "shares too small": (_credit(shares={1: 4}), "EFFECT_INVALID", "r@1", "sum"),
    "shares of no line": (_credit(shares={9: 5}), "EFFECT_INVALID", "r@1", "line"),
    "shares of texts": (_credit(shares={1: "5"}), "EFFECT_INVALID", "r@1", "share"),
    "empty rule": (_credit(rule=""), "EFFECT_INVALID", "", "rule"),
    "no rule": (_credit(rule=None), "EFFECT_INVALID", "", "rule"),
    "naive time": (_credit(expires_at=NAIVE), "EFFECT_INVALID", "", "zone"),
    "far time": (_credit(expires_at=LAST), "EFFECT_INVALID", "", "9999"),
    "otherwise": (_debit(otherwise="cry"), "EFFECT_INVALID", "cry", "refuse"),
    "no activity": (_of_nothing, "EFFECT_INVALID", "", ""),
    "unknown follow-on": (_follow(type="toy.no"), "EFFECT_INVALID", "toy.no", "declared"),
    "internal follow-on": (_follow(type="toy.expired"), "EFFECT_INVALID", "toy.expired", "declared"),
    "huge follow-on": (_follow(amount=2**70), "EFFECT_INVALID", "toy.earn", "between"),
    "nameless follow-on": (_follow(name=""), "EFFECT_INVALID", "toy.earn", "name"),
    "follow-on's payload": (_follow(payload={"days": "x"}), "EFFECT_INVALID", "toy.earn", "days"),
    "unknown code": (_skipped(code="NO_SUCH"), "EFFECT_INVALID", "NO_SUCH", "declares"),
    "strange parameters": (_skipped(parameters={"x": object()}), "EFFECT_INVALID", "r@1", "JSON"),
    "naive availability": (_credit(available_from=NAIVE), "EFFECT_INVALID", "", "zone"),
    "nothing to take back": (_take_back(amount=0), "EFFECT_INVALID", "", "whole number"),
    "taking back of another": (_take_back(account="other"), "EFFECT_NOT_ALLOWED", "other", "requires"),
    "no effect": (lambda _: "Credit", "PLUGIN_FAILED", "", "log"),
}


@pytest.mark.row("A2", way="bad_input")
@pytest.mark.parametrize(("make", "code", "both", "way_out"), ROGUES.values(), ids=ROGUES)
def test_an_effect_that_a_plugin_may_not_yield_fails_and_names_both_sides_and_the_way_out(
    make_world: Any, toy: Any, make: Any, code: str, both: str, way_out: str
) -> None:
    other = ModuleType("other")
    vars(other)["corekit_declare"] = hookimpl(lambda: Declares(accounts=[_other_kind()]))
    world = make_world(modules={"toy": toy, "other": other})
    member, neighbour = world.member(), world.member()
    toy.rogue.append(make)
    coming = [world.activity(member, "toy.yield", 5), world.activity(neighbour, "toy.earn", 5)]
    stored = world.rows()
    failed, settled = world.kit.record_many(coming)
    assert (failed.outcome, failed.code) == ("failed", code)
    assert failed.parameters["plugin"] == "toy"
    assert all(word in failed.message for word in ("toy", both, way_out)), failed.message
    assert settled.settled
    assert world.balances(member) == {}
    assert world.rows()["core_activity"] == stored["core_activity"] + 2
    assert world.kit.record(coming[0]).code == code, "the same answer again"
    assert world.is_proved()


def test_two_follow_ons_of_one_name_fail_the_activity(world: Any, toy: Any) -> None:
    toy.rogue += [_follow(name="same", amount=1)] * 2
    failed = world.does(world.member(), "toy.yield", 5)
    assert (failed.outcome, failed.code) == ("failed", "EFFECT_INVALID")
    assert "same" in failed.message


def test_a_refusal_that_a_plugin_raises_refuses_its_own_activity_only(world: Any, toy: Any) -> None:
    def refuse(_: Activity) -> Effect:
        raise Refusal("TOY_SOLD_OUT", item="card")

    toy.rogue.append(refuse)
    member, other = world.member(), world.member()
    coming = [world.activity(member, "toy.yield", 5, external_id="k1"), world.activity(other, "toy.earn", 5)]
    refused, settled = world.kit.record_many(coming)
    assert (refused.outcome, refused.code, refused.parameters) == ("refused", "TOY_SOLD_OUT", {"item": "card"})
    assert refused.message == "No piece is left."
    assert settled.settled
    assert world.kit.record(coming[0]).replayed
    assert world.is_proved()


def test_an_own_effect_that_no_document_can_hold_fails_its_activity(world: Any, toy: Any) -> None:
    def unstorable(activity: Activity) -> Any:
        return toy.Take(activity, rule="r@1", item=object())

    toy.rogue.append(unstorable)
    failed = world.does(world.member(), "toy.yield", 5)
    assert (failed.outcome, failed.code) == ("failed", "EFFECT_INVALID")
    assert world.is_proved()


@pytest.mark.parametrize("statement", ["table", "text"])
def test_apply_writes_only_the_plugins_own_tables(make_world: Any, toy: Any, statement: str) -> None:
    from attrs import evolve  # noqa: PLC0415

    from corekit.members.tables import member as members  # noqa: PLC0415

    def apply(write: Any, _: Any) -> None:
        write.execute(insert(members) if statement == "table" else text("DELETE FROM core_intake"))

    declares = toy.corekit_declare()
    module = ModuleType("thief")
    vars(module).update(_hooks(toy))
    vars(module)["corekit_declare"] = hookimpl(lambda: evolve(declares, effects=[evolve(toy.TAKE, apply=apply)]))
    world = make_world(modules={"toy": module})
    world.stock(5)
    failed = world.does(world.member(), "toy.take")
    assert (failed.outcome, failed.code) == ("failed", "WRITE_NOT_ALLOWED")
    assert "toy_" in failed.message or "SQLAlchemy Core" in failed.message
    assert world.is_proved()


def test_a_metric_that_nobody_declares_fails_and_says_so(make_world: Any) -> None:
    asking = ModuleType("asking")

    @hookimpl
    def corekit_react(batch: Any, facts: Any) -> Any:
        for activity in batch.of("asking.go"):
            facts.metric("spent", activity)
        return ()

    declares = Declares(activities=[ActivityType(name="asking.go")])
    vars(asking).update(corekit_declare=hookimpl(lambda: declares), corekit_react=corekit_react)
    world = make_world(modules={"asking": asking})
    failed = world.does(world.member(), "asking.go")
    assert failed.outcome == "failed"
    assert PluginError.code != failed.code or "spent" in failed.message


def _hooks(module: ModuleType) -> dict[str, Any]:
    return {name: value for name, value in vars(module).items() if name.startswith("corekit_")}


def _other_kind() -> Any:
    from corekit import AccountKind, Unit  # noqa: PLC0415

    return AccountKind(code="other", unit=Unit("others"))
