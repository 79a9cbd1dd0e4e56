"""The log: where a process writes it, and what it says of an exception, which is never its text, stack or a value."""

from __future__ import annotations

import sys
from pathlib import Path
from traceback import extract_tb

import structlog


def configure(*, as_json: bool) -> None:
    """Write log lines to standard error as JSON, or for people where a terminal reads them.

    What a command answers stands alone on standard output: structlog by itself would write there.
    """
    for_people = sys.stderr.isatty() and not as_json
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer() if for_people else structlog.processors.JSONRenderer(),
        ],
        # Standard error as it is when a line is written: whoever replaces it for a while closes what it was.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def raised_at(error: BaseException) -> dict[str, str]:
    """Return the type of an exception (or of its cause) and the place in the code that raised it."""
    error = error.__cause__ or error
    frames = extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno} in {frames[-1].name}" if frames else "unknown"
    return {"error": type(error).__name__, "where": place}
