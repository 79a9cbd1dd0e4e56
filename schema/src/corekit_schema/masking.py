"""How an error goes to a client: with a code, and without anything of the inside."""

from __future__ import annotations

import traceback
from typing import Any

import structlog
from attrs import evolve
from graphql import GraphQLError

from corekit.errors import Busy, CorekitError, Invalid, NotFound, Unavailable
from corekit.ids import new_id
from corekit_schema.languages import ENGLISH, Speech

_log = structlog.get_logger("corekit.graphql")

INTERNAL = "INTERNAL_SERVER_ERROR"
_TOLD = (Invalid, NotFound, Busy, Unavailable)
"""Errors that are meant for whoever asked; all others are ours to mend."""


def formatted(error: GraphQLError, speech: Speech = ENGLISH) -> dict[str, Any]:
    """Return an error as the answer shows it; what nobody meant for a client gets an id, and its details a log line.

    ``speech`` says the sentences in the client's language.
    """
    answer: dict[str, Any] = dict(error.formatted)
    original = error.original_error
    while isinstance(original, GraphQLError):
        original = original.original_error
    if isinstance(original, _TOLD):
        answer["message"] = _sentence(original, speech)
        answer["extensions"] = _told(original, speech)
    elif original is not None or not (error.extensions or {}).get("code"):
        answer |= masked(original or error, speech)
    else:
        extensions = answer["extensions"]
        answer["message"] = speech.say_of_request(extensions["code"], answer["message"], extensions)
    return answer


def masked(error: BaseException, speech: Speech = ENGLISH) -> dict[str, Any]:
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
        "message": speech.say("INTERNAL", f"Something went wrong here. Its id is {error_id}.", {"id": error_id}),
        "extensions": {"code": INTERNAL, "id": error_id},
    }


def _sentence(error: CorekitError, speech: Speech) -> str:
    """Return the error's sentence; that of several problems says them all, with their paths."""
    if isinstance(error, Invalid):
        problems = [
            evolve(each, message=speech.say(each.code, each.message, each.parameters)) for each in error.problems
        ]
        return problems[0].message if len(problems) == 1 else "; ".join(map(str, problems))
    english = "The database does not answer; send it again." if isinstance(error, Unavailable) else error.message
    return speech.say(error.code, english, error.parameters)


def _told(error: CorekitError, speech: Speech) -> dict[str, Any]:
    if isinstance(error, Unavailable):  # where the database is and what it says is not for clients
        _log.error("unavailable", reason=error.message)
        return {"code": error.code, "parameters": {}}
    extensions: dict[str, Any] = {"code": error.code, "parameters": error.parameters}
    if isinstance(error, Invalid):
        extensions["problems"] = [
            {
                "path": list(problem.path),
                "code": problem.code,
                "message": speech.say(problem.code, problem.message, problem.parameters),
                "parameters": dict(problem.parameters),
            }
            for problem in error.problems
        ]
    return extensions
