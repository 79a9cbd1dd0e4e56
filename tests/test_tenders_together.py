"""An order that is paid with points and with balance: both plugins take their part, or neither does."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import Activity, Kit, balances
from corekit.testing.plugin import MakeKit

PROGRAM = """
[program]
name = "Corner shop"

[points.pay]
points = 100
money = 1

[[points.rewards]]
id = "set"
points = 50
money = "9.90"
texts = {en = {name = "Tea set"}}
"""


def held(kit: Kit, member: str) -> dict[str, int]:
    with kit.read() as read:
        found = balances(read, [member], kit.now())[member]
    return {each.kind: each.available for each in found if each.kind in {"points", "stored_value.principal"}}


@pytest.mark.row("P9", way="python")
@pytest.mark.row("P9", way="reversal")
def test_points_and_balance_pay_one_order_and_one_reward_or_nothing_is_taken(make_kit: MakeKit) -> None:
    kit = make_kit(["points", "stored_value"], program=PROGRAM)
    member = kit.record(Activity(type="member.registered")).member

    def does(type_: str, amount: int, unit: str | None = None, **payload: Any) -> Any:
        return kit.record(Activity(type=type_, member=member, amount=amount, unit=unit, payload=payload))

    assert does("points.adjustment", 600, "points", reason="to begin with").settled
    assert does("stored_value.topped_up", 20_00, "USD", channel="cash").settled
    bought = does("purchase", 10_00, tenders={"points": 4_00, "stored_value": 6_00})
    assert held(kit, member) == {"points": 200, "stored_value.principal": 14_00}
    for tenders in {"points": 2_01, "stored_value": 7_00}, {"points": 2_00, "stored_value": 14_01}:
        refused = does("purchase", 20_00, tenders=tenders)
        assert (refused.outcome, refused.code) == ("refused", "INSUFFICIENT")
    assert held(kit, member) == {"points": 200, "stored_value.principal": 14_00}
    assert kit.reverse(bought.activity_id, amount=5_00).settled
    assert held(kit, member) == {"points": 400, "stored_value.principal": 17_00}
    taken = does("points.redeemed", 9_90, reward="set", tenders={"stored_value": 5_00, "points": 1_00})
    assert held(kit, member) == {"points": 250, "stored_value.principal": 12_00}
    cancelled = Activity(type="points.redemption_cancelled", member=member, reverses=taken.activity_id)
    assert kit.record(cancelled).settled
    assert held(kit, member) == {"points": 400, "stored_value.principal": 17_00}
    assert kit.verify().clean
