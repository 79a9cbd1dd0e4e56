"""What a command says: a value for people or as JSON, and an error as one line with its code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NoReturn, cast

import orjson
import typer

from corekit.cli.context import options
from corekit.errors import OF_DATABASE, Busy, CorekitError, Invalid, PluginError, Refusal, SettingsError, Unavailable
from corekit.values import fields_of

DONE, NO, COULD_NOT = 0, 1, 2
"""The exit codes: done; the answer is no; it could not run."""

_COULD_NOT = (SettingsError, PluginError, Unavailable, Busy)
_WIDTH = 140


def emit(ctx: typer.Context, value: Any, human: Callable[[Any], Any] | None = None) -> None:
    """Print a value: as JSON where ``--json`` was given, else as ``human`` shows it.

    ``human`` returns text or anything that rich can print; without it, text is printed as it is.
    """
    if options(ctx).json:
        typer.echo(as_json(value))
        return
    shown = human(value) if human is not None else value
    if isinstance(shown, str):
        typer.echo(shown)
        return
    from rich.console import Console

    # Into a file or a pipe, lines are as long as they need to be.
    width = None if sys.stdout.isatty() else _WIDTH
    Console(width=width, markup=False, highlight=False, soft_wrap=width is not None).print(shown)


def fail(ctx: typer.Context, error: Exception, status: int | None = None) -> NoReturn:
    """Print an error, as one line or as JSON, and leave with its exit code, or with ``status``.

    ``COREKIT_DEBUG=1`` lets an error through as Python shows it.
    """
    if os.environ.get("COREKIT_DEBUG"):
        raise error
    code, message, parameters, usual = _describe(error)
    if options(ctx).json:
        content: dict[str, Any] = {"code": code, "message": message, "parameters": parameters}
        if isinstance(error, Invalid):
            content["problems"] = error.problems
        typer.echo(as_json({"error": content}), err=True)
    else:
        typer.echo(f"error: {' '.join(message.split())} [{code}]", err=True)
    raise typer.Exit(usual if status is None else status)


def _describe(error: Exception) -> tuple[str, str, Mapping[str, Any], int]:
    """Return code, sentence, parameters and exit code. What SQLAlchemy says stays here: it holds SQL."""
    if isinstance(error, CorekitError):
        return error.code, error.message, error.parameters, COULD_NOT if isinstance(error, _COULD_NOT) else NO
    if isinstance(error, Refusal):
        return error.code, "refused", error.parameters, NO
    kind = type(getattr(error, "orig", None) or error).__name__
    if type(error).__module__.partition(".")[0] in OF_DATABASE:
        message = f"the database refused what it was asked ({kind}); run `corekit db status`"
        return "DATABASE", message, {}, COULD_NOT
    message = f"unexpected {kind}: a defect; COREKIT_DEBUG=1 shows where"
    return "INTERNAL", message, {}, COULD_NOT


def as_json(value: Any) -> str:
    """Return a value as indented JSON."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode()


def _plain(value: Any) -> Any:
    """Return as JSON knows it what orjson does not know."""
    named = fields_of(value)
    if named is not None:
        return named
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, object]", value))
    if isinstance(value, (set, frozenset)):
        return sorted(cast("set[str]", value))
    return value.isoformat() if isinstance(value, datetime) else str(value)
