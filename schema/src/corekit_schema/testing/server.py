"""What tests of a schema need: a server on a free port (it needs httpx)."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from threading import Thread

import httpx
from starlette.applications import Starlette

from corekit_schema.http.server import listen, server

__all__ = ["serving"]


@contextmanager
def serving(app: Starlette) -> Generator[httpx.Client]:
    """Serve an application on a free port, and give a client of it."""
    listening = listen("127.0.0.1", 0)
    web = server(app)
    thread = Thread(target=web.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        # The socket listens already, so the first request waits until the server is up.
        with httpx.Client(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=30) as client:
            yield client
    finally:
        web.should_exit = True
        thread.join()
