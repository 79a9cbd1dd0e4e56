"""Reading: the processor's time of our server to that of servers with data loaders, and what further pages cost."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import orjson

from bench import page
from bench.compare import Found, Way, enough, ratios, timed
from bench.peers import install
from bench.servers import ROOT, Servers
from bench.world import open_kit
from corekit import Kit
from corekit.db.reader import Reader
from corekit.members.read import member_page
from corekit_schema import Context, assemble_for
from corekit_schema.execution.executor import Executor
from corekit_schema.http.server import settle_down

BESIDE = ("strawberry", "ariadne")
"""Whose time is told beside graphene's."""
PAGES = 1_000
"""The page that is compared with the first."""
MOST = 1_000
"""Members that are passed over at a time on the way there."""
_AFTER = """
query After($first: Int!, $after: String) {
  members(first: $first, after: $after) {
    nodes { id name joinedAt tier { code } points { available { digits } }
      activities(first: 3) { nodes { type occurredAt amount { digits } } } }
  }
}
"""


def measure_loaders(servers: Servers) -> Found:
    """Return how many times as long as ours graphene with data loaders keeps the processor busy, per round.

    Each answers the page from the text to the text of the answer, without HTTP, in one process, on the same tables;
    and each has told the collector of cycles what our server tells it when it begins to serve.
    """
    url = page.database(servers)
    kit = open_kit(url)
    answer = page.answering(kit)
    expected = {"members": orjson.loads(answer())["members"]}

    def ours(number: int) -> float:
        began = time.process_time()
        for _ in range(number):
            answer()
        return time.process_time() - began

    with closing(kit), _settled_down():
        return _to_peers(ours, url, expected)


def _to_peers(ours: Way, url: str, expected: dict[str, Any]) -> Found:
    number = enough(ours, 10)
    beside = {"corekit, ms": 1000 * ours(number) / number}
    with _peer(Path(sys.executable), "graphene", url, expected) as theirs:
        found = ratios(ours, theirs, starts=(10, 3))
        beside["graphene, ms"] = beside["corekit, ms"] * sorted(found)[len(found) // 2]
    for name in BESIDE:
        with _peer(install.python(), name, url, expected) as theirs:
            number = enough(theirs, 3)
            beside[f"{name}, ms"] = 1000 * theirs(number) / number
    return Found(found, beside)


@contextmanager
def _settled_down() -> Generator[None]:
    """Let this process be as one that serves."""
    before = gc.get_threshold()
    settle_down()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@contextmanager
def _peer(python: Path, name: str, url: str, expected: dict[str, Any]) -> Generator[Way]:
    """Start a peer, see that it answers the same, and give what tells the processor's time of so many answers."""
    module = f"bench.peers.with_{name}"
    command = [str(python), "-m", module, url, page.TEXT, json.dumps(page.VARIABLES)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        told, heard = process.stdin, process.stdout
        if told is None or heard is None:
            raise RuntimeError("no pipes")
        found = json.loads(heard.readline() or "null")
        if found != expected:
            process.kill()
            raise RuntimeError(f"{name} does not answer the same: {str(found)[:500]}, not {str(expected)[:500]}")

        def way(number: int) -> float:
            told.write(f"{number}\n")
            told.flush()
            return float(heard.readline())

        yield way
        told.close()


def measure_pages(servers: Servers) -> list[float]:
    """Return how many times as long as the first page of members the thousandth takes, per round.

    A page of twice as many members must cost as many statements.
    """
    kit = open_kit(page.database(servers))
    counts = {first: _statements(kit, first) for first in (page.MEMBERS, 2 * page.MEMBERS)}
    if len(set(counts.values())) > 1:
        raise RuntimeError(f"statements by members on a page: {counts}")
    with kit.read() as read:
        after = _after(read, (PAGES - 1) * page.MEMBERS)
    found = ratios(_page(kit, None), _page(kit, after), starts=(20, 20))
    kit.close()
    return found


def _statements(kit: Kit, first: int) -> int:
    schema = assemble_for(kit)
    with Context(kit, page.staff(kit), schema.nodes) as context:
        Executor(schema.graphql).execute(page.TEXT, context, variables={"first": first})
        return context.read.statements


def _after(read: Reader, members: int) -> str:
    """Return the cursor after so many members."""
    after: str | None = None
    for _ in range(members // MOST):
        after = member_page(read, first=MOST, after=after).cursors[-1]
    if rest := members % MOST:
        after = member_page(read, first=rest, after=after).cursors[-1]
    if after is None:
        raise ValueError(members)
    return after


def _page(kit: Kit, after: str | None) -> Way:
    schema, viewer = assemble_for(kit), page.staff(kit)
    executor = Executor(schema.graphql)
    variables = {"first": page.MEMBERS, "after": after}

    def prepare(number: int) -> Callable[[], object]:
        def run() -> None:
            for _ in range(number):
                with Context(kit, viewer, schema.nodes) as context:
                    answer: Any = executor.execute(_AFTER, context, variables=variables)
                if answer.errors or len(answer.data["members"]["nodes"]) != page.MEMBERS:
                    raise RuntimeError(answer)

        return run

    return timed(prepare)
