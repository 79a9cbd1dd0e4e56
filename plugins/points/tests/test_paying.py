"""Paying with points: rate, share, minimum, rounding, what it earns, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import Activity, Kit, Line, balances
from corekit.testing.plugin import MakeKit
from corekit_points.rewards.catalogue import Pay
from corekit_points.rewards.paying import payable
from corekit_schema import Viewer, global_id

PROGRAM = """
[program]
name = "Corner shop"

[points.pay]
points = 100
money = 1
max_share = "0.5"
minimum = "0.05"

[[points.rules]]
id = "base"
rate = 1
basis = {points_paid = false}
"""


class Till:
    """A kit, and a member who has points and pays with them."""

    def __init__(self, kit: Kit, points: int = 1_000) -> None:
        self.kit = kit
        self.member = kit.record(Activity(type="member.registered")).member
        told: dict[str, Any] = {"unit": "points", "payload": {"reason": "to begin with"}}
        kit.record(Activity(type="points.adjustment", member=self.member, amount=points, **told))

    def buys(self, amount: int, points: int, lines: tuple[Line, ...] = ()) -> Any:
        payload = {"tenders": {"points": points}}
        return self.kit.record(
            Activity(type="purchase", member=self.member, amount=amount, lines=lines, payload=payload)
        )

    def has(self) -> int:
        with self.kit.read() as read:
            (found,) = balances(read, [self.member], self.kit.now())[self.member]
        return found.available


@pytest.mark.row("P9", way="python")
@pytest.mark.row("P9", way="bad_input")
def test_a_part_of_an_order_is_paid_with_points_and_does_not_earn(make_kit: MakeKit) -> None:
    till = Till(make_kit(["points"], program=PROGRAM))
    bought = till.buys(10_00, 4_00)
    assert [(each.rule, each.amount) for each in bought.effects] == [("pay@1", 400), ("base@1", 6)]
    assert till.has() == 1_000 - 400 + 6
    for amount, points, code, parameters in (
        (10_00, 5_01, "POINTS_PAY_SHARE", {"most": "500", "asked": "501"}),
        (10_00, 4, "POINTS_PAY_LEAST", {"least": "5", "asked": "4"}),
        (100_00, 7_00, "INSUFFICIENT", None),
    ):
        refused = till.buys(amount, points)
        assert (refused.outcome, refused.code) == ("refused", code)
        assert parameters is None or dict(refused.parameters) == parameters
    assert till.has() == 606
    off = Till(make_kit(["points"], program='[program]\nname = "Corner shop"'))
    assert off.buys(10_00, 1_00).code == "POINTS_PAY_OFF"


@pytest.mark.row("P9", way="reversal")
def test_what_comes_back_gives_back_its_part_of_the_points(make_kit: MakeKit) -> None:
    till = Till(make_kit(["points"], program=PROGRAM.replace("points = 100", "points = 33")))
    lines = (Line(1, 7_00), Line(2, 3_00))
    bought = till.buys(10_00, 5_00, lines)
    assert till.has() == 1_000 - 165 + 5
    returned = [till.kit.reverse(bought.activity_id, lines=part) for part in ({2: 1_00}, {1: 7_00}, {2: 2_00})]
    assert [each.outcome for each in returned] == ["settled"] * 3
    assert till.has() == 1_000
    assert till.kit.verify().clean


RATES = st.builds(
    Pay,
    account=st.just("points"),
    points=st.integers(1, 500),
    money=st.integers(1, 500),
    share=st.sampled_from([(1, 1), (1, 2), (3, 10)]),
    least=st.integers(0, 50),
)


@given(RATES, st.integers(0, 10**6), st.integers(-100, 10**6))
def test_what_can_be_paid_is_the_most_that_is_accepted(pay: Pay, order: int, available: int) -> None:
    found = payable(pay, order, available)
    assert found.points <= max(0, available)
    assert found.money <= pay.most(order)
    if found.money:
        assert found.money >= pay.least
        more = found.money + 1
        assert more > pay.most(order) or pay.takes(more) > available
    assert pay.worth(pay.takes(found.money)) >= found.money


@pytest.mark.row("P9", way="graphql")
def test_a_member_is_told_what_its_points_pay_of_an_order(
    make_kit: MakeKit, asking: Callable[[Kit], Callable[..., dict[str, Any]]]
) -> None:
    till = Till(make_kit(["points"], program=PROGRAM), points=321)
    ask = asking(till.kit)
    text = """
    query ($id: ID!, $amount: Digits!) {
      node(id: $id) { ... on Member { pointsPayable(amount: $amount) { money { digits unit } points { digits } } } }
    }
    """
    own, told = Viewer(kind="member", member=till.member), {"id": global_id("Member", till.member)}
    for amount, money, points in ("500", "250", "250"), ("100000", "321", "321"), ("8", "0", "0"):
        assert ask(text, own, amount=amount, **told)["data"]["node"]["pointsPayable"] == {
            "money": {"digits": money, "unit": "USD"},
            "points": {"digits": points},
        }
    assert ask(text, own, amount="-1", **told)["codes"] == ["RANGE"]
    assert ask(text, own, amount="1.5", **told)["codes"] == ["AMOUNT_NOT_WHOLE"]
