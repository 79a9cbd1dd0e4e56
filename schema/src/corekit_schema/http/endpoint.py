"""The GraphQL endpoint: one request, one answer, one line in the log."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import orjson
import structlog
from attrs import define
from graphql import OperationType
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from corekit_schema.assembly.schema import AssembledSchema
from corekit_schema.context import Context
from corekit_schema.execution.executor import Executor
from corekit_schema.http.message import JSON, BadRequest, Question, media_type, read_question
from corekit_schema.http.viewers import viewer_of
from corekit_schema.masking import formatted, masked

if TYPE_CHECKING:
    from corekit import Kit

_log = structlog.get_logger("corekit.graphql")


@define
class _Exchange:
    """One request and what becomes of it. ``viewer`` and ``operation`` are for the log."""

    answer: dict[str, Any]
    status: int = 200
    viewer: str = "unknown"
    operation: str | None = None


class Endpoint:
    """Answers GraphQL requests over HTTP. Operations run in worker threads."""

    def __init__(self, kit: Kit, schema: AssembledSchema, executor: Executor) -> None:
        self.kit = kit
        self.schema = schema
        self.executor = executor

    async def __call__(self, request: Request) -> Response:
        """Answer a request."""
        began = time.perf_counter()
        type_ = media_type(request.headers.get("accept"))
        if type_ is None:
            return Response("Not Acceptable", 406)
        exchange = _Exchange({})
        try:
            question = await read_question(request, self.executor.limits.body)
            await run_in_threadpool(self._ask, request, question, exchange)
            if exchange.status == 400 and type_ == JSON:  # noqa: PLR2004 - clients of old read only 200
                exchange.status = 200
        except BadRequest as error:
            exchange.status = error.status
            exchange.answer = {"errors": [{"message": error.message, "extensions": {"code": error.code}}]}
        except Exception as error:  # noqa: BLE001 - nothing of it may reach a client
            exchange.status = 500
            exchange.answer = {"errors": [masked(error)]}
        self._write(exchange, time.perf_counter() - began)
        headers = {405: {"allow": "POST"}, 401: {"www-authenticate": "Bearer"}}.get(exchange.status)
        body = orjson.dumps(exchange.answer, default=str, option=orjson.OPT_NON_STR_KEYS)
        return Response(body, exchange.status, headers, media_type=f"{type_}; charset=utf-8")

    def _ask(self, request: Request, question: Question, exchange: _Exchange) -> None:
        viewer = viewer_of(self.kit, request)
        exchange.viewer = viewer.kind
        operation = self.executor.operation(question.query, question.operation_name)
        if operation is not None:
            exchange.operation = operation.name.value if operation.name else operation.operation.value
            if request.method == "GET" and operation.operation is not OperationType.QUERY:
                raise BadRequest("Only queries can be asked by GET.", 405, "METHOD_NOT_ALLOWED")
        with Context(self.kit, viewer, self.schema.nodes) as context:
            answer = self.executor.execute(
                question.query, context, variables=question.variables, name=question.operation_name
            )
        if answer.errors:
            exchange.answer["errors"] = [formatted(error) for error in answer.errors]
        if answer.ran:
            exchange.answer["data"] = answer.data
        else:
            exchange.status = 400

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
