"""The read sides over what the kernel itself wrote, with a plugin of a few lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from corekit import AccountKind, Activity, Batch, Credit, Debit, Declares, Effect, Expiry, Facts, Line, Unit, hookimpl
from corekit.activities.read import activities_of, consumption, slips
from corekit.ledger.read import balances, expiring, statement
from corekit.tiers.read import progress

STAR = Unit("star", 0)


@hookimpl
def corekit_declare() -> Declares:
    return Declares(accounts=[AccountKind(code="stars", unit=STAR, lots=True, expiry=Expiry(1))])


@hookimpl
def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:
    """Give a star for each whole unit of money on a line; in the store "spend" take three."""
    for activity in batch.of("purchase"):
        if activity.payload.get("store") == "spend":
            yield Debit(activity, account="stars", amount=3, rule="spend@1", otherwise="drop")
        else:
            shares = {line.no: line.amount // 100 for line in activity.lines}
            yield Credit(activity, account="stars", amount=sum(shares.values()), shares=shares, rule="star@1")


@pytest.fixture
def kit(make_kit: Any) -> Any:
    return make_kit(["stars"], modules={"stars": sys.modules[__name__]})


def buy(kit: Any, member: str, *amounts: int, store: str = "s1") -> str:
    lines = tuple(Line(no, amount, category=f"c{no}") for no, amount in enumerate(amounts, 1))
    activity = Activity(type="purchase", member=member, amount=sum(amounts), lines=lines, payload={"store": store})
    outcome = kit.record(activity)
    assert outcome.settled
    return str(outcome.activity_id)


@pytest.fixture
def member(kit: Any) -> str:
    return str(kit.record(Activity(type="member.registered", member="")).member)


def balance(kit: Any, member: str) -> Any:
    with kit.read() as read:
        (found,) = balances(read, [member], kit.now())[member]
    return found


@pytest.mark.row("A3", way="reversal")
def test_why_traces_stars_to_rule_and_line_and_to_the_reversal_that_took_them(kit: Any, member: str) -> None:
    bought = buy(kit, member, 500, 250)
    (explained,) = kit.why(bought).effects
    assert (explained.effect.rule, explained.effect.account, explained.effect.amount) == ("star@1", "stars", 7)
    assert explained.effect.shares == {1: 5, 2: 2}
    assert [(move.credit, move.credit_member, move.amount) for move in explained.postings] == [("stars", member, 7)]
    assert not explained.undone_by

    undo = kit.reverse(bought, reason="wrong till").activity_id
    found = kit.why(bought)
    assert [view.id for view in found.reversed_by] == [undo]
    assert [(each.activity, each.amount) for each in found.effects[0].undone_by] == [(undo, 7)]
    assert found.effects[0].effect.undone == 7
    assert kit.why(undo).reverses == found.activity


def test_an_effect_that_could_not_be_applied_is_explained_with_its_code(kit: Any, member: str) -> None:
    (explained,) = kit.why(buy(kit, member, 100, store="spend")).effects
    assert (explained.effect.state, explained.effect.code) == ("dropped", "INSUFFICIENT")
    assert not explained.postings


def test_what_lapsed_is_not_available_before_it_is_swept_nor_after(kit: Any, member: str, clock: Any) -> None:
    buy(kit, member, 1000)
    clock.advance(timedelta(days=20))
    buy(kit, member, 500)
    buy(kit, member, 100, store="spend")
    found = balance(kit, member)
    assert (found.available, found.due, found.next_amount) == (12, 0, 7)
    with kit.read() as read:
        coming = expiring(read, [member], "stars", clock() + timedelta(days=365), clock())[member]
    assert [each.amount for each in coming] == [7, 5]

    clock.advance(timedelta(days=15))
    before = balance(kit, member)
    assert (before.balance, before.due, before.available, before.next_amount) == (12, 7, 5, 5)
    kit.sweep("expiry")
    after = balance(kit, member)
    assert (after.balance, after.due, after.available, after.next_amount) == (5, 0, 5, 5)


def test_what_a_member_owes_is_shown_as_debt(kit: Any, member: str) -> None:
    first = buy(kit, member, 300)
    buy(kit, member, 0, store="spend")
    kit.reverse(first)
    found = balance(kit, member)
    assert (found.kind, found.available, found.debt) == ("stars", 0, 3)


def test_the_statement_ends_at_the_balance_and_names_the_rules(kit: Any, member: str) -> None:
    buy(kit, member, 500)
    buy(kit, member, 100, store="spend")
    found = balance(kit, member)
    with kit.read() as read:
        page = statement(read, [found.account])[found.account]
    assert [(it.activity_type, it.rule, it.amount, it.balance_after) for it in page.items] == [
        ("purchase", "spend@1", -3, 2),
        ("purchase", "star@1", 5, 5),
    ]
    assert page.items[0].balance_after == found.balance


@pytest.mark.row("A8", way="reversal")
def test_a_purchase_taken_back_is_marked_on_its_slip_and_leaves_consumption(kit: Any, member: str) -> None:
    bought = buy(kit, member, 500, 250)
    buy(kit, member, 100)
    kit.reverse(bought)
    with kit.read() as read:
        of_c2 = slips(read, [member], category="c2")[member]
        sums = consumption(read, [member])[member]
    assert [(slip.activity.id, slip.reversed, [line.no for line in slip.lines]) for slip in of_c2.items] == [
        (bought, True, [2])
    ]
    assert [(each.key, each.amount) for each in sums] == [("c1", 100)]


@pytest.mark.row("A2", way="reversal")
def test_a_reversal_is_an_activity_of_its_own_and_changes_no_other(kit: Any, member: str) -> None:
    bought = buy(kit, member, 500)
    before = kit.why(bought).activity
    undo = kit.reverse(bought).activity_id
    with kit.read() as read:
        listed = activities_of(read, [member])[member]
        purchases = activities_of(read, [member], type="purchase")[member]
    assert [(view.type, view.seq) for view in listed.items] == [
        ("reversal", 3), ("purchase", 2), ("member.registered", 1),
    ]  # fmt: skip
    assert listed.items[0].id == undo
    assert listed.items[1] == purchases.items[0] == before


LADDER = """
[program]
name = "Club"
[[ladders]]
code = "main"
name = "Main"
[[ladders.tiers]]
code = "base"
name = "Base"
[[ladders.tiers]]
code = "gold"
name = "Gold"
criteria = [{metric = "spend", window = "year", at_least = "20.00"}]
"""


@pytest.mark.row("T6", way="reversal")
def test_what_is_taken_back_no_longer_counts_for_the_next_tier(make_kit: Any, clock: Any) -> None:
    kit = make_kit(program=LADDER)
    member = kit.record(Activity(type="member.registered", member="")).member
    first = buy(kit, member, 1500)

    def missing() -> list[int]:
        with kit.read() as read:
            (found,) = progress(kit.program, read, [member], clock(), kit.zone)[member]
        return [step.missing for step in found.steps]

    assert missing() == [500]
    kit.reverse(first)
    assert missing() == [2000]
