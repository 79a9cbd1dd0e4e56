"""Tasks, late claims, pending points, cancellations, transfers and the liability report over GraphQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from corekit_schema import Viewer, global_id

Shop = Callable[..., Any]
Asking = Callable[..., Any]
PROGRAM = """
[[activities]]
name = "check_in"
[[activities]]
name = "order.refused"
[[points.tasks]]
id = "daily"
activity = "check_in"
points = 5
limits = {day = 1}
[[points.tasks]]
id = "refused"
activity = "order.refused"
deduct = 2
[[points.rules]]
id = "base"
rate = 1
pending_days = 14
"""
RECORD = """
mutation ($input: RecordActivityInput!) {
  recordActivity(input: $input) {
    outcome code
    effects { rule amount { digits } }
    skipped { rule owner code message parameters }
    activity { id skipped { rule code } }
    member { points { balance { digits } available { digits } pending { digits } pendingUntil } }
    userErrors { path code }
  }
}
"""


@pytest.fixture
def house(shop: Shop) -> Any:
    return shop(PROGRAM)


@pytest.fixture
def ask(house: Any, asking: Asking) -> Any:
    return asking(house.kit)


@pytest.fixture
def record(house: Any, ask: Any) -> Any:
    def run(type_: str, key: str, **given: Any) -> Any:
        told = {"type": type_, "memberId": global_id("Member", house.member), "idempotencyKey": key, **given}
        return ask(RECORD, input=told)["data"]["recordActivity"]

    return run


@pytest.mark.row("P4", way="graphql")
@pytest.mark.row("P2", way="graphql")
def test_a_task_is_rewarded_once_a_day_and_says_why_not_twice(record: Any) -> None:
    assert record("check_in", "a")["effects"] == [{"rule": "daily@1", "amount": {"digits": "5"}}]
    for _ in range(2):  # the second is the answer to a key that was answered
        again = record("check_in", "b")
        (skipped,) = again["skipped"]
        assert again["effects"] == []
        assert skipped == {
            "rule": "daily@1",
            "owner": "points",
            "code": "POINTS_LIMIT",
            "message": "The limit of 1 by day is reached.",
            "parameters": {"limit": "day", "most": 1},
        }
        assert again["activity"]["skipped"] == [{"rule": "daily@1", "code": "POINTS_LIMIT"}]


@pytest.mark.row("P4", way="graphql")
def test_a_deduction_takes_what_there_is(record: Any) -> None:
    record("check_in", "a")
    assert record("order.refused", "b")["member"]["points"]["balance"]["digits"] == "3"


@pytest.mark.row("P4", way="bad_input")
def test_a_type_that_the_program_lacks_is_a_user_error(record: Any) -> None:
    assert [each["code"] for each in record("check_out", "a")["userErrors"]] == ["TYPE_UNKNOWN"]


@pytest.mark.row("P5", way="graphql")
@pytest.mark.row("P5", way="bad_input")
def test_a_late_claim_is_recorded_and_earns_nothing(record: Any) -> None:
    late = record("purchase", "a", amount="1000", occurredAt="2017-12-30T11:59:59Z")
    assert (late["outcome"], late["effects"]) == ("SETTLED", [])
    assert [(each["code"], each["parameters"]) for each in late["skipped"]] == [
        ("POINTS_CLAIM_TOO_LATE", {"hours": 24, "seconds": 1})
    ]


@pytest.mark.row("P6", way="graphql")
def test_pending_points_show_until_when(record: Any) -> None:
    assert record("purchase", "a", amount="1000")["member"]["points"] == {
        "balance": {"digits": "10"},
        "available": {"digits": "0"},
        "pending": {"digits": "10"},
        "pendingUntil": "2018-01-15T05:00:00+00:00",
    }


CANCEL = """
mutation ($input: PointsCancelInput!) {
  pointsCancel(input: $input) {
    outcome effects { rule kind amount { digits } } activity { actor } userErrors { path code }
    member { points { balance { digits } } }
  }
}
"""


@pytest.mark.row("P11", way="graphql")
def test_a_part_and_then_the_rest_is_cancelled(house: Any, ask: Any, record: Any) -> None:
    bought = record("purchase", "a", amount="1000")["activity"]["id"]
    given = {"memberId": global_id("Member", house.member), "activityId": bought, "reason": "a circle"}
    part = ask(CANCEL, input={**given, "amount": "4", "idempotencyKey": "b"})["data"]["pointsCancel"]
    assert (part["outcome"], part["activity"]["actor"]) == ("SETTLED", "staff:mira")
    assert part["member"]["points"]["balance"]["digits"] == "6"
    rest = ask(CANCEL, input={**given, "idempotencyKey": "c"})["data"]["pointsCancel"]
    assert rest["member"]["points"]["balance"]["digits"] == "0"
    more = ask(CANCEL, input={**given, "idempotencyKey": "d"})["data"]["pointsCancel"]
    assert [each["code"] for each in more["userErrors"]] == ["TAKE_BACK_TOO_MUCH"]


@pytest.mark.row("P11", way="graphql")
def test_cancelling_needs_its_permission(house: Any, ask: Any) -> None:
    clerk = Viewer(kind="staff", name="clerk", permissions=frozenset({"members.read", "points.adjust"}))
    whose = {"memberId": global_id("Member", house.member), "activityId": global_id("Activity", "0" * 32)}
    assert ask(CANCEL, clerk, input={**whose, "reason": "x"})["codes"] == ["FORBIDDEN"]


TRANSFERS = "[points.currencies.points]\ntransfers = true\n"
GIVE = """
mutation ($input: PointsTransferInput!) {
  pointsTransfer(input: $input) {
    outcome code effects { rule kind amount { digits } }
    activity { id actor }
    userErrors { path code }
    member { points { balance { digits } } }
  }
}
"""


def gift(house: Any, **given: Any) -> dict[str, Any]:
    house.adjust(5)
    ids = {"memberId": global_id("Member", house.member), "receiverId": global_id("Member", house.join())}
    return {**ids, "amount": "3", "reason": "a gift", **given}


@pytest.mark.row("P12", way="graphql")
def test_a_transfer_is_refused_unless_the_program_allows_it(shop: Shop, house: Any, asking: Asking) -> None:
    refused = asking(house.kit)(GIVE, input=gift(house))["data"]["pointsTransfer"]
    assert (refused["outcome"], refused["code"]) == ("REFUSED", "POINTS_TRANSFER_NOT_ALLOWED")
    assert [each["code"] for each in refused["userErrors"]] == ["POINTS_TRANSFER_NOT_ALLOWED"]
    open_ = shop(TRANSFERS)
    given = asking(open_.kit)(GIVE, input=gift(open_))["data"]["pointsTransfer"]
    assert (given["outcome"], given["activity"]["actor"]) == ("SETTLED", "staff:mira")
    assert [(each["rule"], each["kind"]) for each in given["effects"]] == [("transferred@1", "Transfer")]
    assert given["member"]["points"]["balance"]["digits"] == "2"


@pytest.mark.row("P12", way="graphql")
def test_a_transfer_with_the_same_key_happens_once(shop: Shop, asking: Asking) -> None:
    house = shop(TRANSFERS)
    asked = gift(house, idempotencyKey="k")
    answers = [asking(house.kit)(GIVE, input=asked)["data"]["pointsTransfer"] for _ in range(2)]
    assert answers[0]["activity"]["id"] == answers[1]["activity"]["id"]
    assert house.has() == 2


@pytest.mark.row("P12", way="graphql")
def test_a_transfer_says_what_is_wrong_and_needs_its_permission(shop: Shop, asking: Asking) -> None:
    house = shop(TRANSFERS)
    ask = asking(house.kit)
    unknown = ask(GIVE, input=gift(house, currency="gold"))["data"]["pointsTransfer"]
    assert [(each["path"], each["code"]) for each in unknown["userErrors"]] == [
        (["input", "currency"], "POINTS_CURRENCY_UNKNOWN")
    ]
    more = ask(GIVE, input=gift(house, amount="99"))["data"]["pointsTransfer"]
    assert [each["code"] for each in more["userErrors"]] == ["INSUFFICIENT"]
    clerk = Viewer(kind="staff", name="clerk", permissions=frozenset({"members.read", "points.adjust"}))
    assert ask(GIVE, clerk, input=gift(house))["codes"] == ["FORBIDDEN"]


REPORT = """
{ pointsReports { liability(months: 2) {
  currency { code } outstanding { digits } pending { digits }
  months { month issued { digits } spent { digits } outstanding { digits } }
  forecast { month amount { digits } }
} } }
"""


@pytest.mark.row("P13", way="graphql")
def test_the_liability_is_for_those_who_may_see_it(house: Any, ask: Any, record: Any) -> None:
    record("purchase", "a", amount="1000")
    (found,) = ask(REPORT)["data"]["pointsReports"]["liability"]
    assert found == {
        "currency": {"code": "points"},
        "outstanding": {"digits": "10"},
        "pending": {"digits": "10"},
        "months": [
            {
                "month": "2017-11-01",
                "issued": {"digits": "0"},
                "spent": {"digits": "0"},
                "outstanding": {"digits": "0"},
            },
            {
                "month": "2017-12-01",
                "issued": {"digits": "10"},
                "spent": {"digits": "0"},
                "outstanding": {"digits": "10"},
            },
        ],
        "forecast": [{"month": None, "amount": {"digits": "10"}}],
    }
    assert ask(REPORT.replace("months: 2", "months: 0"))["codes"] == ["RANGE"]
    hidden = ask(REPORT, Viewer(kind="member", member=house.member))
    assert hidden["data"]["pointsReports"] is None
