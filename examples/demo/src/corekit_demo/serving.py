"""Serving the members of the demo in GraphiQL, and asking the server what GraphiQL would ask."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from socket import socket
from threading import Thread
from typing import Any
from urllib.request import Request, urlopen

from corekit import Kit, Settings
from corekit_demo.graph import NAME
from corekit_demo.summary import Summary
from corekit_schema import Viewer, build_app, tokens
from corekit_schema.http.server import server

_PAGE = 100
TIMEOUT = 30


def staff_token(settings: Settings) -> str:
    """Return a development token that may see and do everything. It expires by the real clock, not by the demo's."""
    return tokens.issue(settings, Viewer(kind="staff", name="demo"), datetime.now(UTC))


def address(listening: socket) -> str:
    """Return the address under which a socket that listens is reached."""
    host, port = listening.getsockname()[:2]
    return f"http://{host}:{port}"


def page(listening: socket, settings: Settings) -> str:
    """Return the address of GraphiQL as staff, which begins with the demo's example."""
    return f"{address(listening)}/graphiql/#token={staff_token(settings)}&example={NAME}"


@contextmanager
def served(kit: Kit, listening: socket) -> Generator[str]:
    """Serve for a while; give the address."""
    running = server(build_app(kit))
    thread = Thread(target=running.run, kwargs={"sockets": [listening]}, name="corekit-demo-server")
    thread.start()
    try:
        yield address(listening)
    finally:
        running.should_exit = True
        thread.join()


def compare(kit: Kit, listening: socket, summary: Summary) -> list[str]:
    """Serve, ask over HTTP for every member with the example query, stop; return what differs from the summary."""
    with served(kit, listening) as at:
        members = list(_members(at, staff_token(kit.settings)))
    tiers = Counter(member["progress"][0]["tier"]["code"] for member in members)
    points = sum(int(member["points"]["available"]["digits"]) for member in members)
    expected = {f"members in {tier}": number for tier, number in summary.tiers.items()}
    expected |= {"members": summary.members, "points outstanding": summary.outstanding}
    found = {f"members in {tier}": tiers[tier] for tier in summary.tiers}
    found |= {"members": len(members), "points outstanding": points}
    return [
        f"{name}: the table says {number:,}, GraphQL says {found[name]:,}"
        for name, number in expected.items()
        if found[name] != number
    ]


def _members(address: str, token: str) -> Iterator[dict[str, Any]]:
    """Yield every member, page by page, by the query that GraphiQL begins with."""
    examples = ask(f"{address}/graphiql/config.json", token)["examples"]
    query: str = next(example["query"] for example in examples if example["name"] == NAME)
    after: str | None = None
    while True:
        body = {"query": query, "variables": {"first": _PAGE, "after": after}}
        answer = ask(f"{address}/graphql", token, body)
        if "errors" in answer:
            raise RuntimeError(f"the example query fails: {answer['errors']}")
        page = answer["data"]["members"]
        yield from page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def ask(url: str, token: str, body: dict[str, Any] | None = None) -> Any:
    """Return what our own server answers as JSON, to a body where there is one."""
    headers = {"authorization": f"Bearer {token}", "accept": "application/json", "content-type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    # The address is our own server's.
    with urlopen(Request(url, data, headers), timeout=TIMEOUT) as answer:  # noqa: S310
        return json.load(answer)
