"""How an error goes to a client: with a code, and without anything of the inside."""

from __future__ import annotations

import traceback
from typing import Any

import structlog
from graphql import GraphQLError

from corekit.errors import Busy, CorekitError, Invalid, NotFound, Unavailable
from corekit.ids import new_id

_log = structlog.get_logger("corekit.graphql")

INTERNAL = "INTERNAL_SERVER_ERROR"
_TOLD = (Invalid, NotFound, Busy, Unavailable)
"""Errors that are meant for whoever asked; all others are ours to mend."""


def formatted(error: GraphQLError) -> dict[str, Any]:
    """Return an error as the answer shows it; what nobody meant for a client gets an id, and its details a log line."""
    answer: dict[str, Any] = dict(error.formatted)
    original = error.original_error
    while isinstance(original, GraphQLError):
        original = original.original_error
    if isinstance(original, _TOLD):
        answer["message"] = _sentence(original)
        answer["extensions"] = _told(original)
    elif original is not None or not (error.extensions or {}).get("code"):
        answer |= masked(original or error)
    return answer


def masked(error: BaseException) -> dict[str, Any]:
    """Log an error under a new id, and return what a client may know: the id."""
    error_id = new_id()
    frames = traceback.extract_tb(error.__traceback__)
    _log.error(
        "internal error",
        error_id=error_id,
        # Sentences of databases quote what was sent; the kind of error and the way to it say enough.
        error=type(error).__name__,
        trace=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    )
    return {
        "message": f"Something went wrong here. Its id is {error_id}.",
        "extensions": {"code": INTERNAL, "id": error_id},
    }


def _sentence(error: CorekitError) -> str:
    """Return the error's sentence; that of several problems says them all, with their paths."""
    if isinstance(error, Unavailable):
        return "The database does not answer; send it again."
    if isinstance(error, Invalid) and len(error.problems) == 1:
        return error.problems[0].message
    return error.message


def _told(error: CorekitError) -> dict[str, Any]:
    if isinstance(error, Unavailable):  # where the database is and what it says is not for clients
        _log.error("unavailable", reason=error.message)
        return {"code": error.code, "parameters": {}}
    extensions: dict[str, Any] = {"code": error.code, "parameters": error.parameters}
    if isinstance(error, Invalid):
        extensions["problems"] = [
            {
                "path": list(problem.path),
                "code": problem.code,
                "message": problem.message,
                "parameters": dict(problem.parameters),
            }
            for problem in error.problems
        ]
    return extensions
