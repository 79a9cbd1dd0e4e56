"""A shop with medals, and what its members do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import frozen

from corekit import Activity, Kit, Line
from corekit.testing import MakeKit
from corekit_medals.reading import Awarded, awards_of
from corekit_schema import Context, Viewer, assemble_for
from corekit_schema.execution.executor import Executor
from corekit_schema.masking import formatted

PROGRAM = """
[program]
name = "Corner shop"

[[medals.definitions]]
id = "regular"
texts = {en = {name = "Regular", description = "Comes again."}, zh = {name = "常客"}}
on_reversal = "revoke"

[[medals.definitions.levels]]
texts.en = {name = "Bronze"}
picture = "https://example.com/bronze.svg"
when = {kind = "count", activity = "purchase", least = 2}

[[medals.definitions.levels]]
texts.en = {name = "Silver"}
when = {kind = "count", activity = "purchase", least = 4}

[[medals.definitions]]
id = "spender"
texts.en = {name = "Spender"}
when = {kind = "sum", activity = "purchase", least = "100", lines = {categories = ["BREAD"]}}

[[medals.definitions]]
id = "first"
texts.en = {name = "First"}
edition = 1
when = {kind = "first", activity = "purchase", minimum = "10"}

[[medals.definitions]]
id = "hidden"
texts.en = {name = "Hidden"}
secret = true
season = {from = 2020-01-01}
when = {kind = "sum", activity = "purchase", least = "1000"}
"""


@frozen
class Shop:
    """A kit with medals."""

    kit: Kit

    def joins(self) -> str:
        return self.kit.record(Activity(type="member.registered")).member

    def buys(self, member: str, amount: int, *, category: str = "MILK") -> str:
        line = Line(1, amount, sku="a", category=category)
        answer = self.kit.record(Activity(type="purchase", member=member, amount=amount, lines=(line,)))
        assert answer.settled, answer
        return answer.activity_id or ""

    def does(self, type_: str, member: str, **payload: Any) -> Any:
        return self.kit.record(Activity(type=type_, member=member, payload=payload))

    def awards(self, member: str) -> list[Awarded]:
        with self.kit.read() as read:
            return awards_of(read, [member], ended=True).get(member, [])

    def held(self, member: str) -> set[tuple[str, int]]:
        return {(each.medal, each.level) for each in self.awards(member) if each.ended_at is None}


@pytest.fixture
def shop(make_kit: MakeKit) -> Shop:
    return Shop(make_kit(["medals"], program=PROGRAM))


@pytest.fixture
def asking() -> Callable[[Kit], Callable[..., dict[str, Any]]]:
    """Ask a kit in GraphQL: data and the codes of errors."""

    def of(kit: Kit) -> Callable[..., dict[str, Any]]:
        schema = assemble_for(kit)
        executor = Executor(schema.graphql)

        def run(text: str, viewer: Viewer, **variables: Any) -> dict[str, Any]:
            with Context(kit, viewer, schema.nodes) as context:
                answer = executor.execute(text, context, variables=variables)
            return {"data": answer.data, "codes": [formatted(error)["extensions"]["code"] for error in answer.errors]}

        return run

    return of
