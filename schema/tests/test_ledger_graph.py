"""Returns of a part and holds, over GraphQL."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from corekit import AccountKind, Credit, Declares, Unit, hookimpl
from corekit_schema import ANONYMOUS

RECORD = """
mutation ($input: RecordActivityInput!) { recordActivity(input: $input) { outcome activity { id } } }
"""
REVERSE = """
mutation ($input: ReverseActivityInput!) {
  reverseActivity(input: $input) {
    outcome code activity { amount { digits unit } lines { no amount { digits } } }
    userErrors { path code parameters }
  }
}
"""
PLACE = """
mutation ($input: PlaceHoldInput!) { placeHold(input: $input) { outcome code userErrors { path code } } }
"""
CAPTURE = (
    "mutation ($input: CaptureHoldInput!) { captureHold(input: $input) { outcome code userErrors { path code } } }"
)
RELEASE = (
    "mutation ($input: ReleaseHoldInput!) { releaseHold(input: $input) { outcome code userErrors { path code } } }"
)
FREEZE = "mutation ($input: FreezeAccountInput!) { freezeAccount(input: $input) { outcome code } }"
UNFREEZE = "mutation ($input: UnfreezeAccountInput!) { unfreezeAccount(input: $input) { outcome code } }"
HELD = """
query ($id: ID!) {
  member(id: $id) {
    holds { holdId kind amount { digits unit } expiresAt activity { id type } }
    balance(kind: "stars") { available { digits } pending { digits } balance { digits } }
  }
}
"""


@pytest.fixture
def graph(make_kit: Any, door: Any) -> Any:
    stars = ModuleType("stars")

    def react(batch: Any) -> Iterator[Credit]:
        for activity in batch.of("purchase"):
            shares = {line.no: line.amount // 10 for line in activity.lines}
            amount = sum(shares.values())
            yield Credit(activity, rule="stars@1", account="stars", amount=amount, shares=shares)

    declares = Declares(accounts=[AccountKind(code="stars", unit=Unit("stars"), lots=True)])
    vars(stars).update(
        corekit_declare=hookimpl(lambda: declares), corekit_react=hookimpl(specname="corekit_react")(react)
    )
    return door(make_kit(modules={"stars": stars}))


@pytest.fixture
def member(graph: Any) -> str:
    text = "mutation { register(input: {}) { member { id } } }"
    found: str = graph.data(text)["register"]["member"]["id"]
    return found


@pytest.fixture
def bought(graph: Any, member: str) -> str:
    lines = [{"no": 1, "amount": "600"}, {"no": 2, "amount": "400"}]
    told = {"memberId": member, "type": "purchase", "amount": "1000", "lines": lines}
    found: str = graph.data(RECORD, input=told)["recordActivity"]["activity"]["id"]
    return found


def _reverse(graph: Any, activity: str, **part: Any) -> Any:
    return graph.data(REVERSE, input={"activityId": activity, **part})["reverseActivity"]


@pytest.mark.row("A4", way="graphql")
def test_a_line_comes_back_then_an_amount_then_the_rest(graph: Any, member: str, bought: str) -> None:
    back = _reverse(graph, bought, lines=[{"no": 1, "amount": "200"}])
    assert back["activity"] == {
        "amount": {"digits": "200", "unit": "USD"},
        "lines": [{"no": 1, "amount": {"digits": "200"}}],
    }
    text = "query ($id: ID!) { member(id: $id) { purchases { nodes { returned { digits } reversed } } } }"
    assert graph.data(text, id=member)["member"]["purchases"]["nodes"] == [
        {"returned": {"digits": "200"}, "reversed": False}
    ]
    assert _reverse(graph, bought, amount="300")["outcome"] == "SETTLED"
    assert graph.data(HELD, id=member)["member"]["balance"]["available"] == {"digits": "50"}
    assert _reverse(graph, bought)["outcome"] == "SETTLED"
    assert graph.data(HELD, id=member)["member"]["balance"]["available"] == {"digits": "0"}


@pytest.mark.row("A4", way="bad_input")
def test_what_cannot_come_back_is_told(graph: Any, bought: str) -> None:
    over = _reverse(graph, bought, lines=[{"no": 2, "amount": "401"}])
    assert (over["outcome"], over["code"]) == ("REFUSED", "OVER_RETURN")
    assert over["userErrors"][0]["parameters"] == {"line": 2, "left": "400", "asked": "401"}
    assert _reverse(graph, bought, amount="-1")["userErrors"][0]["code"] == "AMOUNT_RANGE"


@pytest.mark.row("A7", way="graphql")
def test_value_is_held_captured_in_part_and_released(graph: Any, member: str, bought: str) -> None:
    assert bought
    placed = graph.data(PLACE, input={"memberId": member, "account": "stars", "amount": "60", "seconds": 600})
    assert placed["placeHold"] == {"outcome": "SETTLED", "code": None, "userErrors": []}
    found = graph.data(HELD, id=member)["member"]
    (hold,) = found["holds"]
    assert (hold["kind"], hold["amount"]) == ("stars", {"digits": "60", "unit": "stars"})
    assert hold["activity"]["type"] == "hold.placed"
    assert hold["expiresAt"] is not None
    assert found["balance"] == {
        "available": {"digits": "40"},
        "pending": {"digits": "60"},
        "balance": {"digits": "100"},
    }
    captured = graph.data(CAPTURE, input={"memberId": member, "holdId": hold["holdId"], "amount": "25"})
    assert captured["captureHold"]["outcome"] == "SETTLED"
    again = graph.data(RELEASE, input={"memberId": member, "holdId": hold["holdId"]})["releaseHold"]
    assert (again["outcome"], again["code"]) == ("REFUSED", "HOLD_RESOLVED")
    found = graph.data(HELD, id=member)["member"]
    assert found["holds"] == []
    assert found["balance"]["available"] == {"digits": "75"}
    graph.data(PLACE, input={"memberId": member, "account": "stars", "amount": "75"})
    (hold,) = graph.data(HELD, id=member)["member"]["holds"]
    of_activity = {"memberId": member, "activityId": hold["activity"]["id"]}
    assert graph.data(CAPTURE, input={**of_activity, "amount": "5"})["captureHold"]["outcome"] == "SETTLED"
    assert graph.data(RELEASE, input=of_activity)["releaseHold"]["code"] == "HOLD_RESOLVED"
    assert graph.data(HELD, id=member)["member"]["balance"]["available"] == {"digits": "70"}


@pytest.mark.row("A7", way="bad_input")
def test_a_hold_that_cannot_be_is_told(graph: Any, member: str, bought: str) -> None:
    assert bought
    strange = graph.data(PLACE, input={"memberId": member, "account": "gold", "amount": "1"})["placeHold"]
    assert strange["userErrors"] == [{"path": ["input", "account"], "code": "ACCOUNT_UNKNOWN"}]
    much = graph.data(PLACE, input={"memberId": member, "account": "stars", "amount": "101"})["placeHold"]
    assert much["code"] == "INSUFFICIENT"
    either = graph.data(RELEASE, input={"memberId": member})["releaseHold"]
    assert either["userErrors"] == [{"path": ["input", "holdId"], "code": "HOLD_WHICH"}]
    nothing = graph.data(CAPTURE, input={"memberId": member, "holdId": "0" * 32, "amount": "1"})["captureHold"]
    assert nothing["userErrors"] == [{"path": ["input", "holdId"], "code": "HOLD_UNKNOWN"}]


def test_an_account_is_frozen_and_unfrozen(graph: Any, member: str, bought: str) -> None:
    assert bought
    frozen = {"memberId": member, "account": "stars", "reason": "dispute", "debitsOnly": True}
    assert graph.data(FREEZE, input=frozen)["freezeAccount"]["outcome"] == "SETTLED"
    again = graph.data(FREEZE, input=frozen)["freezeAccount"]
    assert (again["outcome"], again["code"]) == ("REFUSED", "ACCOUNT_STATE")
    held = graph.data(PLACE, input={"memberId": member, "account": "stars", "amount": "1"})["placeHold"]
    assert held["code"] == "ACCOUNT_CLOSED_TO_DEBITS"
    opened = {"memberId": member, "account": "stars"}
    assert graph.data(UNFREEZE, input=opened)["unfreezeAccount"]["outcome"] == "SETTLED"
    assert graph.ask(FREEZE, ANONYMOUS, input=frozen)["errors"]


def test_who_may_not_hold_is_told_so(graph: Any, member: str) -> None:
    answer = graph.ask(PLACE, ANONYMOUS, input={"memberId": member, "account": "stars", "amount": "1"})
    assert answer["errors"][0]["extensions"]["code"] in {"FORBIDDEN", "UNAUTHENTICATED"}


@pytest.mark.row("A11", way="graphql")
def test_an_opening_balance_is_recorded_like_any_activity(graph: Any, member: str) -> None:
    told = {"account": "stars", "lots": [{"amount": 40}, {"amount": 2}]}
    answer = graph.data(RECORD, input={"memberId": member, "type": "opening.balance", "payload": told})
    assert answer["recordActivity"]["outcome"] == "SETTLED"
    assert graph.data(HELD, id=member)["member"]["balance"]["available"] == {"digits": "42"}
