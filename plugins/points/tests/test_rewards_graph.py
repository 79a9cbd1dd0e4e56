"""Rewards over GraphQL: the catalogue, what a member can have, taking, handing over, cancelling, restocking."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from corekit import Activity, Kit
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit_schema import ANONYMOUS, Viewer, global_id

PROGRAM = """
[program]
name = "Corner shop"

[[ladders]]
code = "status"
name = "Status"
tiers = [
  {code = "base", name = "Base"},
  {code = "gold", name = "Gold", criteria = [{metric = "spend", at_least = 500}]},
]

[[points.rewards]]
id = "mug"
points = 100
stocked = true
collect_days = 7
pictures = ["https://shop.example/mug.jpg"]
texts = {en = {name = "Mug", description = "Blue"}, zh = {name = "马克杯"}}

[[points.rewards]]
id = "lounge"
kind = "service"
points = 10
money = "1.50"
min_tier = "gold"
limits = {day = 1}
valid_to = 2026-03-31
texts = {en = {name = "The lounge"}}
"""
CLERK = Viewer(
    kind="staff",
    name="mira",
    permissions=frozenset({"members.read", "activities.read", "points.redeem", "points.fulfil", "points.restock"}),
)
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def kit(make_kit: MakeKit, clock: SettableClock) -> Kit:
    clock.set("2026-03-10T12:00:00+00:00")
    secret = {"points": {"code_secret": "a secret of the tests, long enough"}}
    return make_kit(["points"], program=PROGRAM, sections=secret)


@pytest.fixture
def member(kit: Kit) -> str:
    member = kit.record(Activity(type="member.registered")).member
    told = {"reason": "to begin with"}
    kit.record(Activity(type="points.adjustment", member=member, amount=250, unit="points", payload=told))
    return member


@pytest.fixture
def ask(kit: Kit, asking: Callable[[Kit], Ask]) -> Ask:
    run = asking(kit)

    def ask(text: str, viewer: Viewer = CLERK, **variables: Any) -> dict[str, Any]:
        return run(text, viewer, **variables)

    return ask


CATALOGUE = """
{ pointsRewards {
    code kind name chinese: name(language: "zh") description pictures points { digits } money { digits unit }
    validFrom validTo leastTier collectDays soldOut currency { code }
} }
"""
OFFERS = """
query ($id: ID!) { node(id: $id) { ... on Member {
  pointsOffers { reward { code } canHave reasons { code message } }
  pointsRedemptions { id rewardCode reward { name } state money { digits } store code qr redeemedAt expiresAt }
} } }
"""
DONE = "{ outcome activity { pointsRedemption { id state code store resolvedAt } } userErrors { path code message } }"
REDEEM = f"mutation ($input: PointsRedeemRewardInput!) {{ done: pointsRedeemReward(input: $input) {DONE} }}"
FULFIL = f"mutation ($input: PointsFulfilRedemptionInput!) {{ done: pointsFulfilRedemption(input: $input) {DONE} }}"
CANCEL = f"mutation ($input: PointsCancelRedemptionInput!) {{ done: pointsCancelRedemption(input: $input) {DONE} }}"
RESTOCK = """
mutation ($input: PointsRestockRewardInput!) {
  pointsRestockReward(input: $input) { reward left userErrors { path code message } }
}
"""


def restocked(ask: Ask, amount: int, key: str = "k", reward: str = "mug") -> Any:
    told = {"reward": reward, "amount": amount, "reason": "delivered", "idempotencyKey": key}
    return ask(RESTOCK, input=told)["data"]["pointsRestockReward"]


def done(ask: Ask, text: str, **told: Any) -> Any:
    return ask(text, input=told)["data"]["done"]


def errors(answer: Any) -> list[tuple[Any, str]]:
    return [(each["path"], each["code"]) for each in answer["userErrors"]]


@pytest.mark.row("P8", way="graphql")
def test_the_catalogue_is_public_and_speaks_languages(ask: Ask) -> None:
    mug, lounge = ask(CATALOGUE, ANONYMOUS)["data"]["pointsRewards"]
    assert mug == {
        "code": "mug",
        "kind": "GOODS",
        "name": "Mug",
        "chinese": "马克杯",
        "description": "Blue",
        "pictures": ["https://shop.example/mug.jpg"],
        "points": {"digits": "100"},
        "money": {"digits": "0", "unit": "USD"},
        "validFrom": None,
        "validTo": None,
        "leastTier": None,
        "collectDays": 7,
        "soldOut": True,
        "currency": {"code": "points"},
    }
    assert (lounge["kind"], lounge["money"]["digits"], lounge["validTo"], lounge["leastTier"], lounge["soldOut"]) == (
        "SERVICE",
        "150",
        "2026-03-31",
        "gold",
        False,
    )
    assert ask("{ pointsRewards { left } }", ANONYMOUS)["codes"] == ["UNAUTHENTICATED"] * 2


@pytest.mark.row("P8", way="graphql")
def test_a_member_sees_what_it_can_have_and_why_not_the_rest(ask: Ask, member: str) -> None:
    own, id_ = Viewer(kind="member", member=member), global_id("Member", member)
    mug, lounge = ask(OFFERS, own, id=id_)["data"]["node"]["pointsOffers"]
    assert (mug["canHave"], [each["code"] for each in mug["reasons"]]) == (False, ["POINTS_REWARD_SOLD_OUT"])
    assert (lounge["canHave"], lounge["reasons"]) == (
        False,
        [{"code": "POINTS_REWARD_TIER", "message": "It is from tier gold on; the member is in base."}],
    )
    assert restocked(ask, 1) == {"reward": "mug", "left": 1, "userErrors": []}
    assert ask(OFFERS, own, id=id_)["data"]["node"]["pointsOffers"][0]["canHave"]
    assert ask(OFFERS, Viewer(kind="member", member="0" * 32), id=id_)["data"]["node"] is None


@pytest.mark.row("P8", way="graphql")
def test_a_reward_is_taken_shown_handed_over_and_cancelled(ask: Ask, member: str) -> None:
    restocked(ask, 2)
    own, id_ = Viewer(kind="member", member=member), global_id("Member", member)
    taken = done(ask, REDEEM, memberId=id_, reward="mug", store="main", idempotencyKey="a")
    assert (taken["outcome"], errors(taken)) == ("SETTLED", [])
    assert done(ask, REDEEM, memberId=id_, reward="mug", store="main", idempotencyKey="a") == taken
    found = taken["activity"]["pointsRedemption"]
    (shown,) = ask(OFFERS, own, id=id_)["data"]["node"]["pointsRedemptions"]
    assert (shown["state"], shown["code"], shown["expiresAt"]) == (
        "RESERVED",
        found["code"],
        "2026-03-18T00:00:00+00:00",
    )
    assert shown["qr"].startswith("<svg")
    reader = Viewer(kind="staff", name="joe", permissions=frozenset({"members.read"}))
    assert ask("query ($id: ID!) { node(id: $id) { ... on PointsRedemption { code } } }", reader, id=found["id"])[
        "codes"
    ] == ["FORBIDDEN"]
    told = {"code": found["code"], "store": "till 3", "idempotencyKey": "b"}
    handed = done(ask, FULFIL, **told)
    assert handed["activity"]["pointsRedemption"] | {"id": "", "resolvedAt": ""} == {
        "id": "",
        "resolvedAt": "",
        "state": "FULFILLED",
        "code": None,
        "store": "till 3",
    }
    assert done(ask, FULFIL, **told) == handed
    assert errors(done(ask, FULFIL, **told | {"idempotencyKey": "c"})) == [(None, "POINTS_REDEMPTION_FULFILLED")]
    again = done(ask, REDEEM, memberId=id_, reward="mug", idempotencyKey="d")["activity"]["pointsRedemption"]
    back = {"redemptionId": again["id"], "reason": "another colour"}
    assert done(ask, CANCEL, **back, idempotencyKey="e")["activity"]["pointsRedemption"]["state"] == "CANCELLED"
    assert errors(done(ask, CANCEL, **back, idempotencyKey="f")) == [(None, "POINTS_REDEMPTION_CANCELLED")]


@pytest.mark.row("P8", way="bad_input")
def test_what_cannot_be_done_with_rewards_is_told_with_path_and_code(ask: Ask, member: str) -> None:
    id_ = global_id("Member", member)
    nothing = global_id("PointsRedemption", "0" * 32)
    for text, told, wrong in (
        (REDEEM, {"memberId": id_, "reward": "cup"}, (None, "POINTS_REWARD_UNKNOWN")),
        (REDEEM, {"memberId": id_, "reward": "lounge", "money": "1"}, (None, "POINTS_REWARD_PRICE")),
        (FULFIL, {"code": "AAAAA"}, (["input", "code"], "POINTS_CODE_UNKNOWN")),
        (FULFIL, {}, (["input", "code"], "INVALID")),
        (FULFIL, {"redemptionId": nothing}, (["input", "redemptionId"], "POINTS_REDEMPTION_UNKNOWN")),
        (CANCEL, {"redemptionId": nothing}, (["input", "redemptionId"], "POINTS_REDEMPTION_UNKNOWN")),
    ):
        assert errors(done(ask, text, **told, idempotencyKey=str(wrong))) == [wrong]
    assert errors(restocked(ask, -1)) == [(["input", "amount"], "POINTS_STOCK_SHORT")]
    assert errors(restocked(ask, 1, reward="lounge")) == [(["input", "reward"], "POINTS_NOT_STOCKED")]
    reader = Viewer(kind="staff", name="joe", permissions=frozenset({"members.read"}))
    given = {"reward": "mug", "amount": 1, "reason": "delivered", "idempotencyKey": "k"}
    assert ask(RESTOCK, reader, input=given)["codes"] == ["FORBIDDEN"]
