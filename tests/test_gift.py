"""The plugin of docs/examples, tested as docs/plugins.md tells authors of plugins to test theirs."""

from __future__ import annotations

import pytest

from corekit import Activity, Kit, SettingsError, balances
from corekit.testing.plugin import MakeKit
from docs.examples import gift

PROGRAM = """
[program]
name = "Corner shop"

[gift]
points = 250
"""


def balance(kit: Kit, member: str) -> int:
    with kit.read() as read:
        return sum(each.available for each in balances(read, [member], kit.now())[member])


def test_who_joins_by_a_named_channel_gets_the_gift_once(make_kit: MakeKit) -> None:
    kit = make_kit(["points"], modules={"gift": gift}, program=PROGRAM, sections={"gift": {"channels": ["pos"]}})
    joining = Activity(type="member.registered", payload={"channel": "pos"}, source="till", external_id="form-1")
    joined = kit.record(joining)
    assert balance(kit, joined.member) == 250
    assert kit.record(joining).replayed
    assert balance(kit, joined.member) == 250


def test_the_gift_goes_when_the_registration_is_taken_back(make_kit: MakeKit) -> None:
    kit = make_kit(["points"], modules={"gift": gift})
    joined = kit.record(Activity(type="member.registered", payload={"channel": "web"}))
    assert balance(kit, joined.member) == 100
    kit.reverse(joined.activity_id or "")
    assert balance(kit, joined.member) == 0
    assert kit.verify().clean


def test_a_setting_that_does_not_exist_is_refused(make_kit: MakeKit) -> None:
    with pytest.raises(SettingsError, match=r"plugins\.gift\.chanels"):
        make_kit(["points"], modules={"gift": gift}, sections={"gift": {"chanels": ["pos"]}})
