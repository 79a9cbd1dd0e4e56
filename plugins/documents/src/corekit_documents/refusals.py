"""Saying no: codes of the plugin as errors, with their sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from corekit import CorekitError, ErrorText, Invalid, Problem
from corekit.audience import Why
from corekit_documents import declared


class StoreDown(CorekitError):
    """The store cannot be reached, or a file is not there that should be. Nothing was lost; try it again."""

    code = declared.STORE_DOWN.code

    def __init__(self) -> None:
        super().__init__(declared.STORE_DOWN.en)


def refused(text: ErrorText, *path: str | int, **parameters: Any) -> Invalid:
    """Return the error of a code."""
    return Invalid([_problem(text, path, parameters)])


def because(reasons: Iterable[Why], texts: Mapping[str, ErrorText]) -> Invalid:
    """Return the error of several reasons, of which there is one at least; ``texts`` are the sentences of all codes."""
    return Invalid([_problem(texts[code], (), dict(parameters)) for code, parameters in reasons])


def _problem(text: ErrorText, path: tuple[str | int, ...], parameters: dict[str, Any]) -> Problem:
    return Problem(code=text.code, message=text.en.format(**parameters), path=path, parameters=parameters)
