"""On the event loop's thread: what waits for the database lets others run, and what would block goes elsewhere."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import graphene
import httpx
import orjson
import psycopg
import pytest
import uvloop
from psycopg.waiting import Wait
from sqlalchemy import bindparam, func, literal, select
from starlette.applications import Starlette
from structlog.testing import capture_logs

from corekit import Settings, blocking, hookimpl
from corekit.db import waiting
from corekit.db.engine import Database
from corekit.db.prepared import Prepared
from corekit.db.reader import Reader
from corekit.db.types import Whole
from corekit_schema import Context, Field, Graph, Info, Mutation, Object, Query, Viewer, build_app, public, tokens
from corekit_schema.execution.executor import LIGHT
from corekit_schema.http import endpoint
from corekit_schema.http.on_loop import OnLoop

on_postgresql = pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
LOCK = 7
SECRET = "a secret of more than thirty-two characters"
PASS = Prepared(
    select(literal(1, Whole).label("it")).where(func.pg_advisory_xact_lock(bindparam("lock", type_=Whole)).is_not(None))
)
"""Waits until nobody holds a lock of the database."""
ONE = Prepared(select(literal(1, Whole).label("it")))


def connections(database: Database, number: int) -> None:
    """Let so many connections wait for whoever reads: to open one blocks."""
    with ExitStack() as stack:
        for _ in range(number):
            stack.enter_context(database.read()).all(ONE)


def holder(database: Database) -> psycopg.Connection[Any]:
    """Return a connection that holds the lock."""
    url = database.url.difference_update_query(["application_name"]).set(drivername="postgresql")
    held = psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)
    held.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    return held


# ------------------------------------------------------------------------------------------------------- the functions


@on_postgresql
def test_while_one_waits_for_the_database_others_run_in_the_same_thread(database: Database) -> None:
    log: list[tuple[str, bool]] = []
    connections(database, 2)

    def read(name: str, select_: Prepared, **values: Any) -> Callable[[Any], None]:
        def work(_tell: Any) -> None:
            with database.read() as reader:
                reader.all(select_, **values)
                log.append((name, threading.current_thread() is threading.main_thread()))

        return work

    async def play() -> None:
        here = OnLoop()
        with holder(database) as held:
            waiting = asyncio.create_task(here.run(read("waits", PASS, lock=LOCK)))
            await asyncio.sleep(0)
            assert await here.run(read("runs", ONE)) is not None
            held.execute("SELECT pg_advisory_unlock_all()")
            assert await waiting is not None

    asyncio.run(play())
    assert log == [("runs", True), ("waits", True)]


@on_postgresql
@pytest.mark.parametrize("is_prepared", [True, False])
def test_what_is_read_there_is_what_is_read_elsewhere(database: Database, *, is_prepared: bool) -> None:
    many: Any = select(func.generate_series(literal(1, Whole), literal(50_000, Whole), type_=Whole).label("it"))
    connections(database, 1)
    found: list[Sequence[Any]] = []

    def work(_tell: Any) -> None:
        with database.read() as reader:
            found.append([row.it for row in reader.all(Prepared(many) if is_prepared else many)])

    async def play() -> None:
        assert await OnLoop().run(work) is not None

    asyncio.run(play())
    assert found == [list(range(1, 50_001))]
    with database.read() as reader:
        assert reader.scalar(select(literal(5, Whole))) == 5


@on_postgresql
def test_what_would_block_is_left_and_nothing_of_it_stays(database: Database) -> None:
    connections(database, 1)
    log: list[str] = []

    def work(_tell: Any) -> None:
        with database.read() as reader:
            reader.all(ONE)
            log.append("reads")
            with database.read():  # there is no second connection yet
                log.append("reads beside")

    async def play() -> float | None:
        return await OnLoop().run(work)

    assert asyncio.run(play()) is None
    assert log == ["reads"]
    open_ = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"
    with database.engine.connect() as connection:
        while connection.exec_driver_sql(open_).scalar():  # its end was sent, and nobody waits for it
            pass


@on_postgresql
def test_a_database_is_neither_written_nor_settled_there(database: Database) -> None:
    async def play() -> list[float | None]:
        ways: list[Callable[[], Any]] = [database.connect, database.write, database.settle, database.unit]

        def enter(way: Callable[[], Any]) -> Callable[[Any], None]:
            def work(_tell: Any) -> None:
                with way():
                    raise AssertionError

            return work

        return [await OnLoop().run(enter(way)) for way in ways]

    assert asyncio.run(play()) == [None] * 4


def test_to_block_is_nothing_in_a_thread() -> None:
    blocking()


def test_who_is_told_goes_on_before_the_rest_is_done() -> None:
    log: list[str] = []

    def work(tell: Callable[[], None]) -> None:
        log.append("answers")
        tell()
        log.append("ends")

    async def play() -> None:
        await OnLoop().run(work)
        log.append("sends")
        await asyncio.sleep(0)

    asyncio.run(play())
    assert log == ["answers", "sends", "ends"]


@on_postgresql
def test_who_no_longer_waits_leaves_it_to_end_by_itself(database: Database) -> None:
    connections(database, 1)

    async def play() -> None:
        ended = asyncio.Event()

        def work(_tell: Any) -> None:
            with database.read() as reader:
                reader.all(PASS, lock=LOCK)
            ended.set()

        with holder(database) as held:
            waiting = asyncio.create_task(OnLoop().run(work))
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            held.execute("SELECT pg_advisory_unlock_all()")
            await ended.wait()

    asyncio.run(play())


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_a_connection_that_breaks_in_the_middle_of_an_answer_is_read_to_its_end(loop: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = socket.create_connection(listening.getsockname())
        connection: Any = listening.accept()[0]
    connection.setblocking(False)
    server.sendall(b"some of an answer")
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    server.close()  # with an error, not with an end
    read: list[bytes] = []

    def work(_tell: Any) -> None:
        wait = waiting.here.wait
        assert wait is not None
        while True:
            wait(connection, Wait.R)
            read.append(connection.recv(5))

    async def play() -> None:
        with pytest.raises(ConnectionResetError):
            await OnLoop().run(work)

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(play())
    connection.close()
    assert b"".join(read) == b"some of an answer"


@on_postgresql
def test_a_loop_that_cannot_look_at_sockets_is_an_error_of_whoever_waits(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections(database, 1)
    raised: list[str] = []

    def work(_tell: Any) -> None:
        try:
            with database.read() as reader:
                reader.all(PASS, lock=LOCK)
        except NotImplementedError as error:
            raised.append(str(error))

    async def play() -> None:
        def refuse(*_: object) -> None:
            raise NotImplementedError("no sockets here")

        monkeypatch.setattr(asyncio.get_running_loop(), "add_reader", refuse)
        with holder(database):
            await OnLoop().run(work)

    asyncio.run(play())
    assert raised == ["no sockets here"]


# --------------------------------------------------------------------------------------------------------- over HTTP


def places(**said: Any) -> ModuleType:
    """A plugin whose fields say in which kind of thread they are answered; ``said`` is what its graph says."""

    def here() -> str:
        return "worker" if threading.current_thread().name.startswith("graphql") else "loop"

    class PlacesQuery(Object):
        """What the plugin adds."""

        places_here = Field(graphene.String, policy=public, description="Answers at once.")
        places_waits = Field(graphene.String, policy=public, description="Waits for the database.")
        places_blocks = Field(graphene.String, policy=public, cost=1, description="Would block.")
        places_always = Field(graphene.String, policy=public, blocking=True, description="May block, as it says.")

        @staticmethod
        def resolve_places_here(_parents: Any, _info: Info) -> list[str]:
            return [here()]

        @staticmethod
        def resolve_places_always(_parents: Any, _info: Info) -> list[str]:
            return [here()]

        @staticmethod
        def resolve_places_waits(_parents: Any, info: Info) -> list[str]:
            info.context.read.all(PASS, lock=LOCK)
            return [here()]

        @staticmethod
        def resolve_places_blocks(_parents: Any, _info: Info) -> list[str]:
            blocking()
            return [here()]

    class PlacesMutation(Object):
        """What the plugin can be told."""

        places_change = Field(graphene.String, policy=public, description="Changes nothing.")

        @staticmethod
        def resolve_places_change(_parents: Any, _info: Info) -> list[str]:
            return [here()]

    @hookimpl
    def corekit_graph() -> Graph:
        return Graph(extends={Query: PlacesQuery, Mutation: PlacesMutation}, **said)

    module = ModuleType("places")
    module.corekit_graph = corekit_graph  # type: ignore[attr-defined]
    return module


@pytest.fixture
def kit(make_kit: Any) -> Any:
    return make_kit(modules={"places": places(blocking=False)}, development=True, secret=SECRET)


@pytest.fixture
def client(kit: Any, serve: Callable[[Starlette], httpx.Client], monkeypatch: pytest.MonkeyPatch) -> httpx.Client:
    monkeypatch.setattr(endpoint, "HELD_UP", 60.0)  # on a busy machine anything may take a while
    connections(kit.database, 3)  # since the one that was used last may not have been given back yet
    return serve(build_app(kit))


def ask(client: httpx.Client, text: str, **variables: Any) -> Any:
    """Ask as staff, and return the data."""
    settings = Settings.of(database="sqlite://", development=True, secret=SECRET)
    token = tokens.issue(settings, Viewer(kind="staff", name="mira"), datetime.now(UTC))
    headers = {"authorization": f"Bearer {token}"}
    answer = client.post("/graphql", json={"query": text, "variables": variables}, headers=headers)
    assert answer.status_code == 200, answer.text
    assert "errors" not in answer.json(), answer.text
    return answer.json()["data"]


def request_of(text: str) -> bytes:
    """Return a request as it is sent."""
    body = orjson.dumps({"query": text})
    head = f"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def where(client: httpx.Client, text: str, **variables: Any) -> str:
    """Ask for one of the plugin's fields, and return where it was answered."""
    return next(str(place) for name, place in ask(client, text, **variables).items() if name.startswith("places"))


