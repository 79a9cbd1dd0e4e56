"""Downloads: 100 MB by a link of the plugin documents, to a bare file response of Starlette's, on the same server.

The server is a process of its own; the client reads one after the other, over connections that it keeps. Beside the
ratio stands how long the API takes to answer while 500 readers take their time, and how much memory they cost.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import socket
import time
from collections.abc import AsyncIterator, Generator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from attrs import frozen
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

from bench.compare import Found, Way, ratios, timed
from bench.servers import Servers
from corekit import Activity, Kit, Settings
from corekit_documents import documents, links, uploads
from corekit_documents.settings import settings_of
from corekit_documents.store import Store
from corekit_schema import build_app
from corekit_schema.http.server import listen, run

SIZE = 100_000_000
PIECE = 1_000_000
READERS = 500
ROUNDS = 9
BARE = "/bare"
SECRET = "only what is measured is signed with it"  # noqa: S105 - the server lives for a minute


@frozen
class Served:
    """A server that is up: where, its process, and the path of a link."""

    host: str
    port: int
    process: int
    link: str

    def fetch(self, path: str, times: int) -> None:
        """Read a file to its end, so many times."""
        for _ in range(times):
            self._fetch(path)

    def _fetch(self, path: str) -> None:
        connection = HTTPConnection(self.host, self.port)
        connection.request("GET", path)
        answer = connection.getresponse()
        number, piece = 0, bytearray(PIECE)
        while read := answer.readinto(piece):
            number += read
        connection.close()
        if (answer.status, number) != (200, SIZE):
            raise RuntimeError(f"{path}: {answer.status}, {number} bytes")

    def memory(self) -> int:
        """Return how much memory its process has, in kB."""
        status = Path(f"/proc/{self.process}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))

    def answers(self) -> float:
        """Return how many seconds a query takes."""
        connection = HTTPConnection(self.host, self.port)
        began = time.perf_counter()
        body = b'{"query": "{ viewer { kind } }"}'
        connection.request("POST", "/graphql", body, {"content-type": "application/json"})
        if b"ANONYMOUS" not in connection.getresponse().read():
            raise RuntimeError("the API does not answer")
        connection.close()
        return time.perf_counter() - began


def measure(servers: Servers) -> Found:
    """Return how many times as long the bare response takes, per round, and what slow readers cost."""
    with _serving(servers) as served:

        def way(path: str) -> Way:
            return timed(lambda number: lambda: served.fetch(path, number))

        found = ratios(way(served.link), way(BARE), rounds=ROUNDS)
        before, alone = served.memory(), served.answers()
        with _slow_readers(served):
            while_slow = max(served.answers() for _ in range(20))
            more = served.memory() - before
        return Found(
            found,
            {
                "a query alone, ms": alone * 1_000,
                f"a query beside {READERS} slow readers, ms at most": while_slow * 1_000,
                "memory of a slow reader, kB": more / READERS,
            },
        )


@contextmanager
def _slow_readers(served: Served) -> Generator[None]:
    """Let many begin to read, and read no further than the first bytes."""
    with ExitStack() as stack:
        request = f"GET {served.link} HTTP/1.1\r\nhost: {served.host}\r\n\r\n".encode()
        waiting: list[socket.socket] = []
        for _ in range(READERS):
            reader = stack.enter_context(socket.create_connection((served.host, served.port)))
            reader.sendall(request)
            waiting.append(reader)
        for reader in waiting:
            if b" 200 " not in reader.recv(100):
                raise RuntimeError("a reader was refused")
        yield


@contextmanager
def _serving(servers: Servers) -> Generator[Served]:
    folder = servers.folder / "documents"
    told = {"store": str(folder), "signing_keys": [{"id": "k", "secret": SECRET}]}
    settings = {
        "database": servers.empty("postgresql", "downloads"),
        "plugins": ["documents"],
        "sections": {"documents": told},
    }
    link, file = _filled(settings, folder)
    listening = listen("127.0.0.1", 0)
    host, port = listening.getsockname()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(settings, str(file), listening))
    process.start()
    listening.close()
    try:
        yield Served(host, port, int(process.pid or 0), link)
    finally:
        process.terminate()
        process.join()


def _filled(settings: dict[str, Any], folder: Path) -> tuple[str, Path]:
    """Upload a file, and return a link to it and where it lies."""
    kit = Kit(Settings.of(**settings))
    kit.upgrade()
    documents.set_document(kit, None, "film", titles={"en": "Film"}, audience={"everybody": True})
    version = uploads.wait(kit, None, "film", language="en", name="film.pdf", media_type="application/pdf")

    async def pieces() -> AsyncIterator[bytes]:
        yield b"%PDF-1.7\n"
        for at in range(9, SIZE, PIECE):
            yield os.urandom(min(PIECE, SIZE - at))

    done = asyncio.run(uploads.receive(kit, Store(settings_of(kit)), version, pieces()))
    member = kit.record(Activity(type="member.registered")).member
    made = links.make(kit, member, "film")
    kit.close()
    return made.url, folder / str(done.key)


def _serve(settings: dict[str, Any], file: str, listening: socket.socket) -> None:
    async def bare(_: Request) -> FileResponse:
        return FileResponse(file, media_type="application/pdf")

    app = build_app(Kit(Settings.of(**settings)))
    app.router.routes.insert(0, Route(BARE, bare))
    run(app, listening)
