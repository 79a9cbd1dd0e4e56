"""The GraphQL endpoint: one request, one answer, one line in the log."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import orjson
import structlog
from attrs import define, field
from graphql import OperationType
from starlette.requests import Request
from starlette.responses import Response

from corekit_schema.assembly.schema import AssembledSchema
from corekit_schema.context import Context
from corekit_schema.execution.executor import Executor
from corekit_schema.http.message import JSON, BadRequest, Question, media_type, read_question
from corekit_schema.http.rate import Rate, RateLimited
from corekit_schema.http.trusted import TrustedDocuments
from corekit_schema.http.viewers import viewer_of
from corekit_schema.languages import Language, Speech, language_of
from corekit_schema.masking import formatted, masked
from corekit_schema.viewer import ANONYMOUS

if TYPE_CHECKING:
    from corekit import Kit

THREADS = 40
"""Operations that run at a time; further ones wait."""
GIVE_UP_AGAIN = 0.1
"""Seconds after which what goes on although nobody waits is told to stop once more."""
_log = structlog.get_logger("corekit.graphql")


@define
class _Exchange:
    """One request and what becomes of it. ``viewer`` and ``operation`` are for the log."""

    language: Language
    answer: dict[str, Any] = field(factory=dict[str, Any])
    status: int = 200
    headers: dict[str, str] = field(factory=dict[str, str])
    viewer: str = "unknown"
    operation: str | None = None
    context: Context | None = None
    is_given_up: bool = False

    def begin(self, context: Context) -> None:
        """Let it be computed in a context, unless nobody waits any more."""
        self.context = context
        if self.is_given_up:
            context.cancel()

    def give_up(self) -> None:
        """Stop computing: nobody waits for the answer."""
        self.is_given_up = True
        if self.context is not None:
            self.context.cancel()


class Endpoint:
    """Answers GraphQL requests over HTTP. Operations run in worker threads."""

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
        self._threads = ThreadPoolExecutor(THREADS, "graphql")

    async def __call__(self, request: Request) -> Response:
        """Answer a request."""
        began = time.perf_counter()
        type_ = media_type(request.headers.get("accept"))
        if type_ is None:
            return Response("Not Acceptable", 406)
        exchange = _Exchange(language_of(request.headers.get("accept-language")))
        try:
            question = await self._read(request)
            await self._answered(request, question, exchange)
            if exchange.status == 400 and type_ == JSON:  # noqa: PLR2004 - clients of old read only 200
                exchange.status = 200
        except BadRequest as error:
            exchange.status = error.status
            message = Speech(exchange.language).say_of_request(error.code, error.message, {})
            exchange.answer = {"errors": [{"message": message, "extensions": {"code": error.code}}]}
        except Exception as error:  # noqa: BLE001 - nothing of it may reach a client
            exchange.status = 500
            exchange.answer = {"errors": [masked(error)]}
        self._write(exchange, time.perf_counter() - began)
        headers = {405: {"allow": "POST"}, 401: {"www-authenticate": "Bearer"}}.get(exchange.status, {})
        headers |= exchange.headers | {"vary": "Accept, Accept-Language"}
        body = orjson.dumps(exchange.answer, default=str, option=orjson.OPT_NON_STR_KEYS)
        return Response(body, exchange.status, headers, media_type=f"{type_}; charset=utf-8")

    async def _read(self, request: Request) -> Question:
        limits = self.executor.limits
        try:
            async with asyncio.timeout(limits.seconds):
                return await read_question(request, limits.body)
        except TimeoutError:
            message = f"The request did not arrive within {limits.seconds} seconds."
            raise BadRequest(message, 408, "TOO_SLOW") from None

    async def _answered(self, request: Request, question: Question, exchange: _Exchange) -> None:
        """Answer in a worker thread, and give up where the client goes away."""

        async def watch() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            while True:  # a statement that began a moment after it was told to stop has not heard of it
                exchange.give_up()
                await asyncio.sleep(GIVE_UP_AGAIN)

        watching = asyncio.create_task(watch())
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, self._ask, request, question, exchange)
        finally:
            watching.cancel()

    def _ask(self, request: Request, question: Question, exchange: _Exchange) -> None:
        viewer = viewer_of(self.kit, request)
        exchange.viewer = viewer.kind
        text = self._trusted.text_of(question)
        operation = self.executor.operation(text, question.operation_name)
        if operation is not None:
            exchange.operation = operation.name.value if operation.name else operation.operation.value
            if request.method == "GET" and operation.operation is not OperationType.QUERY:
                raise BadRequest("Only queries can be asked by GET.", 405, "METHOD_NOT_ALLOWED")

        def pay(cost: int) -> None:
            if self._rate is not None:
                self._rate.spend(viewer.actor if viewer != ANONYMOUS else _address(request), cost)

        seconds = self.executor.limits.seconds
        with Context(self.kit, viewer, self.schema.nodes, seconds, language=exchange.language) as context:
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

    def _write(self, exchange: _Exchange, seconds: float) -> None:
        codes = {error.get("extensions", {}).get("code", "UNKNOWN") for error in exchange.answer.get("errors", ())}
        _log.info(
            "graphql",
            operation=exchange.operation,
            milliseconds=round(seconds * 1000, 1),
            status=exchange.status,
            viewer=exchange.viewer,
            codes=sorted(codes),
        )


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""
