"""Runs the web application on uvicorn."""

from __future__ import annotations

import gc
import logging
import os
import socket

import structlog
import uvicorn
from starlette.applications import Starlette

from corekit.errors import SettingsError
from corekit.log import raised_at

__all__ = ["CannotListen", "listen", "run", "server", "settle_down"]

_log = structlog.get_logger("corekit.server")

OBJECTS = 20_000
"""How many more objects there have to be before cycles are looked for."""


class CannotListen(SettingsError):
    """The address is taken, or not ours."""

    code = "CANNOT_LISTEN"


class _OurLog(logging.Handler):
    """Writes what uvicorn has to say as a line of our log, without a stack."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        raised = record.exc_info[1] if record.exc_info else None
        told = raised_at(raised) if raised is not None else {}
        _log.log(record.levelno, "server", said=record.getMessage().strip(), **told)


def server(app: Starlette) -> uvicorn.Server:
    """Return a server of the application; requests are logged by the application itself."""
    said = logging.getLogger("uvicorn")
    said.handlers, said.propagate = [_OurLog(logging.WARNING)], False
    return uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", server_header=False))


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; :class:`CannotListen` where that cannot be.

    Connections take TCP_NODELAY over from it: asyncio sets it only where the socket names its protocol, and without it
    every answer but the first of a connection waits 40 ms for the client's acknowledgement of its headers.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise CannotListen(f"cannot listen on {host}:{port}: {reason}; choose another --port") from None
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def settle_down() -> None:
    """Tell the collector of cycles that a process has begun to serve.

    What a server is made of lives as long as it does, so there is no need to look at it again and again; and an answer
    is made of thousands of objects, none of which is in a cycle.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS)


def run(app: Starlette, listening: socket.socket) -> None:
    """Serve on a socket that listens, until a signal says stop."""
    settle_down()
    server(app).run(sockets=[listening])
