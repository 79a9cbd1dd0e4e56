"""A shop with medals, and what its members do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from attrs import field, frozen

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

HEAD = """
[program]
name = "Corner shop"

[[activities]]
name = "check_in"
fields = [{name = "store"}, {name = "number", type = "whole"}, {name = "by_app", type = "flag"}]

[[ladders]]
code = "status"
name = "Status"

[[ladders.tiers]]
code = "ordinary"
name = "Ordinary"

[[ladders.tiers]]
code = "silver"
name = "Silver"
criteria = [{metric = "spend", window = "rolling 12 months", at_least = "150"}]
"""
CRITERIA = {
    "often": '{kind = "count", activity = "purchase", least = 5}',
    "both": '{kind = "count", activity = ["purchase", "check_in"], least = 9}',
    "month": '{kind = "count", activity = "purchase", least = 3, window = "month"}',
    "week": '{kind = "sum", activity = "purchase", least = "70", window = "week"}',
    "quarter": '{kind = "count", activity = "check_in", least = 4, window = "quarter"}',
    "rolling": '{kind = "count", activity = "purchase", least = 3, window = "rolling 7 days"}',
    "rolling_month": '{kind = "sum", activity = "purchase", least = "130", window = "rolling 1 month"}',
    "weekly_skus": '{kind = "distinct", activity = "purchase", field = "lines.sku", least = 3, window = "week"}',
    "money": '{kind = "sum", activity = "purchase", least = "200"}',
    "year": '{kind = "sum", activity = "purchase", least = "100", window = "year"}',
    "bread": '{kind = "sum", activity = "purchase", least = "60.5", lines = {categories = "BREAD", flags = ["hot"]}}',
    "milk": '{kind = "sum", activity = "purchase", least = "100", lines = {categories = ["MILK"]}}',
    "bottles": '{kind = "sum", activity = "purchase", measure = "quantity", least = 5, window = "month",'
    ' lines = {categories = ["MILK"]}}',
    "pieces": '{kind = "sum", activity = "purchase", measure = "quantity", least = 12, lines = {skus = ["a", "b"]}}',
    "loaf": '{kind = "count", activity = "purchase", least = 2, lines = {categories = ["BREAD"]}, minimum = "20"}',
    "stores": '{kind = "distinct", activity = "check_in", field = "store", least = 3}',
    "numbers": '{kind = "distinct", activity = "check_in", field = "number", least = 2, window = "month"}',
    "skus": '{kind = "distinct", activity = "purchase", field = "lines.sku", least = 4}',
    "days": '{kind = "streak", activity = ["purchase", "check_in"], unit = "day", least = 3}',
    "weeks": '{kind = "streak", activity = "purchase", unit = "week", least = 3}',
    "months": '{kind = "streak", activity = "check_in", unit = "month", least = 2}',
    "first": '{kind = "first", activity = "check_in", where = {store = ["north", "west"], by_app = true}}',
    "metric": '{kind = "metric", metric = "spend", least = "120.5", window = "rolling 30 days"}',
    "visits": '{kind = "metric", metric = "visits", least = 6}',
    "silver": '{kind = "tier", tier = "silver"}',
    "after": '{kind = "medal", medal = "often"}',
    "all": '{kind = "all", criteria = [{kind = "medal", medal = "often"}, {kind = "tier", tier = "silver"},'
    ' {kind = "distinct", activity = "check_in", field = "store", least = 2}]}',
    "any": '{kind = "any", criteria = [{kind = "streak", activity = "purchase", unit = "day", least = 2},'
    ' {kind = "sum", activity = "purchase", least = "90"}]}',
    "none": '{kind = "all", criteria = [{kind = "count", activity = "purchase", least = 2, window = "rolling 20 days"},'
    ' {kind = "none", criteria = [{kind = "count", activity = "check_in", least = 1, window = "rolling 10 days"}]}]}',
    "seldom": '{kind = "all", criteria = [{kind = "tier", tier = "silver"}, {kind = "none", criteria ='
    ' [{kind = "count", activity = "purchase", least = 3, window = "rolling 7 days"}]}]}',
    "loyal": '{kind = "all", criteria = [{kind = "tier", tier = "silver"},'
    ' {kind = "count", activity = "purchase", least = 4}]}',
    "regular": '{kind = "all", criteria = [{kind = "tier", tier = "silver"}, {kind = "streak", activity = "purchase",'
    ' unit = "week", least = 2}, {kind = "count", activity = "purchase", least = 4}]}',
}
"""A criterion of each kind."""


@frozen
class EveryKind:
    """A program with a criterion of each kind."""

    head: str = HEAD
    criteria: Mapping[str, str] = field(factory=lambda: CRITERIA)

    def program(self, *names: str, more: str = "") -> str:
        """Return it with the medals of these names, or all; each says ``more``."""
        texts = 'texts.en = {{name = "{}"}}'
        return self.head + "".join(
            f'\n[[medals.definitions]]\nid = "{name}"\n{texts.format(name)}\n{more}when = {self.criteria[name]}\n'
            for name in names or self.criteria
        )


@pytest.fixture
def every_kind() -> EveryKind:
    return EveryKind()


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
