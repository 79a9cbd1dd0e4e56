"""The card in GraphQL."""

from __future__ import annotations

import pytest

from corekit import Activity, Kit
from corekit.testing.clock import SettableClock
from corekit_schema import ANONYMOUS, Viewer, global_id
from corekit_schema.testing import Door

CARD = """
query ($id: ID!) {
  member(id: $id) {
    stamps { stamps { digits unit } size missing lapsesAt drinks { day drink } }
  }
  stampsToday { most left }
}
"""
REDEEM = """
mutation ($input: StampsRedeemInput!) {
  stampsRedeem(input: $input) {
    outcome
    member { stamps { missing } }
    userErrors { code message parameters }
  }
}
"""


@pytest.fixture
def full(kit: Kit, member: str) -> str:
    """The member's card is full."""
    for _ in range(9):
        kit.record(Activity(type="purchase", member=member, amount=4_00))
    return member


def test_a_member_shows_its_card_and_everybody_what_is_left_today(graphql: Door, full: str) -> None:
    asked = {"memberId": global_id("Member", full), "drink": "mocha"}
    assert graphql.data(REDEEM, input=asked)["stampsRedeem"] == {
        "outcome": "SETTLED",
        "member": {"stamps": {"missing": 9}},
        "userErrors": [],
    }
    assert graphql.data(CARD, id=global_id("Member", full)) == {
        "member": {
            "stamps": {
                "stamps": {"digits": "0", "unit": "stamps"},
                "size": 9,
                "missing": 9,
                "lapsesAt": None,
                "drinks": [{"day": "2026-01-15", "drink": "mocha"}],
            }
        },
        "stampsToday": {"most": 20, "left": 19},
    }
    assert graphql.data("{ stampsToday { left } }", ANONYMOUS) == {"stampsToday": {"left": 19}}


def test_a_card_says_when_its_next_stamp_lapses(graphql: Door, kit: Kit, clock: SettableClock, member: str) -> None:
    kit.record(Activity(type="purchase", member=member, amount=4_00))
    clock.advance(days=1)
    kit.record(Activity(type="purchase", member=member, amount=4_00))
    card = graphql.data(CARD, id=global_id("Member", member))["member"]["stamps"]
    assert (card["stamps"]["digits"], card["lapsesAt"]) == ("2", "2026-07-16T00:00:00+00:00")


def test_a_refusal_is_a_user_error_with_what_fills_it_in(graphql: Door, member: str) -> None:
    refused = graphql.data(REDEEM, input={"memberId": global_id("Member", member), "drink": "mocha"})
    assert refused["stampsRedeem"]["userErrors"] == [
        {
            "code": "STAMPS_NOT_FULL",
            "message": "The card is not full yet; stamps that are missing: 9.",
            "parameters": {"missing": 9},
        }
    ]


def test_redeeming_needs_its_permission(graphql: Door, full: str) -> None:
    clerk = Viewer(kind="staff", name="clerk", permissions=frozenset({"members.read"}))
    denied = graphql.ask(REDEEM, clerk, input={"memberId": global_id("Member", full), "drink": "mocha"})
    assert [error["extensions"]["code"] for error in denied["errors"]] == ["FORBIDDEN"]
