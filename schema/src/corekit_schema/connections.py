"""Connections: lists in pages, each item with a cursor (Relay), over a :class:`corekit.paging.Page`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import graphene

from corekit.paging import MOST_ITEMS, PAGE, Page
from corekit_schema.context import Info
from corekit_schema.fields import Field, Object, about, listed
from corekit_schema.policies import Policy, public

COUNTED = 10
"""What it costs to count a list."""


class PageInfo(Object, policy=public):
    """Where a page stands in its list."""

    has_next_page = Field(graphene.Boolean, required=True, description="Whether items follow.", source="has_next")
    has_previous_page = Field(
        graphene.Boolean, required=True, description="Whether items come before.", source="has_previous"
    )
    start_cursor = Field(graphene.String, description="The cursor of the first item; null on an empty page.")
    end_cursor = Field(graphene.String, description="The cursor of the last item; null on an empty page.")

    @staticmethod
    def resolve_start_cursor(parents: Sequence[Page[Any]], _info: Info) -> list[str | None]:
        """Return the first cursor of each page."""
        return [page.start for page in parents]

    @staticmethod
    def resolve_end_cursor(parents: Sequence[Page[Any]], _info: Info) -> list[str | None]:
        """Return the last cursor of each page."""
        return [page.end for page in parents]


@cache
def connection(item: type) -> type[Object]:
    """Return the connection type of an object type: ``edges { cursor node }``, ``nodes``, ``pageInfo``."""
    name: str = about(item).name
    home = {"__module__": item.__module__}
    edge = type(
        f"{name}Edge",
        (Object,),
        {
            **home,
            "__doc__": f"A {name} at its place in a list.",
            "cursor": Field(graphene.String, required=True, description="Names the place; give it to `after`."),
            "node": Field(item, description="The item; null where it may not be seen."),
            "Meta": {"policy": public},
        },
    )
    return type(
        f"{name}Connection",
        (Object,),
        {
            **home,
            "__doc__": f"A page of a list of {name}.",
            "edges": Field(listed(edge), description="The items with their cursors."),
            "nodes": Field(graphene.NonNull(graphene.List(item)), source="items", description="The items alone."),
            "total_count": Field(
                graphene.Int,
                source="total",
                cost=COUNTED,
                description="How many items the whole list has, whatever the page; null where it cannot be counted.",
            ),
            "page_info": Field(PageInfo, required=True, description="Where the page stands."),
            "resolve_edges": staticmethod(_edges),
            "resolve_page_info": staticmethod(_itself),
            "Meta": {"policy": public},
        },
    )


def _edges(parents: Sequence[Page[Any]], _info: Info) -> list[list[dict[str, Any]]]:
    return [
        [{"cursor": cursor, "node": item} for cursor, item in zip(page.cursors, page.items, strict=True)]
        for page in parents
    ]


def _itself(parents: Sequence[Page[Any]], _info: Info) -> Sequence[Page[Any]]:
    return parents


class ConnectionField(Field):
    """A field that is a list in pages, with the arguments ``first``, ``after``, ``last``, ``before``.

    Its resolver gets them as keywords, as the reads of the core take them, and ``total=True`` where `totalCount` is
    asked for; it returns a ``Page`` for each parent.
    """

    def __init__(
        self,
        item: type,
        *,
        description: str,
        policy: Policy | None = None,
        cost: int | None = None,
        reads: Sequence[str] | None = None,
        resolve: Callable[..., Sequence[Any]] | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(
            connection(item),
            description=description,
            policy=policy,
            cost=cost,
            reads=reads,
            resolve=resolve,
            first=graphene.Argument(
                graphene.Int, description=f"How many from the beginning; {PAGE}, at most {MOST_ITEMS}."
            ),
            after=graphene.Argument(graphene.String, description="Only what follows this cursor."),
            last=graphene.Argument(graphene.Int, description="How many from the end, in place of `first`."),
            before=graphene.Argument(graphene.String, description="Only what comes before this cursor."),
            **arguments,
        )

    def around(self, resolve: Callable[..., Sequence[Any]]) -> Callable[..., Sequence[Any]]:
        """Return a resolver that is told whether the whole list is to be counted."""

        def counted(parents: Sequence[Any], info: Info, **arguments: Any) -> Sequence[Any]:
            if "totalCount" in info.selected:
                arguments["total"] = True
            return resolve(parents, info, **arguments)

        return counted
