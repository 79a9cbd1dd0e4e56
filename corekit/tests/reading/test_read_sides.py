"""What the read sides say of members, activities, the ledger and tiers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from corekit.activities.read import activities, activities_of, consumption, effects, lines, slips
from corekit.activities.tables import metric, metric_day
from corekit.activities.why import why
from corekit.clock import moment
from corekit.db.engine import Database
from corekit.db.reader import Reader
from corekit.ids import new_id
from corekit.ledger.read import balances, expiring, statement
from corekit.ledger.tables import posting
from corekit.members.read import MemberFilter, member_page, members
from corekit.metrics import LIFETIME, Window
from corekit.program.program import Program
from corekit.settings import Settings
from corekit.tiers.ladder import Criterion, Ladder, Tier
from corekit.tiers.read import history, measured, progress, standing

NOW = moment(1_760_000_000_000_000)
UTC_ZONE = Settings.of().time_zone


@pytest.mark.row("M1", way="python")
def test_a_member_is_read_with_profile_and_custom_attributes(database: Database, rows: Any) -> None:
    key = rows.member(7, channel="pos", name="Ann", external_id="e1", attributes={"shoe_size": 38, "vip": True})
    with database.read() as read:
        found = members(read, [key, new_id()])
    assert list(found) == [key]
    member = found[key]
    assert (member.name, member.channel, member.external_id, member.state) == ("Ann", "pos", "e1", "active")
    assert member.attributes == {"shoe_size": 38, "vip": True}
    assert member.joined_at == NOW + timedelta(seconds=7)


@pytest.mark.row("A2", way="python")
def test_an_activity_is_read_as_it_was_recorded(database: Database, rows: Any) -> None:
    member = rows.member()
    (key,) = rows.activities(member, {"amount": 1250, "payload": {"store": "s1"}, "actor": "till 4"})
    with database.read() as read:
        found = activities(read, [key, new_id()])
        of_member = activities_of(read, [member, new_id()])
    view = found.pop(key)
    assert not found
    assert (view.member, view.seq, view.type, view.amount, view.unit) == (member, 1, "purchase", 1250, "USD")
    assert (view.payload, view.actor, view.occurred_at) == ({"store": "s1"}, "till 4", NOW + timedelta(seconds=1))
    assert [page.items for page in of_member.values()] == [(view,), ()]


def test_effects_come_in_their_order_with_whole_numbers_as_lines(database: Database, rows: Any) -> None:
    (key,) = rows.activities(rows.member(), {})
    second = rows.effect(key, 2, amount=3, shares={"1": 1, "2": 2})
    first = rows.effect(key, 1, state="dropped", code="POINTS_CAP")
    with database.read() as read:
        found = effects(read, [key])[key]
    assert [effect.id for effect in found] == [first, second]
    assert found[1].shares == {1: 1, 2: 2}
    assert (found[0].state, found[0].code, found[0].data) == ("dropped", "POINTS_CAP", {})


@pytest.mark.row("A3", way="python")
def test_why_names_rule_shares_postings_cause_follow_ons_and_reversals(database: Database, rows: Any) -> None:
    member = rows.member()
    (cause,) = rows.activities(member, {})
    (key,) = rows.activities(member, {"parent_id": cause, "depth": 1})
    (follow,) = rows.activities(member, {"parent_id": key, "depth": 2, "type": "tier.changed"})
    (undo,) = rows.activities(member, {"reverses": key, "type": "reversal"})
    rows.lines(key, {"amount": 7, "sku": "a"}, {"amount": 0})
    effect = rows.effect(key, amount=20, rule="welcome@1", shares={"1": 20, "2": 0}, undone=20)
    undoing = rows.effect(undo, amount=20, rule="welcome@1", undoes=effect)
    rows.kind("points")
    rows.kind("points.issued", system=True)
    house, account = rows.account(None, "points.issued"), rows.account(member, "points")
    carried = {"unit": "points", "debit_account_id": house, "credit_account_id": account, "recorded_at": 0}
    rows.insert(posting, {"id": new_id(), "activity_id": key, "effect_id": effect, "amount": 20, **carried})

    with database.read() as read:
        found = why(read, [key, undo, cause])
    explanation = found[key]
    assert [line.sku for line in explanation.lines] == ["a", None]
    (explained,) = explanation.effects
    assert (explained.effect.rule, explained.effect.shares) == ("welcome@1", {1: 20, 2: 0})
    (moved,) = explained.postings
    assert (moved.debit, moved.debit_member, moved.credit, moved.credit_member, moved.amount) == (
        "points.issued", None, "points", member, 20,
    )  # fmt: skip
    assert [each.id for each in explained.undone_by] == [undoing]
    assert explanation.cause
    assert explanation.cause.id == cause
    assert [each.id for each in explanation.follow_ons] == [follow]
    assert [each.id for each in explanation.reversed_by] == [undo]
    assert found[undo].reverses == explanation.activity
    assert found[cause].cause is None
    assert [each.id for each in found[cause].follow_ons] == [key]


@pytest.mark.row("A8", way="python")
def test_consumption_sums_by_category_and_leaves_out_what_was_taken_back(database: Database, rows: Any) -> None:
    member, other = rows.member(), rows.member()
    first, second, gone = rows.activities(member, {}, {}, {})
    rows.lines(first, {"category": "milk", "amount": 300, "quantity": 2000}, {"category": "milk", "amount": 100})
    rows.lines(second, {"category": "milk", "amount": 50}, {"category": None, "amount": 900})
    rows.lines(gone, {"category": "milk", "amount": 7})
    rows.activities(member, {"type": "reversal", "reverses": gone})
    with database.read() as read:
        found = consumption(read, [member, other])
        later = consumption(read, [member], since=NOW + timedelta(seconds=2), until=NOW + timedelta(seconds=3))
        slip = slips(read, [member])[member].items[0]
    assert [(each.key, each.purchases, each.quantity, each.amount) for each in found[member]] == [
        (None, 1, 1000, 900),
        ("milk", 2, 4000, 450),
    ]
    assert found[other] == []
    assert [(each.key, each.amount) for each in later[member]] == [(None, 900), ("milk", 50)]
    assert found[member][1].last_at == NOW + timedelta(seconds=2)
    assert (slip.activity.id, slip.reversed) == (gone, True)


def test_what_is_due_is_left_out_of_available_before_any_sweep(database: Database, rows: Any) -> None:
    member = rows.member()
    rows.kind("points")
    rows.kind("points.debt")
    account = rows.account(member, "points", 100, 10, debits_pending=5)
    rows.lot(account, 30, expires=-1, consumed=10)
    rows.lot(account, 8, expires=0)
    rows.lot(account, 20, expires=1, held=5)
    rows.lot(account, 4, expires=1)
    rows.lot(account, 9, expires=60, consumed=9)
    rows.lot(account, 38, expires=None)
    rows.account(member, "points.debt", 0, 7)
    with database.read() as read:
        (balance,) = balances(read, [member], NOW)[member]
    assert (balance.balance, balance.pending, balance.due, balance.available) == (90, 5, 28, 57)
    assert (balance.kind, balance.unit, balance.scale, balance.debt) == ("points", "points", 2, 7)
    assert balance.expiring_next
    assert (balance.expiring_next.at, balance.expiring_next.amount) == (NOW + timedelta(seconds=1), 19)


def test_nothing_lapses_next_where_nothing_expires(database: Database, rows: Any) -> None:
    member = rows.member()
    rows.kind("points")
    rows.lot(rows.account(member, "points", 5), 5, expires=None)
    with database.read() as read:
        (balance,) = balances(read, [member], NOW)[member]
    assert (balance.available, balance.debt, balance.expiring_next) == (5, 0, None)


def test_expiring_sums_by_instant_up_to_and_including_the_bound(database: Database, rows: Any) -> None:
    member = rows.member()
    rows.kind("points")
    account = rows.account(member, "points", 100)
    for issued, expires in ((1, 0), (2, 10), (3, 10), (4, 20), (5, 21), (6, None)):
        rows.lot(account, issued, expires)
    with database.read() as read:
        found = expiring(read, [member], "points", NOW + timedelta(seconds=20), NOW)[member]
    assert [((each.at - NOW).seconds, each.amount) for each in found] == [(10, 5), (20, 4)]


@pytest.mark.row("T6", way="python")
def test_a_tier_is_read_as_of_any_moment(database: Database, rows: Any) -> None:
    member = rows.member()
    rows.assignment(member, "bronze", 0, 10)
    rows.assignment(member, "silver", 10)
    rows.assignment(member, "vip", 5, ladder="other")
    with database.read() as read:
        at = {
            second: {
                each.ladder: each.tier for each in standing(read, [member], NOW + timedelta(seconds=second))[member]
            }
            for second in (-1, 0, 9, 10)
        }
        now = standing(read, [member])[member]
        stays = history(read, [member])[member]
    assert at == {-1: {}, 0: {"main": "bronze"}, 9: {"main": "bronze", "other": "vip"},
                  10: {"main": "silver", "other": "vip"}}  # fmt: skip
    assert [(each.tier, each.valid_to) for each in now] == [("silver", None), ("vip", None)]
    assert [each.tier for each in stays] == ["bronze", "silver", "vip"]
    assert stays[0].valid_to == stays[1].valid_from
    assert stays[1].measured == {"spend lifetime": 5}


SPEND_EVER = Criterion("spend", LIFETIME, 1000)
SPEND_YEAR = Criterion("spend", Window("year"), 400)
VISITS = Criterion("visits", Window("day", 2), 3)
MAIN = Ladder(
    "main", "Main", (Tier("main", "base", 0, "Base"), Tier("main", "gold", 1, "Gold", (SPEND_EVER, SPEND_YEAR, VISITS)))
)


def measure(rows: Any, member: str, *days: tuple[str, int, int]) -> None:
    today = (NOW.date() - moment(0).date()).days
    rows.insert(metric, {"member_id": member, "metric": "spend", "value": 700})
    rows.insert(
        metric_day,
        *({"member_id": member, "metric": name, "day": today + day, "value": value} for name, day, value in days),
    )


@pytest.mark.row("T6", way="python")
def test_progress_says_what_is_missing_for_each_criterion(database: Database, rows: Any) -> None:
    member, idle = rows.member(), rows.member()
    measure(
        rows, member, ("spend", 0, 100), ("spend", -5, 50), ("spend", -400, 550), ("visits", -1, 1), ("visits", -2, 9)
    )
    rows.assignment(member, "base", 0)
    program = Program(1, "p", (MAIN,), {})
    with database.read() as read:
        found = progress(program, read, [member, idle], NOW, UTC_ZONE)
    (mine,), (others,) = found[member], found[idle]
    assert mine.tier.code == "base"
    assert mine.next
    assert mine.next.code == "gold"
    assert [(step.criterion, step.measured, step.missing) for step in mine.steps] == [
        (SPEND_EVER, 700, 300),
        (SPEND_YEAR, 150, 250),
        (VISITS, 1, 2),
    ]
    assert [step.missing for step in others.steps] == [1000, 400, 3]


def test_a_window_ends_on_the_day_of_the_question_even_when_days_after_it_are_known(
    database: Database, rows: Any
) -> None:
    member = rows.member()
    measure(rows, member, ("visits", -2, 1), ("visits", -1, 2), ("visits", 0, 4), ("visits", 1, 8))
    windows = [Window("day", 2), Window("day", 1), Window("day")]
    with database.read() as read:
        of_day = measured(read, [member], [("visits", window) for window in windows], NOW.date())[member]
    assert [of_day("visits", window) for window in windows] == [6, 4, 4]


def everything(read: Reader, count: int) -> int:
    """Read every relation of a page of ``count`` members and return how many statements it took."""
    before = read.statements
    page = member_page(read, MemberFilter(state="active"), first=count)
    ids = [member.id for member in page.items]
    assert len(ids) == count
    members(read, ids)
    accounts = [balance.account for each in balances(read, ids, NOW).values() for balance in each]
    statement(read, accounts, first=count)
    expiring(read, ids, "points", NOW + timedelta(days=1), NOW)
    recent = activities_of(read, ids, first=count)
    activities_of(read, ids, first=count, type="purchase")
    slips(read, ids, first=count, category="milk")
    consumption(read, ids)
    of_page = [activity.id for each in recent.values() for activity in each.items]
    lines(read, of_page)
    effects(read, of_page)
    why(read, of_page)
    standing(read, ids)
    history(read, ids)
    progress(Program(1, "p", (MAIN,), {}), read, ids, NOW, UTC_ZONE)
    return read.statements - before


def test_a_page_of_fifty_costs_as_many_statements_as_a_page_of_five(database: Database, rows: Any) -> None:
    rows.kind("points")
    for joined in range(50):
        member = rows.member(joined)
        for key in rows.activities(member, {}, {}):
            rows.effect(key)
            rows.lines(key, {"category": "milk", "amount": 1})
        rows.account(member, "points", 5)
    with database.read() as read:
        assert everything(read, 5) == everything(read, 50)
