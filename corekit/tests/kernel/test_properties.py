"""Properties: whatever happened, taking all of it back leaves nothing; however it is cut, the end is the same."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from corekit import Activity, Line

EXAMPLES = settings(
    max_examples=30,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
KINDS = ("", "_plain")

earning = st.tuples(st.just("earn"), st.sampled_from(KINDS), st.integers(1, 300), st.none() | st.integers(1, 6))
spending = st.tuples(st.sampled_from(["spend", "tip"]), st.sampled_from(KINDS), st.integers(1, 400), st.none())
buying = st.tuples(st.just("buy"), st.lists(st.integers(0, 40_000), min_size=1, max_size=5).map(tuple))
taking = st.tuples(st.sampled_from(["take", "pick"]))
chaining = st.tuples(st.just("chain"), st.integers(1, 4))
waiting = st.tuples(st.just("wait"), st.integers(1, 5))
happenings = st.lists(st.one_of(earning, spending, buying, taking, chaining, waiting), min_size=1, max_size=12)
undoings = st.lists(st.one_of(earning, spending, buying, taking, waiting, st.just(("reverse",))), max_size=12)


@pytest.mark.parametrize("foresees", ["foreseen", "unforeseen"])
def test_reversing_everything_in_any_order_leaves_every_account_at_zero(
    make_world: Any, toy: Any, unforeseen: Any, foresees: str
) -> None:
    world = make_world(modules={"toy": toy if foresees == "foreseen" else unforeseen})
    world.stock(1_000_000)

    @EXAMPLES
    @given(script=happenings, seed=st.integers(0, 2**32))
    def property_(script: list[Any], seed: int) -> None:
        random = Random(seed)
        member = world.member()
        done = _play(world, member, script)
        random.shuffle(done)
        for activity in done:
            if random.random() < 0.3:
                world.clock.advance(days=random.randint(1, 4))
            taken = world.kit.reverse(activity)
            assert taken.settled, taken
            assert all(each.settled for each in taken.follow_ons), taken
        world.sweep(30)
        assert not any(world.balances(member).values()), world.balances(member)
        assert _held(world, member) == 0
        assert not any(_metrics(world, member).values())

    property_()
    assert world.is_proved()


def test_in_any_chunking_bulk_ends_where_one_by_one_ends(world: Any) -> None:
    world.stock(1_000_000)

    @EXAMPLES
    @given(
        scripts=st.lists(undoings, min_size=1, max_size=3), sizes=st.lists(st.integers(1, 9), min_size=1, max_size=5)
    )
    def property_(scripts: list[list[Any]], sizes: list[int]) -> None:
        start = world.clock()
        singles, bulks = ([_historical(world, start) for _ in scripts] for _ in range(2))
        one_by_one = [_script(member, script, start) for member, script in zip(singles, scripts, strict=True)]
        in_bulk = [_script(member, script, start) for member, script in zip(bulks, scripts, strict=True)]
        answers = [[world.kit.record(activity) for activity in activities] for activities in one_by_one]
        coming = [activity for activities in in_bulk for activity in activities]
        at, cut = 0, 0
        settled: dict[str, Any] = {}
        while at < len(coming):
            part = coming[at : at + sizes[cut % len(sizes)]]
            settled |= {answer.external_id: answer for answer in world.kit.record_many(part, chunk=len(part))}
            at, cut = at + len(part), cut + 1
        for activities, before in zip(in_bulk, answers, strict=True):
            assert [_essence(settled[each.external_id]) for each in activities] == [_essence(each) for each in before]
        world.kit.sweep("expiry", at=start + timedelta(days=400))
        for single, bulk in zip(singles, bulks, strict=True):
            assert world.balances(single) == world.balances(bulk)
            assert _metrics(world, single) == _metrics(world, bulk)
            assert _held(world, single) == _held(world, bulk)
            assert _lots(world, single) == _lots(world, bulk)
        world.clock.advance(days=500)

    property_()
    assert world.is_proved()


def _play(world: Any, member: str, script: list[Any]) -> list[str]:
    """Let a script happen; return the activities that settled and have no parent."""
    done: list[str] = []
    for step in script:
        if step[0] == "wait":
            world.clock.advance(days=step[1])
            continue
        world.clock.advance(minutes=1)
        outcome = world.kit.record(_activity(member, step, world.clock()))
        assert outcome.outcome in ("settled", "refused"), outcome
        if outcome.settled:
            done.append(outcome.activity_id or "")
    return done


def _historical(world: Any, at: datetime) -> str:
    joined: str = world.kit.record(Activity(type="member.registered", source="history", occurred_at=at)).member
    return joined


def _script(member: str, script: list[Any], start: datetime) -> list[Activity]:
    """Turn a script into activities of a historical source, each with a time of its own."""
    made: list[Activity] = []
    at = start - timedelta(days=200)
    for step in script:
        at += timedelta(minutes=1)
        if step[0] == "wait":
            at += timedelta(days=step[1])
        elif step[0] == "reverse":
            if made:
                target = made[len(made) // 2]
                made.append(
                    Activity(type="reversal", member=member, occurred_at=at, reverses=target.id, source="history")
                )
        else:
            made.append(evolve(_activity(member, step, at), source="history"))
    return made


def _activity(member: str, step: Any, at: datetime) -> Activity:
    activity = Activity(type="", member=member, occurred_at=at)
    match step:
        case ("earn", kind, amount, days):
            return evolve(activity, type=f"toy.earn{kind}", amount=amount, payload={"days": days} if days else {})
        case ("spend", kind, amount, _):
            return evolve(activity, type=f"toy.spend{kind}", amount=amount)
        case ("tip", _, amount, _):
            return evolve(activity, type="toy.tip", amount=amount)
        case ("chain", amount):
            return evolve(activity, type="toy.chain", amount=amount)
        case ("buy", amounts):
            lines = tuple(Line(no, amount) for no, amount in enumerate(amounts, 1))
            return evolve(activity, type="purchase", amount=sum(amounts), lines=lines)
        case _:
            return evolve(activity, type=f"toy.{step[0]}")


def _essence(outcome: Any) -> Any:
    effects = [(e.kind, e.rule, e.account, e.amount, e.state, e.code) for e in outcome.effects]
    return outcome.outcome, outcome.code, outcome.type, effects, [_essence(each) for each in outcome.follow_ons]


def _metrics(world: Any, member: str) -> dict[str, int]:
    from corekit.activities.tables import metric  # noqa: PLC0415

    with world.kit.read() as read:
        return {row.metric: row.value for row in read.all(select(metric).where(metric.c.member_id == member))}


def _held(world: Any, member: str) -> int:
    from corekit_toy.tables import holding  # noqa: PLC0415

    with world.kit.read() as read:
        return len(read.all(select(holding).where(holding.c.member_id == member)))


def _lots(world: Any, member: str) -> list[Any]:
    from corekit.ledger.tables import account, lot  # noqa: PLC0415

    chosen = (
        select(account.c.kind, lot.c.issued, lot.c.consumed, lot.c.expired, lot.c.repaid, lot.c.expires_at)
        .join(account, account.c.id == lot.c.account_id)
        .where(account.c.member_id == member)
    )
    with world.kit.read() as read:
        return sorted(map(tuple, read.all(chosen)), key=str)
