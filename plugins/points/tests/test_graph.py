"""Points over GraphQL: what a member has, the currencies, adjustments by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from corekit import Activity, Kit
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit_schema import ANONYMOUS, Viewer, global_id

PROGRAM = """
[program]
name = "Corner shop"

[[points.calendars]]
id = "wednesdays"
multiplier = 2
weekdays = ["wednesday"]

[[points.rules]]
id = "base"
rate = 1
calendars = ["wednesdays"]

[[points.rules]]
id = "grow"
currency = "growth"
rate = 1

[points.currencies.points]
expiry = {months = 6, end_of = "month"}

[points.currencies.growth]
name = "Growth value"
scale = 2
"""
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def kit(make_kit: MakeKit, clock: SettableClock) -> Kit:
    clock.set("2017-12-15T12:00:00+00:00")
    return make_kit(["points"], program=PROGRAM, sources={"till": {"historical": True}})


@pytest.fixture
def member(kit: Kit) -> str:
    joined = datetime(2017, 1, 1, 12, tzinfo=UTC)
    return kit.record(Activity(type="member.registered", member="", occurred_at=joined, source="till")).member


@pytest.fixture
def buy(kit: Kit, member: str) -> Callable[[int, str], str]:
    def make(amount: int, day: str) -> str:
        occurred = datetime.fromisoformat(f"{day}T12:00:00+00:00")
        done = kit.record(Activity(type="purchase", member=member, amount=amount, occurred_at=occurred, source="till"))
        assert done.activity_id is not None
        return done.activity_id

    return make


@pytest.fixture
def ask(kit: Kit, asking: Callable[[Kit], Ask]) -> Ask:
    return asking(kit)


POINTS = """
query ($id: ID!, $currency: String! = "points", $within: Int! = 30) {
  node(id: $id) {
    ... on Member {
      points(currency: $currency) {
        currency { code name accountKind scale expires }
        balance { digits unit scale }
        available { digits }
        debt { digits }
        expiringSoon(within: $within) { at amount { digits } }
      }
    }
  }
}
"""


def points(ask: Ask, member: str, **variables: Any) -> Any:
    return ask(POINTS, id=global_id("Member", member), **variables)["data"]["node"]["points"]


@pytest.mark.row("P1", way="graphql")
@pytest.mark.row("P7", way="graphql")
def test_a_member_shows_what_it_has_and_what_lapses_soon(ask: Ask, member: str, buy: Callable[[int, str], str]) -> None:
    buy(10_00, "2017-06-15")
    buy(7_00, "2017-07-13")
    assert points(ask, member) == {
        "currency": {"code": "points", "name": "Points", "accountKind": "points", "scale": 0, "expires": True},
        "balance": {"digits": "17", "unit": "points", "scale": 0},
        "available": {"digits": "17"},
        "debt": {"digits": "0"},
        "expiringSoon": [{"at": "2018-01-01T00:00:00+00:00", "amount": {"digits": "10"}}],
    }
    assert len(points(ask, member, within=60)["expiringSoon"]) == 2
    for within in (-1, 36_501):
        assert ask(POINTS, id=global_id("Member", member), within=within)["codes"] == ["RANGE"]


@pytest.mark.row("P1", way="graphql")
def test_another_currency_is_asked_for_by_its_code(ask: Ask, member: str, buy: Callable[[int, str], str]) -> None:
    assert points(ask, member, currency="growth")["balance"]["digits"] == "0"
    buy(10_00, "2017-06-15")
    growth = points(ask, member, currency="growth")
    assert (growth["currency"]["name"], growth["balance"]) == (
        "Growth value",
        {"digits": "1000", "unit": "points.growth", "scale": 2},
    )
    assert points(ask, member, currency="miles") is None


@pytest.mark.row("P1", way="graphql")
def test_the_currencies_of_the_program_are_public(ask: Ask) -> None:
    answer = ask("{ pointsCurrencies { code expires } }", ANONYMOUS)
    assert answer["data"] == {
        "pointsCurrencies": [{"code": "points", "expires": True}, {"code": "growth", "expires": False}]
    }


@pytest.mark.row("P2", way="graphql")
@pytest.mark.row("P3", way="graphql")
def test_a_purchase_says_which_rule_gave_how_much(ask: Ask, buy: Callable[[int, str], str]) -> None:
    bought = buy(10_50, "2017-06-14")  # a Wednesday
    query = "query ($id: ID!) { node(id: $id) { ... on Activity { effects { rule amount { digits unit } } } } }"
    answer = ask(query, id=global_id("Activity", bought))
    assert answer["data"]["node"]["effects"] == [
        {"rule": "base@1", "amount": {"digits": "21", "unit": "points"}},
        {"rule": "grow@1", "amount": {"digits": "1050", "unit": "points.growth"}},
    ]


def test_the_owner_sees_its_points_and_nobody_else_does(ask: Ask, member: str) -> None:
    own = Viewer(kind="member", member=member)
    assert ask(POINTS, own, id=global_id("Member", member))["data"]["node"]["points"] is not None
    assert ask(POINTS, Viewer(kind="member", member="0" * 32), id=global_id("Member", member))["data"]["node"] is None


ADJUST = """
mutation ($input: PointsAdjustInput!) {
  pointsAdjust(input: $input) {
    outcome
    activity { actor payload }
    member { points { available { digits } } }
    effects { rule amount { digits } }
    userErrors { path code message }
  }
}
"""


@pytest.mark.row("P1", way="graphql")
def test_points_are_given_and_taken_by_hand_once_per_key(ask: Ask, member: str) -> None:
    given = {"memberId": global_id("Member", member), "amount": "50", "reason": "sorry", "idempotencyKey": "a"}
    for _ in range(2):
        answer = ask(ADJUST, input=given)["data"]["pointsAdjust"]
        assert answer == {
            "outcome": "SETTLED",
            "activity": {"actor": "staff:mira", "payload": {"reason": "sorry"}},
            "member": {"points": {"available": {"digits": "50"}}},
            "effects": [{"rule": "adjustment@1", "amount": {"digits": "50"}}],
            "userErrors": [],
        }
    taken = ask(ADJUST, input={**given, "amount": "-20", "idempotencyKey": "b"})["data"]["pointsAdjust"]
    assert taken["member"]["points"]["available"]["digits"] == "30"


@pytest.mark.row("P1", way="bad_input")
@pytest.mark.parametrize(
    ("given", "path", "code"),
    [
        ({"amount": "0"}, ["input", "amount"], "AMOUNT_ZERO"),
        ({"amount": "1.5"}, ["input", "amount"], "AMOUNT_NOT_WHOLE"),
        ({"amount": str(2**63)}, ["input", "amount"], "AMOUNT_RANGE"),
        ({"reason": ""}, ["input", "reason"], "LENGTH"),
        ({"currency": "point"}, ["input", "currency"], "POINTS_CURRENCY_UNKNOWN"),
        ({"memberId": "nobody"}, ["input", "memberId"], "ID_INVALID"),
        ({"amount": "-1"}, None, "INSUFFICIENT"),
        ({"memberId": global_id("Member", "0" * 32)}, None, "MEMBER_UNKNOWN"),
    ],
)
def test_what_is_no_adjustment_is_told_with_path_and_code(
    ask: Ask, member: str, given: dict[str, Any], path: list[str] | None, code: str
) -> None:
    known = {"memberId": global_id("Member", member), "amount": "5", "reason": "sorry"}
    answer = ask(ADJUST, input={**known, **given})["data"]["pointsAdjust"]
    assert [(error["path"], error["code"]) for error in answer["userErrors"]] == [(path, code)]
    assert points(ask, member)["balance"]["digits"] == "0"


def test_adjusting_needs_its_permission(ask: Ask, member: str) -> None:
    given = {"memberId": global_id("Member", member), "amount": "5", "reason": "sorry"}
    clerk = Viewer(kind="staff", name="clerk", permissions=frozenset({"members.read"}))
    assert ask(ADJUST, clerk, input=given)["codes"] == ["FORBIDDEN"]
    assert ask(ADJUST, ANONYMOUS, input=given)["codes"] == ["UNAUTHENTICATED"]
    assert ask(ADJUST, Viewer(kind="member", member=member), input=given)["codes"] == ["FORBIDDEN"]
