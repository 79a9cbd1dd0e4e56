"""The GraphQL endpoint: one request, one answer, one line in the log."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
import structlog
from attrs import define, field
from graphql import OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from corekit.tally import Tally
from corekit_schema.assembly.schema import AssembledSchema
from corekit_schema.context import Context
from corekit_schema.execution.executor import Executor
from corekit_schema.http.in_thread import InThread
from corekit_schema.http.looking import Looking
from corekit_schema.http.message import JSON, BadRequest, Question, media_type, read_question
from corekit_schema.http.on_loop import OnLoop
from corekit_schema.http.rate import Rate, RateLimited
from corekit_schema.http.trusted import TrustedDocuments
from corekit_schema.http.turns import Turns
from corekit_schema.http.viewers import viewer_of
from corekit_schema.http.work import Work
from corekit_schema.languages import Language, Speech, language_of
from corekit_schema.masking import formatted, masked
from corekit_schema.viewer import ANONYMOUS

if TYPE_CHECKING:
    from corekit import Kit

THREADS = 40
"""Operations that run at a time; further ones wait."""
AT_ONCE = 2
"""Operations that compute in threads where all are quick: one while the other waits for the database."""
ON_LOOP = 3
"""Light operations on the thread of the event loop: one computes while the others wait for the database."""
QUICK = 0.005
"""Seconds after which an operation counts as slow, and others no longer wait for it: what waits for others is."""
HELD_UP = 0.1
"""Seconds that an operation may have the thread of the event loop at a time; what takes longer is left to workers."""
GIVE_UP_AGAIN = 0.1
"""Seconds after which what goes on although nobody waits is told to stop once more."""
_OF_STATUS = {405: {"allow": "POST"}, 401: {"www-authenticate": "Bearer"}}
"""Headers that go with a status."""
_log = structlog.get_logger("corekit.graphql")


@define
class _Exchange:
    """One request and what becomes of it. ``began``, ``viewer`` and ``operation`` are for the log."""

    media_type: str
    language: Language
    began: float
    answer: dict[str, Any] = field(factory=dict[str, Any])
    status: int = 200
    headers: dict[str, str] = field(factory=dict[str, str])
    body: bytes = b""
    viewer: str = "unknown"
    operation: str | None = None
    context: Context | None = None
    is_given_up: bool = False
    is_paid: bool = False

    def begin(self, context: Context) -> None:
        """Let it be computed in a context, unless nobody waits any more."""
        self.context = context
        if self.is_given_up:
            context.cancel()

    def refuse(self, error: BadRequest) -> None:
        """Answer that it is no request that can be answered."""
        self.status = error.status
        message = Speech(self.language).say_of_request(error.code, error.message, {})
        self.answer = {"errors": [{"message": message, "extensions": {"code": error.code}}]}

    def fail(self, error: Exception) -> None:
        """Answer that something went wrong here."""
        self.status = 500
        self.answer = {"errors": [masked(error)]}

    def finish(self) -> None:
        """Write the answer, and a line in the log."""
        try:
            self.body = _written(self.answer)
        except TypeError as error:  # a plugin gave what is no JSON
            self.fail(error)
            self.body = _written(self.answer)
        codes = {error.get("extensions", {}).get("code", "UNKNOWN") for error in self.answer.get("errors", ())}
        _log.info(
            "graphql",
            operation=self.operation,
            milliseconds=round((time.perf_counter() - self.began) * 1000, 1),
            status=self.status,
            viewer=self.viewer,
            codes=sorted(codes),
        )

    def all_headers(self) -> list[tuple[bytes, bytes]]:
        """Return the headers of the answer."""
        told = _OF_STATUS.get(self.status, {}) | self.headers
        return [
            *((name.encode(), value.encode()) for name, value in told.items()),
            (b"vary", b"Accept, Accept-Language"),
            (b"content-length", b"%d" % len(self.body)),
            (b"content-type", b"%s; charset=utf-8" % self.media_type.encode()),
        ]

    def give_up(self) -> None:
        """Stop computing: nobody waits for the answer."""
        self.is_given_up = True
        if self.context is not None:
            self.context.cancel()


class Endpoint:
    """Answers GraphQL requests over HTTP. Light queries run on the event loop's thread, all else in worker threads."""

    def __init__(
        self,
        kit: Kit,
        schema: AssembledSchema,
        executor: Executor,
        *,
        rate: Rate | None = None,
        trusted: TrustedDocuments | None = None,
    ) -> None:
        self.kit = kit
        self.schema = schema
        self.executor = executor
        self._rate = rate
        self._trusted = trusted or TrustedDocuments()
        self._threads = InThread(THREADS)
        self._turns, self._turns_here = Turns(AT_ONCE, QUICK), Turns(ON_LOOP, QUICK)
        viewers = {plugin.name for plugin in kit.hooks.implementing("corekit_viewer")}
        # On Windows an event loop looks at no sockets but its own.
        self._asks_here = kit.database.dialect == "postgresql" and os.name != "nt" and viewers <= schema.nonblocking
        self._on_loops: OnLoop | None = None
        self._looking = Looking(kit)
        self.answered = Tally()
        """How many requests were answered, by the status of HTTP."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as an ASGI application."""
        request, began = Request(scope, receive), time.perf_counter()
        self._looking.go_on()
        type_ = media_type(request.headers.get("accept"))
        if type_ is None:
            await Response("Not Acceptable", 406)(scope, receive, send)
            return
        exchange = _Exchange(type_, language_of(request.headers.get("accept-language")), began)
        try:
            question = await self._read(request)
        except (BadRequest, ClientDisconnect) as error:
            exchange.refuse(error if isinstance(error, BadRequest) else BadRequest("Nobody waits for the answer."))
            exchange.finish()
        except Exception as error:  # noqa: BLE001 - nothing of it may reach a client
            exchange.fail(error)
            exchange.finish()
        else:
            await self._answered(request, question, exchange)
        self.answered.add([str(exchange.status)])
        await send({"type": "http.response.start", "status": exchange.status, "headers": exchange.all_headers()})
        await send({"type": "http.response.body", "body": exchange.body})

    async def _read(self, request: Request) -> Question:
        limits = self.executor.limits
        try:
            async with asyncio.timeout(limits.seconds):
                return await read_question(request, limits.body)
        except TimeoutError:
            message = f"The request did not arrive within {limits.seconds} seconds."
            raise BadRequest(message, 408, "TOO_SLOW") from None

    async def _answered(self, request: Request, question: Question, exchange: _Exchange) -> None:
        """Answer where that can be; where it is slow, give up if the client goes away.

        The answer is written there, too: what was made on one core is slow to read on another.
        """
        watching: list[asyncio.Task[None]] = []

        async def watch() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            while True:  # a statement that began a moment after it was told to stop has not heard of it
                await asyncio.to_thread(exchange.give_up)
                await asyncio.sleep(GIVE_UP_AGAIN)

        def slow() -> None:
            if not watching:
                watching.append(asyncio.create_task(watch()))

        work = partial(self._finished, request, question, exchange)
        try:
            if not await self._on_loop(question, work, slow):
                async with self._turns.taken(slow):
                    await self._threads.run(work)
        finally:
            for each in watching:
                each.cancel()

    async def _on_loop(self, question: Question, work: Work, slow: Callable[[], object]) -> bool:
        """Answer on the thread of the loop; False where that cannot be, and nothing has come of it."""
        try:
            asked = self._trusted.text_of(question), question.operation_name
        except BadRequest:  # which is told where it is asked
            return False
        if not self._asks_here or not self.executor.is_light(*asked):
            return False
        on_loop = self._on_loops
        if on_loop is None or on_loop.loop is not asyncio.get_running_loop():
            on_loop = self._on_loops = OnLoop()
        async with self._turns_here.taken(slow):
            seconds = await on_loop.run(work)
        self.executor.noted(*asked, fits=seconds is not None and seconds <= HELD_UP)
        if seconds is not None and seconds > HELD_UP:
            _log.warning("graphql_held_up", operation=question.operation_name, milliseconds=round(seconds * 1000))
        return seconds is not None

    def _finished(self, request: Request, question: Question, exchange: _Exchange, tell: Callable[[], None]) -> None:
        """Answer, and tell; the snapshot ends after that, since nothing of the answer depends on it."""
        with ExitStack() as ending:
            try:
                self._ask(request, question, exchange, ending)
                if exchange.status == 400 and exchange.media_type == JSON:  # noqa: PLR2004 - clients of old read only 200
                    exchange.status = 200
            except BadRequest as error:
                exchange.refuse(error)
            except Exception as error:  # noqa: BLE001 - nothing of it may reach a client
                exchange.fail(error)
            exchange.finish()
            tell()

    def _ask(self, request: Request, question: Question, exchange: _Exchange, ending: ExitStack) -> None:
        viewer = viewer_of(self.kit, request)
        exchange.viewer = viewer.kind
        text = self._trusted.text_of(question)
        operation = self.executor.operation(text, question.operation_name)
        if operation is not None:
            exchange.operation = operation.name.value if operation.name else operation.operation.value
            if request.method == "GET" and operation.operation is not OperationType.QUERY:
                raise BadRequest("Only queries can be asked by GET.", 405, "METHOD_NOT_ALLOWED")

        def pay(cost: int) -> None:
            if self._rate is not None and not exchange.is_paid:
                exchange.is_paid = True
                self._rate.spend(viewer.actor if viewer != ANONYMOUS else _address(request), cost)

        seconds = self.executor.limits.seconds
        context = Context(self.kit, viewer, self.schema.nodes, seconds, language=exchange.language)
        ending.enter_context(context)
        exchange.begin(context)
        answer = self.executor.execute(
            text, context, variables=question.variables, name=question.operation_name, pay=pay
        )
        if answer.errors:
            exchange.answer["errors"] = [formatted(error, context.speech) for error in answer.errors]
            if isinstance(answer.errors[0], RateLimited):
                exchange.status, exchange.headers = 429, {"retry-after": str(answer.errors[0].wait)}
        if answer.ran:
            exchange.answer["data"] = answer.data
        else:
            exchange.status = 400
        if answer.cost is not None:
            exchange.answer["extensions"] = {"cost": {"requested": answer.cost, "limit": self.executor.limits.cost}}


def _written(answer: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(answer, default=str)
    except TypeError:  # perhaps a key is no text
        return orjson.dumps(answer, default=str, option=orjson.OPT_NON_STR_KEYS)


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""
