"""The page without GraphQL: four reads of the core and a dictionary for each member, in one process as ours is.

It knows one question, whoever asks: what our server adds to the reads is what it takes more.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import ExitStack
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
from corekit_schema.http.endpoint import ON_LOOP
from corekit_schema.http.on_loop import OnLoop
from corekit_schema.http.server import listen, run
from corekit_schema.ids import global_ids


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
    """Return what serves the page, made on the event loop's thread, as our server makes it, and as many at once."""
    turns = asyncio.Semaphore(ON_LOOP)
    with ExitStack() as stack:  # connections to be there, since to open one blocks
        for _ in range(ON_LOOP):
            stack.enter_context(kit.read()).instant()

    async def answer(request: Request) -> Response:
        asked: Any = orjson.loads(await request.body())
        made: list[bytes] = []
        async with turns:
            if await OnLoop().run(lambda _: made.append(page(kit, asked["variables"]["first"]))) is None:
                raise RuntimeError
        return Response(made[0], media_type="application/json")

    return Starlette(routes=[Route("/graphql", answer, methods=["POST"])])


if __name__ == "__main__":
    listening = listen("127.0.0.1", 0)
    print(f"http://127.0.0.1:{listening.getsockname()[1]}/graphql", flush=True)
    run(app(open_kit(sys.argv[1])), listening)
