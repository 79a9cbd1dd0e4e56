"""What a member may do in which state: the whole table, in code, in the documentation and in the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from corekit.activities.activity import Activity
from corekit.members.read import members
from corekit.members.states import OF_MERGED, STATES, STEPS, allowed, states_table, target

ROOT = Path(__file__).resolve().parents[3]

_U, _S = "MEMBER_UNKNOWN", "MEMBER_STATE"

TABLE = {
    # activity: no member, pending, active, frozen, dormant, cancelled; a merged one has a survivor, see below
    "purchase": (_U, "MEMBER_PENDING", None, "MEMBER_FROZEN", "MEMBER_DORMANT", "MEMBER_CANCELLED"),
    "points.adjustment": (_U, "MEMBER_PENDING", None, "MEMBER_FROZEN", "MEMBER_DORMANT", "MEMBER_CANCELLED"),
    "reversal": (_U, None, None, None, None, None),
    "refund": (_U, None, None, None, None, None),
    "points.expired": (_U, None, None, None, None, None),
    "tier.changed": (_U, None, None, None, None, None),
    "member.consented": (_U, None, None, None, None, None),
    "member.erased": (_U, None, None, None, None, None),
    "member.updated": (_U, None, None, None, None, "MEMBER_CANCELLED"),
    "member.tagged": (_U, None, None, None, None, "MEMBER_CANCELLED"),
    "member.registered": (None, _S, _S, _S, _S, _S),
    "member.approved": (_U, None, _S, _S, _S, _S),
    "member.rejected": (_U, None, _S, _S, _S, _S),
    "member.frozen": (_U, _S, None, _S, _S, _S),
    "member.unfrozen": (_U, _S, _S, None, _S, _S),
    "member.lapsed": (_U, _S, None, _S, _S, _S),
    "member.renewed": (_U, _S, None, _S, None, _S),
    "member.cancelled": (_U, None, None, None, None, _S),
    "member.restored": (_U, _S, _S, _S, _S, None),
}


@pytest.mark.parametrize("activity", TABLE)
def test_the_table_says_who_may(activity: str) -> None:
    *living, merged = (allowed(state, activity) for state in (None, *STATES))
    assert tuple(living) == TABLE[activity]
    assert merged == (None if activity in OF_MERGED else "MEMBER_MERGED")


def test_every_step_leads_somewhere_and_nothing_else_does() -> None:
    assert {name: target(name) for name in STEPS} == {
        "member.registered": "active",
        "member.approved": "active",
        "member.rejected": "cancelled",
        "member.lapsed": "dormant",
        "member.renewed": "active",
        "member.frozen": "frozen",
        "member.unfrozen": "active",
        "member.cancelled": "cancelled",
        "member.restored": "active",
    }
    assert target("purchase") is None


def test_the_documentation_shows_the_table_as_it_is() -> None:
    assert states_table() in (ROOT / "docs/members.md").read_text(encoding="utf-8")


BY_HAND = {"enrolment": {"approval": "manual"}}
WAYS_IN: dict[str, list[str]] = {
    "pending": [],
    "active": ["member.approved"],
    "frozen": ["member.approved", "member.frozen"],
    "dormant": ["member.approved", "member.lapsed"],
    "cancelled": ["member.approved", "member.cancelled"],
}


def lead(kit: Any, state: str) -> str:
    member: str = kit.record(Activity(type="member.registered", member="")).member
    for step in WAYS_IN[state]:
        assert kit.record(Activity(type=step, member=member)).settled
    return member


@pytest.mark.row("M4", way="python")
@pytest.mark.parametrize("state", WAYS_IN)
def test_each_step_is_taken_or_refused_as_the_table_says(make_kit: Any, state: str) -> None:
    kit = make_kit(members={**BY_HAND, "validity_months": 12})
    for step in STEPS:
        if step != "member.registered":
            member = lead(kit, state)
            outcome = kit.record(Activity(type=step, member=member, payload={"reason": "why not"}))
            assert outcome.code == allowed(state, step)
            with kit.read() as read:
                found = members(read, [member])[member]
            assert found.state == (target(step) if outcome.settled else state)


@pytest.mark.row("M4", way="bad_input")
@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("pending", "MEMBER_PENDING"),
        ("frozen", "MEMBER_FROZEN"),
        ("dormant", "MEMBER_DORMANT"),
        ("cancelled", "MEMBER_CANCELLED"),
    ],
)
def test_who_is_not_active_buys_nothing_and_hears_the_same_again(make_kit: Any, state: str, code: str) -> None:
    kit = make_kit(members=BY_HAND)
    purchase = Activity(type="purchase", member=lead(kit, state), amount=100, external_id="p1")
    first, again = kit.record(purchase), kit.record(purchase)
    assert (first.outcome, first.code, first.replayed) == ("refused", code, False)
    assert (again.outcome, again.code, again.replayed) == ("refused", code, True)


def test_taking_back_a_step_leads_back_where_it_came_from(kit: Any) -> None:
    member: str = kit.record(Activity(type="member.registered", member="")).member
    frozen = kit.record(Activity(type="member.frozen", member=member))
    assert kit.reverse(frozen.activity_id).settled
    with kit.read() as read:
        assert members(read, [member])[member].state == "active"
