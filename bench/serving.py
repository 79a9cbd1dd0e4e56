"""Over HTTP: requests per second to PostGraphile's on the same tables, and a mutation to the same in Python.

Each server is one process. Clients are threads of this one, each with a connection that it keeps.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psycopg
from attrs import frozen
from sqlalchemy import make_url

from bench import page
from bench.compare import Found, Way, enough, ratios, timed
from bench.peers import install
from bench.servers import ROOT, Servers
from bench.world import ZONE, Shop, World
from corekit import Activity, Settings
from corekit_schema import Viewer, tokens
from corekit_schema.ids import global_id
from tools.node import NODE

SECRET = "only what is measured is signed with it"  # noqa: S105 - the server lives for a minute
MEMBERS = 500
RELATIONS = ("core_activity", "core_tier_assignment")
"""Tables that refer to members without a foreign key; PostGraphile learns it from a comment."""
POSTGRAPHILE = """
query Page($first: Int!) {
  allCoreMembers(first: $first, orderBy: [JOINED_AT_ASC]) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id
      coreProfileByMemberId { name }
      joinedAt
      coreTierAssignmentsByMemberId(first: 1, condition: {ladder: "status"}, orderBy: [VALID_FROM_DESC]) {
        nodes { tier }
      }
      coreAccountsByMemberId(condition: {kind: "points"}) { nodes { creditsPosted debitsPosted } }
      coreActivitiesByMemberId(first: 3, orderBy: [SEQ_DESC]) { nodes { type occurredAt amount } }
    }
  }
}
"""
RECORD = """
mutation Buy($input: RecordActivityInput!) {
  recordActivity(input: $input) { outcome activity { id } userErrors { code message } }
}
"""


@frozen
class Server:
    """A server that is up: where, what it wants to be told of who asks, and its process."""

    host: str
    headers: Mapping[str, str]
    process: int

    def processor(self) -> float:
        """Return how many seconds it kept the processor busy so far."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def ask(self, bodies: Sequence[bytes], check: Callable[[Any], object]) -> None:
        """Send bodies one after the other over one connection; the last answer is checked."""
        connection = HTTPConnection(self.host)
        headers = {"content-type": "application/json", "accept": "application/json", **self.headers}
        answer = b""
        for body in bodies:
            connection.request("POST", "/graphql", body, headers)
            answer = connection.getresponse().read()
        connection.close()
        found = json.loads(answer)
        if "errors" in found or not check(found["data"]):
            raise RuntimeError(answer[:2000])

    def asking(self, body: bytes, clients: int, check: Callable[[Any], object]) -> Way:
        """Return what lets clients ask the same so many times, shared out among them."""

        def prepare(number: int) -> Callable[[], object]:
            share = [body] * (number // clients)
            pool = ThreadPoolExecutor(clients)

            def run() -> None:
                for done in [pool.submit(self.ask, share, check) for _ in range(clients)]:
                    done.result()
                pool.shutdown()

            return run

        return timed(prepare)


def measure_list(servers: Servers, *, clients: int) -> Found:
    """Return how many times as long as ours PostGraphile takes for the page, per round, asked by so many clients.

    Beside it what :mod:`bench.peers.by_hand` does.
    """
    url, beside = page.database(servers), dict[str, float]()
    with ExitStack() as stack:
        own, theirs = stack.enter_context(_corekit(servers, url)), stack.enter_context(_postgraphile(url))
        asked = (
            ("corekit", own, page.TEXT, "members"),
            ("PostGraphile", theirs, POSTGRAPHILE, "allCoreMembers"),
            ("by hand", stack.enter_context(_by_hand(url)), "", "members"),
        )
        ways: list[Way] = []
        numbers: list[int] = []
        for name, server, text, field in asked:
            way = server.asking(_body(text, page.VARIABLES), clients, partial(_is_page_of, field))
            number = -(-enough(way, 10 * clients) // clients) * clients
            before = server.processor()
            seconds = way(number)
            beside[f"{name}, requests per second"] = number / seconds
            beside[f"{name}, ms of the processor"] = 1000 * (server.processor() - before) / number
            ways.append(way)
            numbers.append(number)
        return Found(ratios(ways[0], ways[1], numbers=(numbers[0], numbers[1])), beside)


def measure_http(servers: Servers) -> list[float]:
    """Return which part of the time of a mutation over HTTP the same takes in Python, per round; both with one client.

    A purchase with ten lines, on PostgreSQL. What is sent is ready beforehand, in both cases.
    """
    world = World.new(servers.empty("postgresql", "http"), members=MEMBERS, purchases=1)
    shop = Shop(world.members)

    def here(number: int) -> Callable[[], object]:
        bought = shop.purchases(number)

        def run() -> None:
            for activity in bought:
                if not world.kit.record(activity).settled:
                    raise RuntimeError(activity)

        return run

    with _corekit(servers, world.url) as server:

        def there(number: int) -> Callable[[], object]:
            bodies = [_body(RECORD, {"input": _input(activity)}) for activity in shop.purchases(number)]
            return lambda: server.ask(bodies, lambda data: data["recordActivity"]["outcome"] == "SETTLED")

        found = ratios(timed(there), timed(here), starts=(50, 50))
    world.kit.close()
    servers.drop(world.url)
    return found


def _input(activity: Activity) -> dict[str, Any]:
    lines = [
        {
            "no": line.no,
            "amount": str(line.amount),
            "sku": line.sku,
            "category": line.category,
            "quantity": line.quantity,
        }
        for line in activity.lines
    ]
    return {
        "type": activity.type,
        "memberId": global_id("Member", activity.member or ""),
        "source": activity.source,
        "idempotencyKey": activity.external_id,
        "amount": str(activity.amount),
        "lines": lines,
        "payload": activity.payload,
    }


def _body(text: str, variables: Mapping[str, Any]) -> bytes:
    return json.dumps({"query": text, "variables": variables}).encode()


def _is_page_of(field: str, data: Any) -> bool:
    return len(data[field]["nodes"]) == page.MEMBERS


@contextmanager
def _corekit(servers: Servers, url: str) -> Generator[Server]:
    """Serve a database as `corekit serve` does."""
    config = servers.folder / "serve.toml"
    lines = {"database": url, "time_zone": ZONE, "secret": SECRET}
    texts = [f"{name} = {json.dumps(value)}\n" for name, value in lines.items()]
    config.write_text(f'[corekit]\nplugins = ["points"]\ndevelopment = true\n{"".join(texts)}')
    command = [str(Path(sys.executable).with_name("corekit")), "--config", str(config), "serve", "--port", "0"]
    settings = Settings.of(database=url, plugins=["points"], development=True, secret=SECRET)
    token = tokens.issue(settings, Viewer(kind="staff", name="bench"), datetime.now(UTC))
    with _serving(command, {"authorization": f"Bearer {token}"}, servers.folder, {}) as server:
        yield server


@contextmanager
def _postgraphile(url: str) -> Generator[Server]:
    folder = install.postgraphile()
    with psycopg.connect(url) as connection:
        for table in RELATIONS:
            comment = f"COMMENT ON TABLE {table} IS '@foreignKey (member_id) references core_member (id)'"
            connection.execute(comment.encode())
    address = make_url(url)
    socket = f"postgresql://{address.username}@localhost/{address.database}?host={address.query['host']}"
    command = [str(NODE), "postgraphile.mjs"]
    with _serving(command, {}, folder, {"DATABASE": socket, "GRAPHILE_ENV": "production"}) as server:
        yield server


def _by_hand(url: str) -> AbstractContextManager[Server]:
    return _serving([sys.executable, "-m", "bench.peers.by_hand", url], {}, ROOT, {})


@contextmanager
def _serving(
    command: Sequence[str], headers: Mapping[str, str], folder: Path, settings: Mapping[str, str]
) -> Generator[Server]:
    """Start a server that prints where it listens, and stop it in the end."""
    process = subprocess.Popen(
        command, cwd=folder, env=os.environ | settings, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if "http://" not in line:
            raise RuntimeError(f"{' '.join(command)} did not start: {line}")
        yield Server(line.split("http://")[1].split("/")[0], headers, process.pid)
    finally:
        process.terminate()
        process.wait(30)
        if process.stdout:
            process.stdout.close()
