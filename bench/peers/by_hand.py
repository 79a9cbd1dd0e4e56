"""The page without GraphQL: four reads of the core and a dictionary for each member, in one process as ours is.

It knows one question, whoever asks: what our server adds to the reads is what it takes more.
"""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.world import open_kit
from corekit import Kit
from corekit.activities.read import activities_of
from corekit.ledger.read import OF_AVAILABLE, balances
from corekit.members.read import member_page
from corekit.tiers.read import standing
from corekit_schema.http.server import listen, run
from corekit_schema.ids import global_ids

AT_ONCE = 2
"""Pages that are made side by side, as by our server."""


def page(kit: Kit, first: int) -> bytes:
    """Return the first members."""
    with kit.read() as read:
        found = member_page(read, only={"id", "name", "joined_at"}, first=first)
        ids = [each.id for each in found.items]
        tiers = standing(read, ids, only={"tier"})
        points = balances(read, ids, kit.now(read), only=OF_AVAILABLE)
        latest = activities_of(read, ids, only={"type", "occurred_at", "amount"}, first=3)
    nodes = [
        {
            "id": known_as,
            "name": each.name,
            "joinedAt": each.joined_at,
            "tier": {"code": tiers[each.id][0].tier},
            "points": {"available": {"digits": str(points[each.id][0].available)}},
            "activities": {
                "nodes": [
                    {"type": one.type, "occurredAt": one.occurred_at, "amount": {"digits": str(one.amount)}}
                    for one in latest[each.id].items
                ]
            },
        }
        for each, known_as in zip(found.items, global_ids("Member", ids), strict=True)
    ]
    return orjson.dumps({"data": {"members": {"pageInfo": {"hasNextPage": found.has_next}, "nodes": nodes}}})


def app(kit: Kit) -> Starlette:
    """Return what serves the page, made in a thread."""
    threads = ThreadPoolExecutor(AT_ONCE)

    async def answer(request: Request) -> Response:
        asked: Any = orjson.loads(await request.body())
        made = asyncio.get_running_loop().run_in_executor(threads, page, kit, asked["variables"]["first"])
        return Response(await made, media_type="application/json")

    return Starlette(routes=[Route("/graphql", answer, methods=["POST"])])


if __name__ == "__main__":
    listening = listen("127.0.0.1", 0)
    print(f"http://127.0.0.1:{listening.getsockname()[1]}/graphql", flush=True)
    run(app(open_kit(sys.argv[1])), listening)
