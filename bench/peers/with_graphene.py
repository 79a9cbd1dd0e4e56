"""graphene with data loaders."""

from __future__ import annotations

from functools import partial
from typing import Any

import graphene
from aiodataloader import DataLoader

from bench.peers.loop import main
from bench.peers.rows import Rows, cursor, global_id, instant


class Loader(DataLoader[Any, Any]):
    """Loads what a function returns for all keys."""

    def __init__(self, load: Any) -> None:
        super().__init__()
        self.load_all = load

    async def batch_load_fn(self, keys: list[Any]) -> list[Any]:
        """Load all."""
        return list(self.load_all(keys))


class Amount(graphene.ObjectType):
    """An amount."""

    digits = graphene.String(required=True)


class Activity(graphene.ObjectType):
    """What happened."""

    type = graphene.String(required=True)
    occurred_at = graphene.String(required=True)
    amount = graphene.Field(Amount)

    @staticmethod
    def resolve_occurred_at(parent: Any, _info: Any) -> str:
        """Write the instant."""
        return instant(parent["occurred_at"])

    @staticmethod
    def resolve_amount(parent: Any, _info: Any) -> Any:
        """Return the amount."""
        return {"digits": str(parent["amount"])}


class Activities(graphene.ObjectType):
    """A page of activities."""

    nodes = graphene.List(Activity)


class Tier(graphene.ObjectType):
    """A tier."""

    code = graphene.String(required=True)


class Points(graphene.ObjectType):
    """Points."""

    available = graphene.Field(Amount)


class Member(graphene.ObjectType):
    """A member."""

    id = graphene.ID(required=True)
    name = graphene.String()
    joined_at = graphene.String(required=True)
    tier = graphene.Field(Tier)
    points = graphene.Field(Points)
    activities = graphene.Field(Activities, first=graphene.Int())

    @staticmethod
    def resolve_id(parent: Any, _info: Any) -> str:
        """Return the global id."""
        return global_id(parent["id"])

    @staticmethod
    def resolve_joined_at(parent: Any, _info: Any) -> str:
        """Write the instant."""
        return instant(parent["joined_at"])

    @staticmethod
    async def resolve_tier(parent: Any, info: Any) -> Any:
        """Load the tier."""
        return await info.context["tiers"].load(parent["id"])

    @staticmethod
    async def resolve_points(parent: Any, info: Any) -> Any:
        """Load the points."""
        return {"available": {"digits": str(await info.context["points"].load(parent["id"]))}}

    @staticmethod
    async def resolve_activities(parent: Any, info: Any, first: int) -> Any:
        """Load the activities."""
        loaders = info.context["activities"]
        if first not in loaders:
            loaders[first] = Loader(partial(info.context["rows"].activities, first=first))
        return {"nodes": await loaders[first].load(parent["id"])}


class PageInfo(graphene.ObjectType):
    """Where a page stands."""

    has_next_page = graphene.Boolean(required=True)
    end_cursor = graphene.String()


class Members(graphene.ObjectType):
    """A page of members."""

    page_info = graphene.Field(PageInfo)
    nodes = graphene.List(Member)


class Query(graphene.ObjectType):
    """The root."""

    members = graphene.Field(Members, first=graphene.Int())

    @staticmethod
    def resolve_members(_parent: Any, info: Any, first: int) -> Any:
        """Read a page."""
        rows = info.context["rows"].members(first)
        page = rows[:first]
        return {"page_info": {"has_next_page": len(rows) > first, "end_cursor": cursor(page[-1])}, "nodes": page}


SCHEMA: Any = graphene.Schema(Query)  # type: ignore[attr-defined]


async def answer(rows: Rows, text: str, variables: dict[str, Any]) -> dict[str, Any]:
    """Answer one request, with loaders of its own."""
    context: dict[str, Any] = {
        "rows": rows,
        "tiers": Loader(rows.tiers),
        "points": Loader(rows.points),
        "activities": {},
    }
    result = await SCHEMA.execute_async(text, variable_values=variables, context_value=context)
    if result.errors:
        raise RuntimeError(result.errors)
    data: dict[str, Any] = result.data
    return data


if __name__ == "__main__":
    main(answer)