@on_postgresql
def test_a_query_that_is_known_to_be_light_is_answered_on_the_loop(client: httpx.Client) -> None:
    assert [where(client, "{ placesHere }") for _ in range(3)] == ["worker", "loop", "loop"]
    waits = [where(client, "{ placesWaits }") for _ in range(3)]
    assert waits[-1] == "loop"  # as soon as a connection waits there


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_sqlite_answers_in_the_thread_that_asks_so_all_is_asked_by_workers(client: httpx.Client) -> None:
    assert {where(client, "{ placesHere }") for _ in range(3)} == {"worker"}


@on_postgresql
def test_who_says_nothing_of_itself_is_asked_by_workers(make_kit: Any, serve: Any) -> None:
    client = serve(build_app(make_kit(modules={"places": places()}, development=True, secret=SECRET)))
    assert {where(client, "{ placesHere }") for _ in range(3)} == {"worker"}


@on_postgresql
@pytest.mark.parametrize("text", ["{ placesAlways }", "mutation { placesChange }"])
def test_what_may_block_and_what_changes_something_is_done_by_workers(client: httpx.Client, text: str) -> None:
    assert {where(client, text) for _ in range(3)} == {"worker"}


@on_postgresql
def test_what_turns_out_to_block_is_answered_by_a_worker_and_paid_once(make_kit: Any, serve: Any) -> None:
    graphql = {"rate": 4}
    kit = make_kit(modules={"places": places(blocking=False)}, graphql=graphql, development=True, secret=SECRET)
    client = serve(build_app(kit))
    assert [where(client, "{ placesBlocks }") for _ in range(4)] == ["worker"] * 4


