"""The demo in GraphQL: no type of its own, but the query to begin with."""

from __future__ import annotations

from importlib.resources import files

from corekit_schema import Example, Graph

NAME = "DemoMembers"
"""The operation of the example."""
SHOWN = 10
"""Members on the first page."""


def graph() -> Graph:
    """Return the example, which stands in a file of its own."""
    text = files("corekit_demo").joinpath("example.graphql").read_text(encoding="utf-8")
    example = Example(
        en="Households: where they stand, what they have and did last",
        zh="家庭：等级、积分与最近消费",
        text=text,
        variables={"first": SHOWN},
    )
    return Graph(examples=(example,), blocking=False)
