"""Side by side: everybody asks before anybody waits, answers come in the order of questions, and nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar, cast

import graphene
import pytest
from greenlet import greenlet
from sqlalchemy import Text, bindparam, func, literal, select
from sqlalchemy import cast as as_type
from sqlalchemy.exc import DBAPIError

from corekit.db.engine import Database
from corekit.db.prepared import Prepared
from corekit.db.types import Whole
from corekit_schema import Context, Field, Info, Object, Viewer, public
from corekit_schema.assembly.schema import assemble
from corekit_schema.execution.executor import Executor
from corekit_schema.execution.fieldplan import AGAIN
from corekit_schema.execution.together import Together
from corekit_schema.http.on_loop import OnLoop
from corekit_schema.http.turns import Turns

QUOTIENT = Prepared(select((literal(12, Whole) // bindparam("by", type_=Whole)).label("it")))
TWICE = Prepared(select((bindparam("of", type_=Whole) * literal(2, Whole)).label("it")))


# --------------------------------------------------------------------------------------------------------- the order


def asking(together: Together, log: list[str], name: str, then: Callable[[], Any] = lambda: None) -> str:
    """Ask, pause as whoever reads does, and see the answer."""
    log.append(f"{name} asks")
    together.pause()
    log.append(f"{name} sees")
    then()
    return name


def test_all_ask_before_the_first_waits_and_see_in_that_order() -> None:
    together, log = Together(), list[str]()
    assert together.run([partial(asking, together, log, name) for name in "abc"]) == (["a", "b", "c"], [True] * 3)
    assert log == ["a asks", "b asks", "c asks", "a sees", "b sees", "c sees"]


def test_what_one_begins_in_its_turn_asks_behind_the_others() -> None:
    together, log = Together(), list[str]()

    def below() -> None:
        together.run([partial(asking, together, log, name) for name in ("a1", "a2")])
        log.append("a goes on")

    together.run([partial(asking, together, log, "a", below), partial(asking, together, log, "b")])
    assert log == ["a asks", "b asks", "a sees", "a1 asks", "a2 asks", "b sees", "a1 sees", "a2 sees", "a goes on"]
    assert not together.running


@pytest.mark.parametrize("failing", ["a", "b", "c"])
def test_what_one_raises_is_raised_when_the_others_have_ended(failing: str) -> None:
    together, log = Together(), list[str]()

    def end(name: str) -> None:
        together.pause()
        log.append(f"{name} ends")
        if name == failing:
            raise KeyError(name)

    with pytest.raises(KeyError, match=failing):
        together.run([partial(asking, together, log, name, partial(end, name)) for name in "abc"])
    assert log[-3:] == ["a ends", "b ends", "c ends"]
    assert together.run([lambda: 1]) == ([1], [False]), "it can be used again"


def test_two_fields_that_need_the_same_read_it_once() -> None:
    context = Context(cast("Any", None), Viewer(kind="anonymous"))
    together, log = Together(), list[str]()
    context.run_in(together)

    def need(name: str) -> str:
        return context.once("key", lambda: asking(together, log, name))

    assert together.run([partial(need, "a"), partial(need, "b"), partial(need, "c")])[0] == ["a", "a", "a"]
    assert log == ["a asks", "a sees"]


def test_where_the_one_that_reads_fails_the_next_tries_itself() -> None:
    context = Context(cast("Any", None), Viewer(kind="anonymous"))
    together, log = Together(), list[str]()
    context.run_in(together)

    def fail() -> None:
        raise KeyError("a")

    def need(name: str, then: Callable[[], Any]) -> str:
        try:
            return context.once("key", lambda: asking(together, log, name, then))
        except KeyError:
            return "failed"

    assert together.run([partial(need, "a", fail), partial(need, "b", lambda: None)])[0] == ["failed", "b"]


class AskingQuery(Object, policy=public):
    """Two fields that ask, if they are told to, and one that never does."""

    one = Field(graphene.Int, policy=public, description="One.")
    two = Field(graphene.Int, policy=public, description="Two.")
    three = Field(graphene.Int, policy=public, description="Three.")

    LOG: ClassVar[list[str]] = []
    ASKING: ClassVar[set[str]] = set()

    @classmethod
    def answer(cls, info: Info) -> list[int]:
        """Ask where the field is to, and write down when."""
        name = info.field_name
        cls.LOG.append(f"{name} begins")
        if name in cls.ASKING and info.context.together is not None:
            info.context.together.pause()
        cls.LOG.append(f"{name} ends")
        return [1]

    @staticmethod
    def resolve_one(_parents: Sequence[Any], info: Info) -> list[int]:
        return AskingQuery.answer(info)

    @staticmethod
    def resolve_two(_parents: Sequence[Any], info: Info) -> list[int]:
        return AskingQuery.answer(info)

    @staticmethod
    def resolve_three(_parents: Sequence[Any], info: Info) -> list[int]:
        return AskingQuery.answer(info)


def test_a_plan_learns_which_fields_ask_and_looks_again_after_a_while() -> None:
    schema = assemble({}, query=AskingQuery, mutation=AskingQuery, permissions=(), codes={}).graphql
    executor = Executor(schema)

    def ask(*asking: str) -> list[str]:
        AskingQuery.LOG.clear()
        AskingQuery.ASKING = set(asking)
        context = Context(cast("Any", None), Viewer(kind="anonymous"))
        assert executor.execute("{ one two three }", context).data == {"one": 1, "two": 1, "three": 1}
        return list(AskingQuery.LOG)

    together = ["one begins", "two begins", "three begins", "three ends", "one ends", "two ends"]
    assert ask("one", "two") == together
    assert ask("one", "two") == together
    one_after_the_other = ["one begins", "one ends", "two begins", "two ends", "three begins", "three ends"]
    assert ask() == one_after_the_other, "nobody asked"
    assert ask("one", "two") == one_after_the_other, "nobody is expected to"
    seen = [ask("one", "two") for _ in range(AGAIN)]
    assert together in seen, "but once in a while it is tried"
    assert seen[-1] == together


# ------------------------------------------------------------------------------------------------------ the database


def test_what_is_read_side_by_side_is_each_ones_own(database: Database) -> None:
    with database.read() as read:
        together = Together()
        read.share(together)
        assert read.all(TWICE, of=0)[0].it == 0, "the first statement begins the snapshot"

        def twice(of: int) -> int:
            (once,) = read.all(TWICE, of=of)
            (found,) = read.all(TWICE, of=once.it)
            return cast("int", found.it)

        def counted(of: int) -> int:  # by an expression that is not prepared
            number: int = read.scalar(select(func.length(as_type(literal("x" * of), Text))))
            return number

        calls = [partial(twice, 1), partial(counted, 2), partial(twice, 3), partial(counted, 4), partial(twice, 5)]
        assert together.run(calls)[0] == [4, 2, 12, 4, 20]


def test_statements_travel_together(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.read() as read:
        wire, together, most = read.source.wire, Together(), 0
        read.share(together)
        read.all(TWICE, of=0)
        pause = together.pause

        def counting() -> None:
            nonlocal most
            assert wire is not None
            most = max(most, wire.in_flight)
            pause()

        monkeypatch.setattr(together, "pause", counting)
        found, asked = together.run([partial(read.all, TWICE, of=of) for of in range(3)])
        assert asked == [database.dialect == "postgresql"] * 3
        assert [row.it for (row,) in found] == [0, 2, 4]
        assert most == (3 if database.dialect == "postgresql" else 0)


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_a_statement_that_fails_fails_what_comes_after_it_and_the_connection_goes_on(database: Database) -> None:
    def read_all() -> list[Any]:
        with database.read() as read:
            together = Together()
            read.share(together)
            read.all(TWICE, of=0)

            def one(wanted: Prepared, **values: int) -> Any:
                try:
                    return read.all(wanted, **values)[0].it
                except DBAPIError as error:
                    return type(error.orig).__name__

            asked = [(TWICE, {"of": 4}), (QUOTIENT, {"by": 0}), (TWICE, {"of": 5})]
            return together.run([partial(one, wanted, **values) for wanted, values in asked])[0]

    assert read_all() == [8, "DivisionByZero", "InFailedSqlTransaction"]
    assert read_all() == [8, "DivisionByZero", "InFailedSqlTransaction"], "whatever was to be prepared meanwhile"
    with database.read() as read:
        assert read.all(QUOTIENT, by=4)[0].it == 3


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
@pytest.mark.parametrize("last", ["prepared", "expression"])
def test_where_the_connection_is_lost_with_statements_in_flight_everybody_is_told(
    database: Database, last: str
) -> None:
    with database.connect() as other, database.read() as read:
        together = Together()
        read.share(together)
        read.all(TWICE, of=0)

        def told(select_: Any, **values: int) -> str:
            with pytest.raises(DBAPIError) as raised:
                read.all(select_, **values)
            return type(raised.value.orig).__name__

        def lose() -> str:
            other.exec_driver_sql(f"SELECT pg_terminate_backend({read.source.driver.info.backend_pid})")
            return told(TWICE, of=1)

        other_ways = {"prepared": partial(told, QUOTIENT, by=3), "expression": partial(told, select(literal(1)))}
        calls: list[Callable[[], str]] = [lose, partial(told, TWICE, of=2), other_ways[last]]
        found, _ = together.run(calls)
        assert set(found) <= {"OperationalError", "AdminShutdown"}
        assert told(select(literal(2))) == "OperationalError", "nor is there any more afterwards"
    with database.read() as read:
        assert read.all(TWICE, of=2)[0].it == 4


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_fields_that_ask_for_the_instant_are_told_the_same(make_kit: Any) -> None:
    kit = make_kit()
    with Context(kit, Viewer(kind="anonymous")) as context:
        together = Together()
        context.run_in(together)
        context.read.scalar(select(literal(1)))  # so that the snapshot began without asking
        assert len(set(together.run([lambda: context.now] * 3)[0])) == 1


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_who_reads_a_snapshot_is_told_when_it_began_for_nothing(database: Database) -> None:
    with database.read() as read:
        before = read.instant()
        read.all(TWICE, of=0)
        assert read.instant() == before
        now: int = read.scalar(
            select(func.floor(func.extract("epoch", func.clock_timestamp()) * 1_000_000).cast(Whole))
        )
        assert 0 <= now - before < 60_000_000
    with database.read() as read:
        read.all(TWICE, of=0)
        assert read.instant() > before
        assert read.statements == 1


# --------------------------------------------------------------------------------------------------------- the turns


def test_quick_ones_take_turns_and_the_slow_give_theirs_away() -> None:
    async def play() -> list[str]:
        log: list[str] = []
        turns = Turns(1, 0.01)
        is_slow, slow_may_end = asyncio.Event(), asyncio.Event()

        async def slow() -> None:
            async with turns.taken(is_slow.set):
                log.append("slow begins")
                await slow_may_end.wait()
            log.append("slow ends")

        async def quick(name: str) -> None:
            async with turns.taken(lambda: log.append(f"{name} is slow")):
                log.append(f"{name} begins")
            log.append(f"{name} ends")

        going = asyncio.create_task(slow())
        await is_slow.wait()
        await asyncio.gather(quick("a"), quick("b"))
        slow_may_end.set()
        await going
        await quick("c")
        return log

    assert asyncio.run(play()) == [
        "slow begins",
        *("a begins", "a ends", "b begins", "b ends"),
        "slow ends",
        *("c begins", "c ends"),
    ]


def test_who_waits_too_long_for_a_turn_is_told_as_well() -> None:
    async def play() -> list[str]:
        log: list[str] = []
        turns = Turns(1, 0)  # whatever is not done at once takes too long

        async def take(name: str) -> None:
            ended = asyncio.Event()

            def slow() -> None:
                log.append(f"{name} is slow")
                ended.set()

            async with turns.taken(slow):
                log.append(f"{name} begins")
                await ended.wait()

        await asyncio.gather(take("a"), take("b"))
        return log

    assert asyncio.run(play()) == ["a begins", "a is slow", "b is slow", "b begins"]


def test_a_turn_is_given_back_where_nobody_waits_any_more() -> None:
    async def play() -> bool:
        turns = Turns(1, 60)

        async def wait() -> None:
            async with turns.taken(lambda: None):
                await asyncio.Event().wait()

        gone = asyncio.create_task(wait())
        await asyncio.sleep(0)
        gone.cancel()
        async with turns.taken(lambda: None):
            return gone.cancelled()

    assert asyncio.run(play())


# --------------------------------------------------------------------------------------------------------- afterwards


def known_to(error: BaseException) -> set[str]:
    """Return the local variables of the frames that something raised came through, those that are greenlets."""
    found: set[str] = set()
    trace = error.__traceback__
    while trace is not None:
        for name, value in trace.tb_frame.f_locals.items():
            inside: list[Any] = [value, *(value if isinstance(value, list) else [])]
            inside += [getattr(each, name, None) for each in inside for name in ("main", "waiter", "parent")]
            found.update(name for each in inside if isinstance(each, greenlet))
        trace = trace.tb_next
    return found


def test_what_was_raised_knows_no_greenlet() -> None:
    together, log = Together(), list[str]()

    def fails() -> None:
        together.pause()
        raise LookupError

    def within() -> None:
        together.run(cast("list[Callable[[], Any]]", [fails, partial(asking, together, log, "a")]))

    with pytest.raises(LookupError) as caught:
        together.run(cast("list[Callable[[], Any]]", [within, partial(asking, together, log, "b")]))
    assert log == ["b asks", "a asks", "b sees", "a sees"]
    assert known_to(caught.value) == set()
    assert together.main is None


def test_what_was_raised_on_the_loop_knows_none_either() -> None:
    def work(_tell: Any) -> None:
        raise LookupError("here")

    async def play() -> None:
        await OnLoop().run(work)

    with pytest.raises(LookupError, match="here") as caught:
        asyncio.run(play())
    assert known_to(caught.value) == set()
