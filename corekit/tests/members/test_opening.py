"""Members come from another system with what they had there: in one unit with the registration, or not at all."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from corekit import AccountKind, Activity, Declares, Unit, balances_at
from corekit.ledger.tables import lot
from corekit.members.importing import Report, import_members
from corekit.members.read import member_page
from corekit.testing.modules import plugin_module
from corekit.tiers.read import standing

PROGRAM = """
[program]
name = "Corner shop"

[[ladders]]
code = "status"
name = "Status"
tiers = [
    {code = "base", name = "Base"},
    {code = "gold", name = "Gold", criteria = [{metric = "spend", window = "year", at_least = 1000}]},
]
"""
HEADER = "external_id,opening.coins,tiers.status\n"


@pytest.fixture
def kit(make_kit: Any) -> Any:
    coins = plugin_module(Declares(accounts=[AccountKind(code="coins", unit=Unit("coins"), lots=True)]), "coins")
    return make_kit(["coins"], modules={"coins": coins}, program=PROGRAM, time_zone="Europe/Berlin")


def load(kit: Any, rows: str) -> tuple[Report, list[tuple[str, str, str]]]:
    """Import rows; return the report, and line, field and code of each reject."""
    rejects = io.StringIO()
    report = import_members(kit, io.StringIO(HEADER + rows, newline=""), rejects)
    told = list(csv.DictReader(rejects.getvalue().splitlines()))
    return report, [(row["line"], row["field"], row["code"]) for row in told]


def members(kit: Any) -> dict[str, str]:
    with kit.read() as read:
        return {str(each.external_id): each.id for each in member_page(read).items}


def held(kit: Any, member: str) -> tuple[dict[str, int], str | None]:
    """Return the balances of a member, and its tier."""
    soon = kit.now() + timedelta(seconds=1)  # a member's activities settle at instants of their own
    with kit.read() as read:
        tiers = [each.tier for each in standing(read, [member])[member]]
        return {each.kind: each.balance for each in balances_at(read, [member], soon)[member]}, next(iter(tiers), None)


@pytest.mark.row("A11", way="python")
def test_a_row_brings_lots_with_their_expiry_and_a_tier(kit: Any) -> None:
    report, rejects = load(kit, "a1,70@2027-01-01; 20@2027-06-30T12:00:00+00:00; 30,gold\nb1,,\nc1,5,base\n")
    assert (report, rejects) == (Report(rows=3, registered=3), [])
    ids = members(kit)
    assert held(kit, ids["a1"]) == ({"coins": 120}, "gold")
    assert held(kit, ids["b1"]) == ({}, None)
    assert held(kit, ids["c1"]) == ({"coins": 5}, "base")
    with kit.read() as read:
        lots = {row.issued: row.expires_at for row in read.all(select(lot.c.issued, lot.c.expires_at))}
    midnight = int(datetime(2026, 12, 31, 23, tzinfo=UTC).timestamp()) * 1_000_000
    noon = int(datetime(2027, 6, 30, 12, tzinfo=UTC).timestamp()) * 1_000_000
    assert lots == {70: midnight, 20: noon, 30: None, 5: None}, "a day ends at midnight of the program's zone"
    assert kit.verify().clean


@pytest.mark.row("A11", way="python")
def test_a_line_of_json_brings_the_same(kit: Any) -> None:
    told = '{"external_id": "a1", "opening": {"coins": [{"amount": 7}]}, "tiers": {"status": "gold"}}\n'
    assert import_members(kit, io.StringIO(told), form="jsonl") == Report(rows=1, registered=1)
    assert held(kit, members(kit)["a1"]) == ({"coins": 7}, "gold")


@pytest.mark.row("A11", way="bad_input")
@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        ("a1,1.5,", "opening.coins.amount", "TYPE"),
        ("a1,0,", "opening.coins.amount", "RANGE"),
        ("a1,7@soon,", "opening.coins.expires_at", "TYPE"),
        ("a1,7@2027-02-30,", "opening.coins.expires_at", "TYPE"),
        ("a1,7,diamond", "tiers.status", "TIER_UNKNOWN"),
    ],
)
def test_a_row_that_cannot_be_taken_over_brings_nothing(kit: Any, row: str, field: str, code: str) -> None:
    report, rejects = load(kit, row + "\n")
    assert (report, rejects) == (Report(rows=1, rejected=1), [("2", field, code)])
    assert members(kit) == {}
    assert kit.verify().clean


@pytest.mark.row("A11", way="bad_input")
def test_accounts_and_ladders_that_are_not_there_are_named(kit: Any) -> None:
    rejects = io.StringIO()
    text = "external_id,opening.gems,tiers.rank\na1,7,\nb1,,gold\n"
    assert import_members(kit, io.StringIO(text), rejects).rejected == 2
    told = [(row["field"], row["code"]) for row in csv.DictReader(rejects.getvalue().splitlines())]
    assert told == [("opening.gems", "ACCOUNT_UNKNOWN"), ("tiers.rank", "LADDER_UNKNOWN")]
    assert members(kit) == {}


@pytest.mark.row("A11", way="reversal")
def test_what_was_brought_along_goes_back_where_the_registration_is_taken_back(kit: Any) -> None:
    brought = {"external_id": "a1", "opening": {"coins": [{"amount": 7}]}, "tiers": {"status": "gold"}}
    joined = kit.record(Activity(type="member.registered", payload=brought))
    assert held(kit, joined.member) == ({"coins": 7}, "gold")
    assert kit.reverse(joined.activity_id).settled
    assert held(kit, joined.member) == ({"coins": 0}, "base")
    assert kit.verify().clean
