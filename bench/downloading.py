"""Downloads: 100 MB by a link of the plugin documents, to a bare file response of Starlette's, on the same server.

The server is a process of its own; the client reads one after the other, over connections that it keeps. Beside the
ratio stands how long the API takes to answer while 500 readers take their time, and how much memory they cost.

The other measurement is of its memory: the most that the process has had when it sent 100 MB, to one reader and to
several at a time, to the most that it has had when it sent 10 MB to as many.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import socket
import time
from collections.abc import AsyncIterator, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from threading import Barrier
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
SMALL = 10_000_000
"""Bytes of the file beside it; more than lies on the way to a reader as well."""
PIECE = 1_000_000
READERS = 500
ROUNDS = 9
AT_A_TIME = (1, 8)
"""Readers while memory is measured."""
SERVERS = 3
"""How many servers' memory is measured, each a process of its own."""
BARE = "/bare"
SECRET = "only what is measured is signed with it"  # noqa: S105 - the server lives for a minute


@frozen
class Served:
    """A server that is up: where, its process, and the paths of links to the large file and to the small one."""

    host: str
    port: int
    process: int
    link: str
    small: str

    def fetch(self, path: str, times: int) -> None:
        """Read a file to its end, so many times."""
        for _ in range(times):
            self._fetch(path, SIZE)

    def fetch_together(self, path: str, size: int, readers: int) -> None:
        """Let so many readers read a file at a time: none begins before all have been answered."""
        answered = Barrier(readers)
        with ThreadPoolExecutor(readers) as pool:
            for done in [pool.submit(self._fetch, path, size, answered) for _ in range(readers)]:
                done.result()

    def _fetch(self, path: str, size: int, answered: Barrier | None = None) -> None:
        connection = HTTPConnection(self.host, self.port)
        connection.request("GET", path)
        answer = connection.getresponse()
        if answered is not None:
            answered.wait(timeout=60)
        number, piece = 0, bytearray(PIECE)
        while read := answer.readinto(piece):
            number += read
        connection.close()
        if (answer.status, number) != (200, size):
            raise RuntimeError(f"{path}: {answer.status}, {number} bytes")

    def memory(self, *, peak: bool = False) -> int:
        """Return how much memory its process has, or has had at most, in kB."""
        status, name = Path(f"/proc/{self.process}/status").read_text(), "VmHWM:" if peak else "VmRSS:"
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(name))

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
    with _serving(servers, "downloads") as served:

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


def measure_memory(servers: Servers) -> Found:
    """Return how many times as much memory a server takes at most for 100 MB as for 10 MB: with more readers the worse.

    Beside it stands how much more that is than it takes when nobody reads.
    """
    worse: list[float] = []
    more: dict[str, float] = {}
    for number in range(SERVERS):
        with _serving(servers, f"downloads_memory_{number}") as served:
            served.fetch_together(served.small, SMALL, 1)  # what is loaded once only
            idle = served.memory()
            peaks = {readers: _peaks(served, readers) for readers in AT_A_TIME}
        worse.append(max(large / small for small, large in peaks.values()))
        for readers, (_, large) in peaks.items():
            name = f"more than idle with readers: {readers}, kB at most"
            more[name] = max(more.get(name, 0), large - idle)
    return Found(worse, more)


def _peaks(served: Served, readers: int) -> tuple[int, int]:
    """Return the most memory that the server has had after so many read the small file, and then the large one."""
    served.fetch_together(served.small, SMALL, readers)
    small = served.memory(peak=True)
    served.fetch_together(served.link, SIZE, readers)
    return small, served.memory(peak=True)


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
def _serving(servers: Servers, name: str) -> Generator[Served]:
    folder = servers.folder / name
    told = {"store": str(folder), "signing_keys": [{"id": "k", "secret": SECRET}]}
    settings = {
        "database": servers.empty("postgresql", name),
        "plugins": ["documents"],
        "sections": {"documents": told},
    }
    link, small, file = _filled(settings, folder)
    listening = listen("127.0.0.1", 0)
    host, port = listening.getsockname()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(settings, str(file), listening))
    process.start()
    listening.close()
    try:
        yield Served(host, port, int(process.pid or 0), link, small)
    finally:
        process.terminate()
        process.join()


def _filled(settings: dict[str, Any], folder: Path) -> tuple[str, str, Path]:
    """Upload a large file and a small one; return a link to each, and where the large one lies."""
    kit = Kit(Settings.of(**settings))
    kit.upgrade()
    member = kit.record(Activity(type="member.registered")).member
    (link, key), (small, _) = (_uploaded(kit, member, code, size) for code, size in (("film", SIZE), ("clip", SMALL)))
    kit.close()
    return link, small, folder / key


def _uploaded(kit: Kit, member: str, code: str, size: int) -> tuple[str, str]:
    """Upload a file of a size; return a link to it for a member, and its key in the store."""
    documents.set_document(kit, None, code, titles={"en": code}, audience={"everybody": True})
    version = uploads.wait(kit, None, code, language="en", name=f"{code}.pdf", media_type="application/pdf")

    async def pieces() -> AsyncIterator[bytes]:
        yield b"%PDF-1.7\n"
        for at in range(9, size, PIECE):
            yield os.urandom(min(PIECE, size - at))

    done = asyncio.run(uploads.receive(kit, Store(settings_of(kit)), version, pieces()))
    return links.make(kit, member, code).url, str(done.key)


def _serve(settings: dict[str, Any], file: str, listening: socket.socket) -> None:
    async def bare(_: Request) -> FileResponse:
        return FileResponse(file, media_type="application/pdf")

    app = build_app(Kit(Settings.of(**settings)))
    app.router.routes.insert(0, Route(BARE, bare))
    run(app, listening)
