"""ariadne with data loaders."""

from __future__ import annotations

from functools import partial
from typing import Any

from aiodataloader import DataLoader
from ariadne import ObjectType, QueryType, graphql, make_executable_schema

from bench.peers.loop import main
from bench.peers.rows import Rows, cursor, global_id, instant

SDL = """
type Query { members(first: Int): Members }
type Members { pageInfo: PageInfo nodes: [Member] }
type PageInfo { hasNextPage: Boolean! endCursor: String }
type Member {
  id: ID! name: String joinedAt: String! tier: Tier points: Points activities(first: Int): Activities
}
type Tier { code: String! }
type Points { available: Amount }
type Amount { digits: String! }
type Activities { nodes: [Activity] }
type Activity { type: String! occurredAt: String! amount: Amount }
"""
query, member, activity = QueryType(), ObjectType("Member"), ObjectType("Activity")


class Loader(DataLoader):
    """Loads what a function returns for all keys."""

    def __init__(self, load: Any) -> None:
        super().__init__()
        self.load_all = load

    async def batch_load_fn(self, keys: list[Any]) -> list[Any]:
        """Load all."""
        return list(self.load_all(keys))


@query.field("members")
def resolve_members(_parent: Any, info: Any, first: int) -> Any:
    """Read a page."""
    rows = info.context["rows"].members(first)
    page = rows[:first]
    return {"pageInfo": {"hasNextPage": len(rows) > first, "endCursor": cursor(page[-1])}, "nodes": page}


@member.field("id")
def resolve_id(parent: Any, _info: Any) -> Any:
    """Return the global id."""
    return global_id(parent["id"])


@member.field("joinedAt")
def resolve_joined_at(parent: Any, _info: Any) -> Any:
    """Write the instant."""
    return instant(parent["joined_at"])


@member.field("tier")
async def resolve_tier(parent: Any, info: Any) -> Any:
    """Load the tier."""
    return await info.context["tiers"].load(parent["id"])


@member.field("points")
async def resolve_points(parent: Any, info: Any) -> Any:
    """Load the points."""
    return {"available": {"digits": str(await info.context["points"].load(parent["id"]))}}


@member.field("activities")
async def resolve_activities(parent: Any, info: Any, first: int) -> Any:
    """Load the activities."""
    loaders = info.context["activities"]
    if first not in loaders:
        loaders[first] = Loader(partial(info.context["rows"].activities, first=first))
    return {"nodes": await loaders[first].load(parent["id"])}


@activity.field("occurredAt")
def resolve_occurred_at(parent: Any, _info: Any) -> Any:
    """Write the instant."""
    return instant(parent["occurred_at"])


@activity.field("amount")
def resolve_amount(parent: Any, _info: Any) -> Any:
    """Return the amount."""
    return {"digits": str(parent["amount"])}


SCHEMA = make_executable_schema(SDL, query, member, activity)


async def answer(rows: Rows, text: str, variables: dict[str, Any]) -> dict[str, Any]:
    """Answer one request, with loaders of its own."""
    context = {"rows": rows, "tiers": Loader(rows.tiers), "points": Loader(rows.points), "activities": {}}
    done, result = await graphql(SCHEMA, {"query": text, "variables": variables}, context_value=context)
    if not done or "errors" in result:
        raise RuntimeError(result)
    return result["data"]


if __name__ == "__main__":
    main(answer)
