"""GraphQL over HTTP: what a request says, and in which media type its answer goes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from functools import lru_cache
from typing import Any, cast

import orjson
from attrs import field, frozen
from starlette.requests import Request

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"


class BadRequest(Exception):
    """The request is no GraphQL request; answered with a status and a code."""

    def __init__(self, message: str, status: int = 400, code: str = "BAD_REQUEST") -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code


@frozen(kw_only=True)
class Question:
    """What a client asks."""

    query: str | None
    document_id: str | None = None
    variables: Mapping[str, Any] = field(factory=dict[str, Any])
    operation_name: str | None = None


@lru_cache(maxsize=256)
def media_type(accept: str | None) -> str | None:
    """Return the media type of the answer that a client accepts, or None where it accepts none that there is."""
    if not accept:
        return JSON
    best: str | None = None
    for part in accept.split(","):
        name, *parameters = (text.strip().lower() for text in part.split(";"))
        charsets = [text.removeprefix("charset=") for text in parameters if text.startswith("charset=")]
        if any(charset not in {"utf-8", "utf8"} for charset in charsets):
            continue
        if name == GRAPHQL_JSON:
            return GRAPHQL_JSON
        if name in {JSON, "application/*", "*/*"}:
            best = best or JSON
    return best


async def read_question(request: Request, most: int) -> Question:
    """Return what a request asks; BadRequest where it says nothing sensible, or more than ``most`` bytes."""
    if request.method == "GET":
        found: Any = dict(request.query_params)
        for name in ("variables", "extensions"):
            if name in found:
                found[name] = _json(found[name], f"Invalid '{name}'.")
        return _checked(found)
    content_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if content_type != JSON:
        raise BadRequest(f"Send the request as {JSON}.", 415, "UNSUPPORTED_MEDIA_TYPE")
    return _checked(_json(await _body(request.stream(), most), "The body is not valid JSON."))


async def _body(stream: AsyncIterator[bytes], most: int) -> bytes:
    body = bytearray()
    async for chunk in stream:
        body += chunk
        if len(body) > most:
            raise BadRequest(f"The body has more than {most} bytes.", 413, "TOO_LARGE")
    return bytes(body)


def _json(text: str | bytes, message: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadRequest(message) from None


def _checked(found: Any) -> Question:
    if not isinstance(found, dict):
        raise BadRequest("The body must be a JSON object.")
    parts = cast("dict[str, Any]", found)
    query, name = parts.get("query"), parts.get("operationName")
    if query is not None and not isinstance(query, str):
        raise BadRequest("Missing or invalid 'query'.")
    if name is not None and not isinstance(name, str):
        raise BadRequest("Invalid 'operationName'.")
    for part in ("variables", "extensions"):
        if parts.get(part) is not None and not isinstance(parts[part], dict):
            raise BadRequest(f"Invalid '{part}'.")
    document_id = _document_id(parts)
    if query is None and document_id is None:
        raise BadRequest("Missing or invalid 'query'.")
    return Question(query=query, document_id=document_id, variables=parts.get("variables") or {}, operation_name=name)


def _document_id(parts: Mapping[str, Any]) -> str | None:
    """Return the id of the document that a request names, as GraphQL over HTTP, Relay or Apollo put it."""
    extensions: dict[str, Any] = parts.get("extensions") or {}
    persisted: Any = extensions.get("persistedQuery")
    named: Any = cast("dict[str, Any]", persisted).get("sha256Hash") if isinstance(persisted, dict) else None
    for key in ("documentId", "doc_id"):
        named = parts[key] if parts.get(key) is not None else named
    if named is not None and not isinstance(named, str):
        raise BadRequest("Invalid 'documentId'.")
    return named
