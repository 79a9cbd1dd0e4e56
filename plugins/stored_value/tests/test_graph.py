"""Stored value over GraphQL."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import Activity, Kit
from corekit.testing.plugin import MakeKit
from corekit_schema import Viewer, global_id
from corekit_schema.testing import Door

PROGRAM = """
[program]
name = "Corner shop"

[stored_value]
bonus_expiry = {months = 12}

[stored_value.approval]
adjustment = "10"

[[stored_value.bonus]]
id = "big"
from = "500"
give = "50"

[stored_value.currencies.eur]
"""
MEMBER = """
query ($id: ID!, $currency: String) {
  member(id: $id) {
    storedValue(currency: $currency) {
      currency
      principal { digits unit scale }
      bonus { digits }
      available { digits }
      held { digits }
      debt { digits }
      groups { activityId since principal { digits } bonus { digits } lapsesAt }
      requests { amount { digits } state }
      withdrawalQuote { payable { digits } bonus { digits } hash }
    }
  }
}
"""
DOES = """
mutation ($input: {name}Input!) {{
  {field}(input: $input) {{ outcome activity {{ id }} userErrors {{ code parameters }} }}
}}
"""


@pytest.fixture
def kit(make_kit: MakeKit) -> Kit:
    return make_kit(["stored_value"], program=PROGRAM)


@pytest.fixture
def ann(kit: Kit) -> str:
    return global_id("Member", kit.record(Activity(type="member.registered")).member)


def does(graphql: Door, what: str, *viewer: Viewer, **told: Any) -> dict[str, Any]:
    field = f"storedValue{what}"
    text = DOES.format(name=f"StoredValue{what}", field=field)
    answer: dict[str, Any] = graphql.data(text, *viewer, input=told)[field]
    return answer


@pytest.mark.row("V1", way="graphql")
@pytest.mark.row("V2", way="graphql")
@pytest.mark.row("V3", way="graphql")
def test_a_member_pays_in_spends_and_takes_its_money_out(graphql: Door, ann: str) -> None:
    paid = does(graphql, "TopUp", memberId=ann, amount="50000", channel="cash", store="north")
    spent = does(graphql, "Spend", memberId=ann, amount="11000", orderNo="7")
    held = does(graphql, "Authorise", memberId=ann, amount="11000", seconds=60)
    assert {each["outcome"] for each in (paid, spent, held)} == {"SETTLED"}
    (group,) = (found := graphql.data(MEMBER, id=ann)["member"]["storedValue"]).pop("groups")
    quote = found.pop("withdrawalQuote")
    assert found == {
        "currency": "USD",
        "principal": {"digits": "30000", "unit": "USD", "scale": 2},
        "bonus": {"digits": "3000"},
        "available": {"digits": "33000"},
        "held": {"digits": "11000"},
        "debt": {"digits": "0"},
        "requests": [],
    }
    assert (group["activityId"], group["principal"]["digits"]) == (paid["activity"]["id"], "30000")
    told = {"memberId": ann, "amount": quote["payable"]["digits"], "channel": "cash", "quote": quote["hash"]}
    refused = does(graphql, "Withdraw", **told)
    assert refused["userErrors"] == [{"code": "STORED_VALUE_HELD", "parameters": {"held": "11000"}}]
    release = "mutation ($input: ReleaseHoldInput!) { releaseHold(input: $input) { outcome } }"
    graphql.data(release, input={"memberId": ann, "activityId": held["activity"]["id"]})
    quote = graphql.data(MEMBER, id=ann)["member"]["storedValue"]["withdrawalQuote"]
    told |= {"amount": quote["payable"]["digits"], "quote": quote["hash"]}
    assert does(graphql, "Withdraw", **told)["outcome"] == "SETTLED"
    assert graphql.data(MEMBER, id=ann)["member"]["storedValue"]["available"] == {"digits": "0"}


def test_a_provider_tells_twice_and_charges_back(graphql: Door, ann: str) -> None:
    euro = {"memberId": ann, "amount": "2000", "currency": "EUR", "channel": "wechat"}
    asked = does(graphql, "Request", **euro)
    other = does(graphql, "Request", **euro)
    assert does(graphql, "CancelRequest", memberId=ann, requestId=other["activity"]["id"])["outcome"] == "SETTLED"
    event = {**euro, "requestId": asked["activity"]["id"], "provider": "wechat-pay", "event": "e-1"}
    paid, again = (does(graphql, "Pay", **event) for _ in range(2))
    assert paid["activity"] == again["activity"]
    found = graphql.data(MEMBER, id=ann, currency="EUR")["member"]["storedValue"]
    assert (found["principal"]["digits"], [each["state"] for each in found["requests"]]) == (
        "2000",
        ["CANCELLED", "PAID"],
    )
    back = does(graphql, "ChargeBack", memberId=ann, activityId=paid["activity"]["id"], reason="fraud")
    assert back["outcome"] == "SETTLED"
    assert graphql.data(MEMBER, id=ann, currency="GBP") == {"member": {"storedValue": None}}


@pytest.mark.row("V4", way="graphql")
def test_two_people_are_needed_above_a_limit(graphql: Door, ann: str) -> None:
    told = {"memberId": ann, "amount": "1001", "account": "bonus", "reason": "for the wait"}
    (missing,) = does(graphql, "Adjust", **told)["userErrors"]
    assert missing["code"] == "STORED_VALUE_APPROVAL_MISSING"
    bob = Viewer(kind="staff", name="bob", permissions=frozenset({"stored_value.approve"}))
    approved = does(graphql, "Approve", bob, memberId=ann, hash=missing["parameters"]["hash"])
    assert approved["outcome"] == "SETTLED"
    assert does(graphql, "Adjust", **told)["outcome"] == "SETTLED"
    denied = graphql.ask(
        DOES.format(name="StoredValueAdjust", field="storedValueAdjust"), bob, input={**told, "memberId": ann}
    )
    assert [error["extensions"]["code"] for error in denied["errors"]] == ["FORBIDDEN"]


def test_many_members_cost_no_more_statements(graphql: Door, kit: Kit) -> None:
    text = (
        "{ members(first: 9) { nodes { storedValue { available { digits } groups { since } requests { state } } } } }"
    )
    counted: list[int] = []
    for _ in range(2):
        for _ in range(3):
            member = kit.record(Activity(type="member.registered")).member
            told: dict[str, Any] = {"member": member, "amount": 10_00, "unit": "USD", "payload": {"channel": "cash"}}
            kit.record(Activity(type="stored_value.topped_up", **told))
        counted.append(graphql.statements(text))
    assert counted[0] == counted[1]
