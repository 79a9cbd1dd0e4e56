"""strawberry with its data loaders."""

from __future__ import annotations

from functools import partial
from typing import Any

import strawberry
from strawberry.dataloader import DataLoader
from strawberry.extensions import ParserCache, ValidationCache

from bench.peers.loop import main
from bench.peers.rows import Rows, cursor, global_id, instant


@strawberry.type
class Amount:
    """An amount."""

    digits: str


@strawberry.type
class Activity:
    """What happened."""

    type: str
    occurred_at: str
    amount: Amount | None


@strawberry.type
class Activities:
    """A page of activities."""

    nodes: list[Activity]


@strawberry.type
class Tier:
    """A tier."""

    code: str


@strawberry.type
class Points:
    """Points."""

    available: Amount


@strawberry.type
class Member:
    """A member."""

    key: strawberry.Private[Any]
    id: strawberry.ID
    name: str | None
    joined_at: str

    @strawberry.field
    async def tier(self, info: strawberry.Info) -> Tier | None:
        """Load the tier."""
        found = await info.context["tiers"].load(self.key)
        return None if found is None else Tier(code=found["code"])

    @strawberry.field
    async def points(self, info: strawberry.Info) -> Points | None:
        """Load the points."""
        return Points(available=Amount(digits=str(await info.context["points"].load(self.key))))

    @strawberry.field
    async def activities(self, info: strawberry.Info, first: int) -> Activities | None:
        """Load the activities."""
        loaders = info.context["activities"]
        if first not in loaders:
            load = partial(info.context["rows"].activities, first=first)
            loaders[first] = DataLoader(asynchronous(load))
        return Activities(
            nodes=[
                Activity(
                    type=row["type"], occurred_at=instant(row["occurred_at"]), amount=Amount(digits=str(row["amount"]))
                )
                for row in await loaders[first].load(self.key)
            ]
        )


@strawberry.type
class PageInfo:
    """Where a page stands."""

    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class Members:
    """A page of members."""

    page_info: PageInfo
    nodes: list[Member]


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    def members(self, info: strawberry.Info, first: int) -> Members:
        """Read a page."""
        rows = info.context["rows"].members(first)
        page = rows[:first]
        return Members(
            page_info=PageInfo(has_next_page=len(rows) > first, end_cursor=cursor(page[-1])),
            nodes=[
                Member(key=row["id"], id=global_id(row["id"]), name=row["name"], joined_at=instant(row["joined_at"]))
                for row in page
            ],
        )


SCHEMA = strawberry.Schema(Query, extensions=[ParserCache, ValidationCache])


def asynchronous(load: Any) -> Any:
    """Return a function as a loader wants it."""

    async def load_all(keys: list[Any]) -> Any:
        return load(keys)

    return load_all


async def answer(rows: Rows, text: str, variables: dict[str, Any]) -> dict[str, Any]:
    """Answer one request, with loaders of its own."""
    tiers, points = DataLoader(asynchronous(rows.tiers)), DataLoader(asynchronous(rows.points))
    context = {"rows": rows, "tiers": tiers, "points": points, "activities": {}}
    result = await SCHEMA.execute(text, variable_values=variables, context_value=context)
    if result.errors:
        raise RuntimeError(result.errors)
    return result.data


if __name__ == "__main__":
    main(answer)
