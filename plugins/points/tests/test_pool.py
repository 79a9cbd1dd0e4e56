"""The pool of a family: one account, from which others have points within limits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from typer.testing import CliRunner

from corekit import Activity, Kit, Outcome, SettingsError, balances
from corekit.cli import app
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit_schema import Viewer, global_id

PROGRAM = """
[program]
name = "Corner shop"

[points.currencies.points]
expiry = {months = 12}

[points.pool]
group = "family"
limits = {day = 50, month = 70}
"""
SHARE = """
mutation ($input: PointsShareInput!) { pointsShare(input: $input) { outcome userErrors { code } } }
"""


@frozen
class Family:
    """A kit with a family: a primary member and a supplementary one; and somebody else."""

    kit: Kit
    clock: SettableClock
    primary: str
    child: str
    other: str

    def does(self, type_: str, member: str, to: str, amount: int) -> Outcome:
        self.clock.advance(minutes=1)
        return self.kit.record(Activity(type=type_, member=member, members=(to,), amount=amount, unit="points"))

    def earns(self, member: str, amount: int) -> None:
        told = {"reason": "a gift"}
        self.kit.record(Activity(type="points.adjustment", member=member, amount=amount, unit="points", payload=told))

    def gathers(self) -> Any:
        self.clock.advance(minutes=15)
        return self.kit.jobs.run("points.pool").told

    def have(self) -> list[int]:
        members = [self.primary, self.child, self.other]
        with self.kit.read() as read:
            found = balances(read, members, self.kit.now())
        return [sum(each.available for each in found[member]) for member in members]


@pytest.fixture
def family(make_kit: MakeKit, clock: SettableClock) -> Family:
    kit = make_kit(["points"], program=PROGRAM)
    primary, child, other = (kit.record(Activity(type="member.registered")).member for _ in range(3))
    for member, role in ((primary, "primary"), (child, "supplementary")):
        told = {"group": "smith", "kind": "family", "role": role}
        assert kit.record(Activity(type="member.joined_group", member=member, payload=told)).settled
    return Family(kit, clock, primary, child, other)


@pytest.mark.row("P12", way="python")
def test_what_a_family_earns_is_one_account_from_which_others_have_points_within_limits(family: Family) -> None:
    family.earns(family.child, 100)
    family.earns(family.other, 10)
    assert family.gathers() == {"settled": 1}
    assert (family.gathers(), family.have()) == ({"settled": 0}, [100, 0, 10])
    assert family.does("points.shared", family.primary, family.child, 40).settled
    refused = family.does("points.shared", family.primary, family.child, 11)
    assert (refused.code, refused.parameters) == ("POINTS_POOL_LIMIT", {"limit": "day", "most": "50", "left": "10"})
    family.clock.advance(days=1)
    assert family.does("points.shared", family.primary, family.child, 31).parameters["limit"] == "month"
    shared = family.does("points.shared", family.primary, family.child, 30)
    assert family.have() == [30, 70, 10]
    family.kit.reverse(shared.activity_id or "")
    assert family.have() == [60, 40, 10]
    assert family.does("points.shared", family.primary, family.child, 30).settled
    assert family.kit.verify().clean


@pytest.mark.row("P12", way="bad_input")
def test_nobody_else_gets_or_gives_anything(family: Family) -> None:
    for member in (family.primary, family.child, family.other):
        family.earns(member, 50)
    refused = [
        family.does("points.shared", family.primary, family.other, 5),
        family.does("points.shared", family.child, family.primary, 5),
        family.does("points.pooled", family.primary, family.child, 5),
        family.does("points.pooled", family.other, family.primary, 5),
    ]
    assert [each.code for each in refused] == ["POINTS_NO_POOL"] * 4
    assert family.does("points.pooled", family.child, family.primary, 51).code == "INSUFFICIENT"
    left = Activity(type="member.left_group", member=family.child, payload={"group": "smith"})
    pooled = Activity(type="points.pooled", member=family.child, members=(family.primary,), amount=5, unit="points")
    answers = list(family.kit.record_many([left, pooled]))
    assert [each.code for each in answers] == [None, "POINTS_NO_POOL"]
    assert (family.gathers(), family.have()) == ({"settled": 0}, [50, 50, 50])


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_the_doors_share_and_a_pool_of_no_currency_is_refused(
    family: Family, asking: Callable[[Kit], Callable[..., dict[str, Any]]], make_kit: MakeKit, tmp_path: Path
) -> None:
    family.earns(family.primary, 50)
    clerk = Viewer(kind="staff", name="mira", permissions=frozenset({"members.read", "points.share"}))
    asked = {"memberId": global_id("Member", family.primary), "receiverId": global_id("Member", family.child)}
    done = asking(family.kit)(SHARE, clerk, input={**asked, "amount": "20", "idempotencyKey": "k1"})
    assert done["data"]["pointsShare"] == {"outcome": "SETTLED", "userErrors": []}
    config = tmp_path / "corekit.toml"
    config.write_text(f'[corekit]\ndatabase = "{family.kit.settings.database}"\nplugins = ["points"]\n')
    words = ["--config", str(config), "--json", "points", "share", family.primary, family.child, "5"]
    shared = CliRunner().invoke(app, words)
    assert shared.exit_code == 0, shared.output
    assert json.loads(shared.stdout)
    assert family.have() == [25, 25, 0]
    with pytest.raises(SettingsError, match=r"points\.pool\.currency"):
        make_kit(["points"], program=PROGRAM.replace('group = "family"', 'group = "family"\ncurrency = "stars"'))
