"""How a process writes its log: on standard error, so that what a command answers stands alone on standard output."""

from __future__ import annotations

import sys

import structlog


def configure(*, as_json: bool) -> None:
    """Write log lines as JSON, or for people where a terminal reads them; an exception comes with its stack.

    Without this structlog writes to standard output, and shows with an exception the values of all variables.
    """
    for_people = sys.stderr.isatty() and not as_json
    last: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if for_people
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True), *last],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
