"""Generated requests for files: none reads a byte that was not granted, and none is answered 500.

`make test` sends the same ones each time; `make fuzz` 50,000, each time others.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from attrs import define, field, frozen

from corekit_documents import links, uploads
from corekit_documents.ranges import etag
from corekit_schema import build_app

from .conftest import OpenShop, Shop

FUZZ = os.environ.get("COREKIT_FUZZ")
"""The number from which `make fuzz` draws; it prints it, and the same number sends the same."""
REQUESTS = 50_000 if FUZZ else 600
SIZE = 700_000
"""Bytes of a file: more than one piece."""
METHODS = ("GET",) * 12 + ("HEAD", "PUT", "POST", "OPTIONS", "DELETE", "get")
TRICKS = (
    "..",
    "%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "%00",
    "%ff",
    "/etc/passwd",
    "\\..\\",
    ".",
    "%0d%0aset-cookie:a",
    "k1.",
    "%E4%BB%B7",
    "a" * 3_000,
)


@frozen
class Asked:
    """A request as it comes over HTTP."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]


@define
class Answer:
    """What comes back."""

    status: int = 0
    headers: dict[str, str] = field(factory=dict[str, str])
    body: bytes = b""


async def ask(app: Any, asked: Asked) -> Answer:
    """Send a request to an application, past the server, which would refuse some of them."""
    answer, body = Answer(), bytearray()
    incoming = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode("latin-1") for name, value in message["headers"]}
        else:
            body.extend(message.get("body", b""))

    async def receive() -> Any:
        return next(incoming, None) or await asyncio.get_running_loop().create_future()

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": asked.method,
        "scheme": "http",
        "path": unquote_to_bytes(asked.path).decode("utf-8", "replace"),
        "raw_path": asked.path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode("latin-1", "replace")) for name, value in asked.headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "root_path": "",
    }
    await app(scope, receive, send)
    answer.body = bytes(body)
    return answer


class Requests:
    """Makes requests up, of links that are good and of such as are not."""

    def __init__(self, number: int, good: Sequence[str], bad: Sequence[str], tag: str) -> None:
        self._random = random.Random(number)
        self._good, self._bad, self._tag = good, bad, tag

    def one(self) -> Asked:
        """Return a request."""
        draw = self._random
        method = draw.choice(METHODS)
        kind = draw.random()
        if kind < 0.5:
            path = draw.choice(self._good)
        elif kind < 0.6:
            path = draw.choice(self._bad)
        elif kind < 0.9:
            path = self._changed(draw.choice((*self._good, *self._bad)))
        else:
            path = "/documents/" + "/".join(draw.choice((*TRICKS, "file", "upload")) for _ in range(draw.randrange(4)))
        return Asked(method, path, tuple(self._headers()))

    def _changed(self, path: str) -> str:
        """Return a link with something of it changed."""
        draw, at = self._random, self._random.randrange(11, len(path))
        ways = (
            path[:at] + draw.choice("AQgw-_.09/%") + path[at + 1 :],
            path[:at],
            path + draw.choice(("A", "=", "/", "/..", "%00", "?x=1", ".")),
            path[:at] + path[at + 1 :],
            path.replace("/file/", "/upload/"),
            path.replace("/upload/", "/file/"),
            path.replace("k1.", draw.choice(("k2.", ".", "k1", "k1..", "k1%2e"))),
            path[:at] + draw.choice(TRICKS) + path[at:],
            path.replace("/documents/", draw.choice(("//documents/", "/documents//", "/documents/../documents/"))),
        )
        return draw.choice(ways)

    def _headers(self) -> Iterator[tuple[str, str]]:
        draw = self._random
        if draw.random() < 0.8:
            yield "range", self._range()
        if draw.random() < 0.2:
            yield "if-range", draw.choice((self._tag, f"W/{self._tag}", '"x"', "Thu, 27 Nov 2025 06:00:00 GMT", ""))
        for name in ("if-match", "if-none-match"):
            if draw.random() < 0.1:
                yield name, draw.choice((self._tag, "*", '"x"', f'"x", {self._tag}', "", '"', "\xe4", "," * 500))
        if draw.random() < 0.1:
            yield "accept-language", draw.choice(("zh", "en", "zh-TW;q=x", "*", "\xff"))

    def _range(self) -> str:
        draw = self._random
        unit = draw.choice(("bytes=",) * 8 + ("bytes", "BYTES = ", "items=", "", "bytes=="))
        return unit + draw.choice((",",) * 6 + (", ", ";")).join(
            self._part() for _ in range(draw.choice((1, 1, 1, 2, 9)))
        )

    def _part(self) -> str:
        draw = self._random
        numbers = ("0", "1", "499", str(SIZE - 1), str(SIZE), str(SIZE + 9), "9" * 40, "0" * 30, "-1", "x", "", "\xb2")
        first, last = (draw.choice(numbers) if draw.random() < 0.6 else str(draw.randrange(SIZE)) for _ in range(2))
        return draw.choice((f"{first}-{last}", f"{first}-", f"-{last}", first, f"{first}--{last}", " 5 - 9 "))