@on_postgresql
def test_what_costs_more_this_time_is_answered_by_a_worker(client: httpx.Client) -> None:
    text = "query ($first: Int!) { placesHere members(first: $first) { nodes { tiers { code } groups { role } } } }"
    few, many = 2, LIGHT // 2
    places_ = [where(client, text, first=first) for first in (few, few, few, many, few, few)]
    assert places_ == ["worker", "loop", "loop", "worker", "worker", "loop"]


@on_postgresql
def test_what_holds_up_others_is_left_to_workers_for_ever_longer(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "HELD_UP", 0.0)
    with capture_logs() as logs:
        found = "".join(where(client, "query Slow { placesHere }")[0] for _ in range(12))
    assert found == "w" + "lw" + "lww" + "lwwww" + "l"
    assert [each["log_level"] for each in logs if each["event"] == "graphql_held_up"] == ["warning"] * 4
    monkeypatch.setattr(endpoint, "HELD_UP", 60.0)
    found = "".join(where(client, "query Slow { placesHere }")[0] for _ in range(10))
    assert found == "w" * 8 + "ll"  # it fits, and is tried each time


@on_postgresql
def test_what_always_blocks_is_hardly_ever_begun_twice(kit: Any, client: httpx.Client) -> None:
    begun: list[str] = []
    run = OnLoop.run

    async def noting(self: OnLoop, work: Any) -> float | None:
        begun.append("loop")
        return await run(self, work)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OnLoop, "run", noting)
        assert {where(client, "{ placesBlocks }") for _ in range(12)} == {"worker"}
    assert len(begun) == 4


