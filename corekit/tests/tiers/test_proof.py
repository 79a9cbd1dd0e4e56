"""Invariant 16: faults planted in stays are found; what policies make of members is proved as it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import select

from corekit import AccountKind, Batch, Credit, Declares, Effect, Facts, Unit, hookimpl
from corekit.ledger.tables import account

OpenClub = Callable[..., Any]

POLICIES = """
validity = {months = 12, until = "year"}
downgrade = "one_step"
grace_days = 30
growth = {metric = "spend", at_rerating = "reduce", keep_percent = 50}
"""
ONE = "(SELECT min(valid_from) FROM core_tier_assignment WHERE reason = 'qualified')"
FAULTS = {
    "overlap": f"UPDATE core_tier_assignment SET valid_to = valid_to + 1 WHERE valid_from = {ONE}",
    "hole": f"UPDATE core_tier_assignment SET valid_to = valid_to - 1 WHERE valid_from = {ONE}",
    "two at once": f"UPDATE core_tier_assignment SET valid_to = valid_from WHERE valid_from = {ONE}",
    "no end before the next": "UPDATE core_tier_assignment SET valid_to = 9000000000000000 WHERE valid_to IS NULL",
    "gone": f"DELETE FROM core_tier_assignment WHERE valid_from = {ONE}",
    "another tier": "UPDATE core_tier_assignment SET tier = 'base' WHERE reason = 'grace'",
    "another cause": "UPDATE core_tier_assignment SET activity_id = member_id WHERE reason = 'grace'",
    "another reason": "UPDATE core_tier_assignment SET reason = 'renewed' WHERE reason = 'grace'",
    "another validity": f"UPDATE core_tier_assignment SET expires_at = expires_at + 1 WHERE valid_from = {ONE}",
    "another measure": """UPDATE core_tier_assignment SET measured = '{"growth:status lifetime": 7}'
        WHERE reason = 'qualified'""",
    "undone by nobody": f"UPDATE core_tier_assignment SET undone_by = activity_id WHERE valid_from = {ONE}",
}


@pytest.fixture
def lived(club: OpenClub) -> Any:
    """A club in which a member rose, fell, was set, and fell back. Who buys has an account of chips as well."""

    def chip(batch: Batch, facts: Facts) -> Iterator[Effect]:
        yield from (Credit(bought, rule="chip@1", account="chips", amount=1) for bought in batch.of("purchase"))

    chips = ModuleType("chips")
    declared = Declares(accounts=[AccountKind(code="chips", unit=Unit("chips"), lots=True)])
    vars(chips).update(corekit_declare=hookimpl(lambda: declared), corekit_react=hookimpl(chip))
    house = club(POLICIES, metric="growth", window="lifetime", modules={"chips": chips})
    house.join("ann")
    house.buy("ann", 100, "2024-03-15")
    house.buy("ann", 250, "2024-05-15")
    for at in ("2026-01-01", "2026-02-01", "2027-01-01", "2028-01-01", "2028-02-01"):
        house.sweep(f"{at}T00:00:00")
    lifted = house.buy("ann", 500, "2028-03-01")
    house.kit.reverse(lifted.activity_id)
    house.does("ann", "tier.set", "2028-04-01", payload={"ladder": "status", "tier": "gold", "reason": "a friend"})
    return house


def test_what_a_member_lived_through_is_proved(lived: Any) -> None:
    assert {"qualified", "renewed", "grace", "downgraded", "reversal", "manual"} == {
        reason for _, reason in lived.reasons("ann")
    }
    assert lived.is_proved()


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_planted_fault_is_found(lived: Any, fault: str) -> None:
    with lived.kit.database.write() as connection:
        connection.exec_driver_sql("DROP INDEX uq_core_tier_assignment_current")
        assert connection.exec_driver_sql(fault).rowcount
    assert set(lived.kit.verify().violations) == {"16"}


def test_a_stay_that_no_purchase_explains_is_found(lived: Any) -> None:
    """The books agree with each other, only history does not."""
    with lived.kit.database.write() as connection:
        connection.exec_driver_sql(
            """UPDATE core_tier_assignment SET measured = '{"growth:status lifetime": 10001}' WHERE tier = 'silver'
            AND reason = 'qualified'"""
        )
    rows = lived.kit.verify().violations["16"]
    assert [row["reason"] for row in rows] == ["qualified"]


@pytest.fixture
def neighbours(lived: Any) -> Any:
    """Beside her somebody who rose after her, and has done nothing since."""
    lived.join("bob", "2024-06-01")
    lived.buy("bob", 150, "2024-06-15")
    return lived


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize("part", ["account", "since"])
def test_a_proof_of_a_part_finds_it_for_whom_it_concerns_alone(neighbours: Any, part: str, fault: str) -> None:
    with neighbours.kit.read() as read:
        rows = read.all(select(account.c.member_id, account.c.id).where(account.c.kind == "chips"))
    owned = {row.member_id: row.id for row in rows}
    ann, bob = ([owned[neighbours.ids[name]]] for name in ("ann", "bob"))
    with neighbours.kit.database.write() as connection:
        connection.exec_driver_sql("DROP INDEX uq_core_tier_assignment_current")
        hers = f" AND member_id = '{neighbours.ids['ann']}'"
        assert connection.exec_driver_sql(fault + hers).rowcount
    if part == "account":
        assert set(neighbours.kit.verify(accounts=ann).violations) == {"16"}
        assert neighbours.kit.verify(accounts=bob).clean
    else:
        assert set(neighbours.kit.verify(since=datetime(2028, 1, 1, tzinfo=UTC)).violations) == {"16"}
        assert neighbours.kit.verify(since=datetime(2031, 1, 1, tzinfo=UTC)).clean