def check(asked: Asked, answer: Answer, granted: bytes, good: Sequence[str], secrets: Sequence[bytes]) -> None:
    """See that an answer is what it may be."""
    assert 200 <= answer.status < 600, asked
    assert answer.status != 500, (asked, answer)
    if answer.status not in (200, 206):
        assert not any(secret in answer.body for secret in (*secrets, granted[:64], granted[-64:])), asked
        return
    assert unquote_to_bytes(asked.path).decode() in good, asked
    assert int(answer.headers["content-length"]) == (len(answer.body) if asked.method == "GET" else len(granted))
    if asked.method == "HEAD":
        assert (answer.status, answer.body) == (200, b"")
        return
    assert asked.method == "GET", asked
    if answer.status == 200:
        assert answer.body == granted, asked
        return
    span, size = answer.headers["content-range"].removeprefix("bytes ").split("/")
    first, last = map(int, span.split("-"))
    assert int(size) == len(granted)
    assert answer.body == granted[first : last + 1] != b"", asked
    if plain := re.fullmatch(r"bytes=([0-9]*)-([0-9]*)", dict(asked.headers)["range"]):
        begin, end = plain.groups()
        part = granted[int(begin) : int(end) + 1 if end else None] if begin else granted[-int(end) :]
        assert answer.body == part, asked


def made_links(here: Shop, granted: bytes, hidden: bytes) -> tuple[list[str], list[str]]:
    """Return links that open a file, and such as open nothing: over, revoked, to what may not be had any more."""
    here.document("old")
    here.upload(hidden, document="old")
    member, other = here.join(), here.join()
    over = here.link(member, "old").url
    here.clock.advance(hours=2)
    here.document()
    here.upload(granted)
    lost = here.link(other, "old").url
    here.document("old", {"tier": "gold"})
    revoked = here.link(other).url
    assert links.revoke(here.kit, None, member=other, document="list") == 1
    upload = uploads.begin(here.kit, None, "list", language="en", name="a.pdf", media_type="application/pdf").url
    return [here.link(member).url for _ in range(3)], [over, lost, revoked, upload]


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.row("D3", way="bad_input")
def test_no_request_reads_what_was_not_granted_and_none_fails(shop: OpenShop, store: Path, tmp_path: Path) -> None:
    here, draw = shop(), random.Random(7)
    granted, hidden, outside = (b"%PDF-1.7\n" + draw.randbytes(SIZE - 9) for _ in range(3))
    (tmp_path / "outside.pdf").write_bytes(outside)
    (store / "ab").mkdir(parents=True)
    (store / "ab" / "link").symlink_to(tmp_path / "outside.pdf")
    good, bad = made_links(here, granted, hidden)
    requests = Requests(int(FUZZ or 0), good, bad, etag(sha256(granted).hexdigest()))
    seen: Counter[int] = Counter()

    async def run() -> None:
        app = build_app(here.kit)
        for _ in range(REQUESTS):
            asked = requests.one()
            answer = await ask(app, asked)
            check(asked, answer, granted, good, (hidden[100:164], outside[100:164], b"root:"))
            seen[answer.status] += 1

    asyncio.run(run())
    assert set(seen) >= {200, 206, 304, 400, 403, 404, 405, 410, 412, 416}
    assert seen[200] + seen[206] > REQUESTS * 0.15