@on_postgresql
def test_others_are_answered_meanwhile_and_who_goes_away_lets_the_database_stop(kit: Any, client: httpx.Client) -> None:
    where(client, "{ placesWaits }")
    where(client, "{ placesHere }")
    with holder(kit.database) as held:

        def waiting() -> int:
            found: Any = held.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            return int(found.fetchone()[0])

        with socket.create_connection((client.base_url.host, client.base_url.port or 0)) as wire:
            wire.sendall(request_of("{ placesWaits }"))
            while not waiting():
                pass
            assert where(client, "{ placesHere }") == "loop"
        while waiting():
            pass
    assert where(client, "{ placesWaits }")


@on_postgresql
def test_to_tell_the_database_to_stop_may_take_its_time(
    kit: Any, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    where(client, "{ placesWaits }")
    where(client, "{ placesHere }")
    is_told, may_end = threading.Event(), threading.Event()

    def cancel(_reader: Reader) -> None:
        is_told.set()
        assert may_end.wait(30)

    monkeypatch.setattr(Reader, "cancel", cancel)
    with holder(kit.database):
        with socket.create_connection((client.base_url.host, client.base_url.port or 0)) as wire:
            wire.sendall(request_of("{ placesWaits }"))
        assert is_told.wait(30)
        assert where(client, "{ placesHere }") == "loop"
        may_end.set()


@on_postgresql
def test_a_connection_on_which_something_is_stopped_is_given_to_nobody_else(
    make_kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = make_kit()
    context = Context(kit, Viewer(kind="anonymous"))
    is_told, may_end = threading.Event(), threading.Event()

    def cancel(_reader: Reader) -> None:
        is_told.set()
        assert may_end.wait(30)

    monkeypatch.setattr(Reader, "cancel", cancel)
    process = select(func.pg_backend_pid())
    before = context.read.scalar(process)
    teller = threading.Thread(target=context.cancel)
    teller.start()
    assert is_told.wait(30)
    context.refresh()  # and waits for nobody
    with kit.read() as read:
        assert read.scalar(process) != before
    may_end.set()
    teller.join()


@on_postgresql
def test_a_context_left_on_the_loop_forgets_what_was_being_made(make_kit: Any) -> None:
    context = Context(make_kit(), Viewer(kind="anonymous"))

    def work(_tell: Any) -> None:
        context.once("it", blocking)

    async def play() -> float | None:
        return await OnLoop().run(work)

    assert asyncio.run(play()) is None
    assert context.once("it", lambda: 5) == 5
