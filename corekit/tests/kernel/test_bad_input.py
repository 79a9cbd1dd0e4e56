"""Bad input gets a coded error with path and parameters, always the same; nothing is kept but a stored refusal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from corekit import Activity, Invalid, Line, Problem

KEY: dict[str, Any] = {"external_id": "bad-1"}
LARGEST = 10**15


def _line(**values: Any) -> dict[str, Any]:
    line = evolve(Line(1, 500), **values)
    amount = line.amount if type(line.amount) is int and line.amount > 0 else 0
    return {"type": "purchase", "amount": amount, "lines": (line,)}


BAD: dict[str, tuple[dict[str, Any], str, tuple[str | int, ...]]] = {
    # What is wrong with an activity, the code, and the path.
    "unknown type": ({"type": "purchas"}, "TYPE_UNKNOWN", ("type",)),
    "no type": ({"type": None}, "TYPE_UNKNOWN", ("type",)),
    "internal type": ({"type": "toy.expired", "amount": 0}, "TYPE_INTERNAL", ("type",)),
    "own parent": ({"parent": "0" * 32}, "TYPE_INTERNAL", ("type",)),
    "no member": ({"member": ""}, "MEMBER_MISSING", ("member",)),
    "member's name": ({"member": "ada"}, "MEMBER_MISSING", ("member",)),
    "negative": ({"amount": -1}, "AMOUNT_RANGE", ("amount",)),
    "fraction": ({"amount": 1.5}, "AMOUNT_NOT_WHOLE", ("amount",)),
    "true": ({"amount": True}, "AMOUNT_NOT_WHOLE", ("amount",)),
    "text": ({"amount": "5"}, "AMOUNT_NOT_WHOLE", ("amount",)),
    "beyond 64 bits": ({"amount": 2**64}, "AMOUNT_RANGE", ("amount",)),
    "one too many": ({"amount": LARGEST + 1}, "AMOUNT_RANGE", ("amount",)),
    "amount of none": ({"type": "toy.take"}, "AMOUNT_UNEXPECTED", ("amount",)),
    "wrong unit": ({"unit": "USD"}, "UNIT_WRONG", ("unit",)),
    "before all time": ({"occurred_at": datetime(1969, 12, 31, tzinfo=UTC)}, "TIME_RANGE", ("occurred_at",)),
    "after all time": ({"occurred_at": datetime.max.replace(tzinfo=UTC)}, "TIME_RANGE", ("occurred_at",)),
    "future": ({"occurred_at": datetime(2026, 1, 15, 12, 6, tzinfo=UTC)}, "TIME_IN_FUTURE", ("occurred_at",)),
    "no zone": ({"occurred_at": datetime(2026, 1, 1)}, "TIME_ZONE_MISSING", ("occurred_at",)),  # noqa: DTZ001
    "time as text": ({"occurred_at": "2026-01-01"}, "TIME_ZONE_MISSING", ("occurred_at",)),
    "payload's type": ({"payload": {"days": "x"}}, "TYPE", ("payload", "days")),
    "payload's field": ({"payload": {"dais": 1}}, "UNKNOWN_FIELD", ("payload", "dais")),
    "payload's NUL": ({"payload": {"days": "\0"}}, "NOT_STORABLE", ("payload", "days")),
    "payload as list": ({"payload": [1]}, "TYPE", ("payload",)),
    "half character": ({"type": "purchase", "payload": {"store": "\ud800"}}, "NOT_STORABLE", ("payload", "store")),
    "NUL": ({"type": "purchase", "payload": {"store": "a\0b"}}, "NOT_STORABLE", ("payload", "store")),
    "actor": ({"actor": "x\0"}, "NOT_STORABLE", ("actor",)),
    "long actor": ({"actor": "x" * 201}, "NOT_STORABLE", ("actor",)),
    "id": ({"id": "me"}, "NOT_STORABLE", ("id",)),
    "empty key": ({"external_id": ""}, "KEY_INVALID", ("external_id",)),
    "long key": ({"external_id": "k" * 201}, "KEY_INVALID", ("external_id",)),
    "key's NUL": ({"external_id": "k\0"}, "KEY_INVALID", ("external_id",)),
    "half key": ({"external_id": "\udfff"}, "KEY_INVALID", ("external_id",)),
    "source": ({"source": ""}, "KEY_INVALID", ("source",)),
    "unexpected lines": ({"lines": (Line(1, 5),)}, "LINES_UNEXPECTED", ("lines",)),
    "lines' sum": ({"type": "purchase", "lines": (Line(1, 4),)}, "LINES_SUM", ("amount",)),
    "lines twice": (
        {"type": "purchase", "amount": 8, "lines": (Line(1, 4), Line(1, 4))},
        "LINE_REPEATED",
        ("lines", 1, "no"),
    ),
    "too many lines": (
        {"type": "purchase", "amount": 1001, "lines": tuple(Line(no, 1) for no in range(1, 1002))},
        "LINES_TOO_MANY",
        ("lines",),
    ),
    "line's amount": (_line(amount=-1), "AMOUNT_RANGE", ("lines", 0, "amount")),
    "line's fraction": (_line(amount=0.5), "AMOUNT_NOT_WHOLE", ("lines", 0, "amount")),
    "line's number": (_line(no=0), "LINE_INVALID", ("lines", 0)),
    "line's quantity": (_line(quantity=10**13), "LINE_INVALID", ("lines", 0)),
    "line's text": (_line(sku="s" * 201), "LINE_INVALID", ("lines", 0)),
    "line's sku": (_line(sku=5), "LINE_INVALID", ("lines", 0)),
    "line's NUL": (_line(category="a\0"), "NOT_STORABLE", ("lines", 0)),
    "line's flags": (_line(flags=("\ud800",)), "NOT_STORABLE", ("lines", 0)),
    "nothing reversed": ({"type": "reversal", "amount": 0}, "REVERSES_MISSING", ("reverses",)),
    "reversed by name": ({"type": "reversal", "amount": 0, "reverses": "x"}, "REVERSES_MISSING", ("reverses",)),
    "unexpected reversal": ({"reverses": "0" * 32}, "REVERSES_UNEXPECTED", ("reverses",)),
}


@pytest.mark.row("A2", way="bad_input")
@pytest.mark.row("A8", way="bad_input")
@pytest.mark.parametrize(("wrong", "code", "path"), BAD.values(), ids=BAD)
def test_what_is_not_understood_is_invalid_by_every_door_and_leaves_nothing(
    kept_world: Any, wrong: dict[str, Any], code: str, path: tuple[str | int, ...]
) -> None:
    world, member = kept_world
    activity = _wrong(member, {**KEY, **wrong})
    stored = world.rows()
    said: list[tuple[Problem, ...]] = []
    for _ in range(2):
        for door in (world.kit.record, world.kit.simulate):
            with pytest.raises(Invalid) as refused:
                door(activity)
            said.append(refused.value.problems)
    (answer,) = world.kit.record_many([activity])
    (waiting,) = world.kit.enqueue([activity])
    said += [answer.problems, waiting.problems]
    assert (answer.outcome, waiting.outcome) == ("invalid", "invalid")
    assert all(problems == said[0] for problems in said), "the same answer again"
    assert (said[0][0].code, said[0][0].path) == (code, path)
    assert _is_clean(said[0][0].message)
    assert world.rows() == stored


def test_everything_wrong_is_said_at_once(kept_world: Any) -> None:
    world, member = kept_world
    with pytest.raises(Invalid) as refused:
        world.kit.record(Activity(type="toy.earn", member=member, amount=-1, unit="USD", payload={"days": "x"}))
    assert [problem.code for problem in refused.value.problems] == ["AMOUNT_RANGE", "UNIT_WRONG", "TYPE"]


@pytest.mark.parametrize(
    ("wrong", "parameters"),
    [
        ({"type": "purchas"}, {"type": "purchas"}),
        ({"amount": 2**64}, {"least": "0", "most": str(LARGEST)}),
        ({"unit": "USD"}, {"expected": "toys"}),
        ({"external_id": ""}, {"most": 200}),
        ({"type": "purchase", "lines": (Line(1, 4),)}, {"sum": "4", "amount": "5"}),
    ],
)
def test_parameters_fill_the_sentence(kept_world: Any, wrong: dict[str, Any], parameters: dict[str, Any]) -> None:
    world, member = kept_world
    with pytest.raises(Invalid) as refused:
        world.kit.record(_wrong(member, wrong))
    problem = refused.value.problems[0]
    assert problem.parameters == parameters
    assert "{" not in problem.message
    assert all(str(value) in problem.message for value in parameters.values())


def test_a_near_miss_of_a_type_is_suggested(kept_world: Any) -> None:
    world, member = kept_world
    with pytest.raises(Invalid, match="did you mean 'purchase'"):
        world.kit.record(Activity(type="purchas", member=member))


@pytest.mark.parametrize(
    "literal", ["\\u0000", "a\\\\u0000", "\u4f60\u597d", "\U0001f600", "'; DROP TABLE core_member; --"]
)
def test_odd_but_honest_texts_are_kept_as_they_are(kept_world: Any, literal: str) -> None:
    world, member = kept_world
    lines = (Line(1, 500, sku=literal, category=literal, flags=(literal,)),)
    bought = world.does(member, "purchase", 500, lines=lines, payload={"store": literal}, actor=literal)
    why = world.kit.why(bought.activity_id)
    assert (why.activity.payload, why.activity.actor, why.lines) == ({"store": literal}, literal, lines)


def test_the_largest_amount_is_taken(kept_world: Any) -> None:
    world, member = kept_world
    assert world.does(member, "toy.earn", LARGEST).settled
    assert world.does(member, "toy.spend", LARGEST).settled


# ------------------------------------------------------------------------------------------------------ refusals


@pytest.mark.row("M4", way="bad_input")
@pytest.mark.parametrize(
    ("steps", "kind", "code"),
    [
        (None, "toy.earn", "MEMBER_UNKNOWN"),
        (None, "member.frozen", "MEMBER_UNKNOWN"),
        (["member.frozen"], "toy.earn", "MEMBER_FROZEN"),
        (["member.frozen"], "toy.spend", "MEMBER_FROZEN"),
        (["member.frozen"], "purchase", "MEMBER_FROZEN"),
        (["member.frozen"], "member.frozen", "MEMBER_STATE"),
        (["member.cancelled"], "toy.earn", "MEMBER_CANCELLED"),
        (["member.cancelled"], "member.frozen", "MEMBER_STATE"),
        ([], "member.unfrozen", "MEMBER_STATE"),
        ([], "member.registered", "MEMBER_STATE"),
    ],
)
def test_a_member_that_may_not_is_refused_and_the_refusal_stays(
    world: Any, steps: list[str] | None, kind: str, code: str
) -> None:
    member = "0" * 32 if steps is None else world.member()
    for step in steps or ():
        world.does(member, step)
    amount = 5 if kind.startswith(("toy", "purchase")) else 0
    activity = world.activity(member, kind, amount, **KEY)
    stored = world.rows()
    first, again = world.kit.record(activity), world.kit.record(activity)
    assert (first.outcome, first.code, first.replayed) == ("refused", code, False)
    assert (again.outcome, again.code, again.replayed) == ("refused", code, True)
    assert (first.message, first.parameters) == (again.message, again.parameters)
    assert "{" not in first.message
    assert _is_clean(first.message)
    assert world.rows() == {**stored, "core_request": stored["core_request"] + 1}
    assert world.is_proved()


@pytest.mark.row("M4", way="python")
def test_freezing_and_cancelling_lead_there_and_back(world: Any) -> None:
    member = world.member()
    for step in ("member.frozen", "member.unfrozen", "member.cancelled", "member.restored"):
        done = world.does(member, step, payload={"reason": "asked"}, actor="staff:7")
        assert done.settled
        why = world.kit.why(done.activity_id)
        assert (why.activity.payload, why.activity.actor) == ({"reason": "asked"}, "staff:7")
    assert world.does(member, "toy.earn", 5).settled
    assert world.is_proved()


@pytest.mark.row("M1", way="bad_input")
def test_a_taken_external_id_is_refused(world: Any) -> None:
    world.member(external_id="A-1")
    second = world.kit.record(Activity(type="member.registered", payload={"external_id": "A-1"}, **KEY))
    assert (second.outcome, second.code, second.parameters) == ("refused", "MEMBER_EXISTS", {"external_id": "A-1"})
    twins = [Activity(type="member.registered", payload={"external_id": "B-1"}) for _ in range(3)]
    assert [each.outcome for each in world.kit.record_many(twins)] == ["settled", "refused", "refused"]


@pytest.mark.row("A3", way="bad_input")
def test_why_of_what_there_is_not_is_not_found(kept_world: Any) -> None:
    from corekit import NotFound  # noqa: PLC0415

    world, _ = kept_world
    for unknown in ("0" * 32, "x", "'; --"):
        with pytest.raises(NotFound):
            world.kit.why(unknown)


def _wrong(member: str, wrong: dict[str, Any]) -> Activity:
    given: dict[str, Any] = {"type": "toy.earn", "member": member, "amount": 5, **wrong}
    return Activity(**given)


def _is_clean(message: str) -> bool:
    return not any(word in message for word in ("SELECT", "INSERT", "Traceback", "sqlalchemy", "psycopg", "sqlite3"))


@pytest.fixture
def kept_world(make_world: Callable[..., Any], toy: Any) -> tuple[Any, str]:
    world = make_world(modules={"toy": toy})
    world.clock.set(datetime(2026, 1, 15, 12, tzinfo=UTC))
    member = world.member()
    world.clock.advance(timedelta(0))
    return world, member
