"""A kind of fee that another plugin brings."""

from __future__ import annotations

from corekit import Activity, balances
from corekit.testing.plugin import MakeKit
from docs.examples import card_fees


def test_a_fee_of_another_plugin_is_taken_from_what_is_stored(make_kit: MakeKit) -> None:
    kit = make_kit(["stored_value"], modules={"cards": card_fees})
    ann = kit.record(Activity(type="member.registered")).member
    kit.record(
        Activity(type="stored_value.topped_up", member=ann, amount=20_00, unit="USD", payload={"channel": "cash"})
    )
    lost = kit.record(Activity(type="cards.lost", member=ann))
    (fee,) = lost.follow_ons
    assert [(each.rule, each.account, each.amount) for each in fee.effects] == [
        ("fee@1", "stored_value.principal", 5_00)
    ]
    kit.reverse(lost.activity_id or "")
    with kit.read() as read:
        assert sum(each.available for each in balances(read, [ann], kit.now())[ann]) == 20_00
