"""Runs the web application on uvicorn."""

from __future__ import annotations

import socket

import uvicorn
from starlette.applications import Starlette


def server(app: Starlette) -> uvicorn.Server:
    """Return a server of the application; requests are logged by the application itself."""
    return uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", server_header=False))


def run(app: Starlette, listening: socket.socket) -> None:
    """Serve on a socket that listens, until a signal says stop."""
    server(app).run(sockets=[listening])
