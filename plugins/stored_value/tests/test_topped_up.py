"""What a top-up brings."""

from __future__ import annotations

from corekit import Activity, balances
from corekit.testing.plugin import MakeKit

PROGRAM = """
[program]
name = "Corner shop"

[[stored_value.bonus]]
id = "big"
from = "500"
give = "50"
"""


def test_a_top_up_brings_principal_and_bonus_as_one_group(make_kit: MakeKit) -> None:
    kit = make_kit(["stored_value"], program=PROGRAM)
    ann = kit.record(Activity(type="member.registered")).member
    paid = kit.record(
        Activity(type="stored_value.topped_up", member=ann, amount=500_00, unit="USD", payload={"channel": "cash"})
    )
    assert [(each.rule, each.account, each.amount) for each in paid.effects] == [
        ("top_up@1", "stored_value.principal", 500_00),
        ("big@1", "stored_value.bonus", 50_00),
    ]
    with kit.read() as read:
        found = {each.kind: each.available for each in balances(read, [ann], kit.now())[ann]}
    assert found == {"stored_value.principal": 500_00, "stored_value.bonus": 50_00}
    kit.reverse(paid.activity_id or "")
    assert kit.verify().clean
