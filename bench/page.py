"""The page by which reading is measured: 50 members with tier, points and their last 3 activities, some 1,100 fields.

The database has 100,000 members and 1,000,000 activities: a thousand members who registered, rose by a tier and bought
eight times, and 99 copies of each.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import orjson
import psycopg

from bench.multiply import multiply
from bench.servers import Servers
from bench.world import World
from corekit import Kit
from corekit_schema import Context, Viewer, assemble_for
from corekit_schema.execution.executor import Executor
from corekit_schema.viewer import permissions_of

MEMBERS = 50
TEXT = """
query Page($first: Int!) {
  members(first: $first) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id
      name
      joinedAt
      tier { code }
      points { available { digits } }
      activities(first: 3) { nodes { type occurredAt amount { digits } } }
    }
  }
}
"""
VARIABLES = {"first": MEMBERS}
ORIGINALS = 1_000
COPIES = 100
PURCHASES = 8
STORED = 1_000_000


def staff(kit: Kit) -> Viewer:
    """Return somebody who may read everything."""
    return Viewer(kind="staff", name="bench", permissions=permissions_of(kit))


def answering(kit: Kit) -> Callable[[], bytes]:
    """Return what answers the page: from the text to the bytes, all but HTTP."""
    schema, viewer = assemble_for(kit), staff(kit)
    executor = Executor(schema.graphql)

    def answer() -> bytes:
        with Context(kit, viewer, schema.nodes) as context:
            answer: Any = executor.execute(TEXT, context, variables=VARIABLES)
        if answer.errors:
            raise RuntimeError(answer.errors)
        return orjson.dumps(answer.data)

    return answer


@cache
def database(servers: Servers) -> str:
    """Return the URL of the large database on PostgreSQL, which is made once in a run."""
    world = World.new(servers.empty("postgresql", "page"), members=ORIGINALS, purchases=PURCHASES)
    world.kit.close()
    multiply(world.url, COPIES)
    with psycopg.connect(world.url) as connection:
        found: Any = connection.execute("SELECT count(*) FROM core_activity").fetchone()
    if abs(found[0] / STORED - 1) > 0.1:  # noqa: PLR2004 - some rise by two tiers
        raise RuntimeError(f"{found[0]} activities are stored, not {STORED}")
    return world.url
