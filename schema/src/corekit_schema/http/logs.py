"""How the server writes its log: one line per request on standard error."""

from __future__ import annotations

import sys

import structlog


def configure(*, as_json: bool) -> None:
    """Write log lines as JSON, or for people where a terminal reads them."""
    for_people = sys.stderr.isatty() and not as_json
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer() if for_people else structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
