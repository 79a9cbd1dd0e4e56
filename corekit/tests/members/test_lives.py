"""How long a membership holds, who lets it lapse, what renewal, approval and restoring do, and who changed what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from corekit.activities.activity import Activity
from corekit.members.due import lapses
from corekit.members.history import changes
from corekit.members.read import Member, members

ZONE = "Europe/Berlin"
YEAR = {"validity_months": 12}


def look(kit: Any, member: str) -> Member:
    with kit.read() as read:
        return members(read, [member])[member]


def join(kit: Any, **profile: Any) -> str:
    outcome = kit.record(Activity(type="member.registered", payload=profile))
    assert outcome.settled, outcome
    return str(outcome.member)


def does(kit: Any, member: str, kind: str, **payload: Any) -> Any:
    return kit.record(Activity(type=kind, member=member, payload=payload))


def at(kit: Any, clock: Any, text: str) -> None:
    clock.set(datetime.fromisoformat(text))


@pytest.mark.row("M4", way="python")
@pytest.mark.parametrize(
    ("joined", "ends"),
    [
        ("2026-03-15T12:00+01:00", "2027-03-15T00:00+01:00"),
        ("2024-02-29T12:00+01:00", "2025-02-28T00:00+01:00"),
        ("2026-10-25T00:30+02:00", "2027-10-25T00:00+02:00"),
        ("2026-12-31T23:59+01:00", "2027-12-31T00:00+01:00"),
    ],
)
def test_a_membership_ends_at_midnight_of_the_program_so_many_months_later(
    make_kit: Any, clock: Any, joined: str, ends: str
) -> None:
    at(None, clock, joined)
    kit = make_kit(time_zone=ZONE, members=YEAR)
    assert look(kit, join(kit)).valid_until == datetime.fromisoformat(ends)


@pytest.mark.row("M4", way="python")
def test_who_is_due_lapses_once_and_renewal_wakes_and_prolongs(make_kit: Any, clock: Any) -> None:
    at(None, clock, "2026-01-10T12:00+00:00")
    kit = make_kit(members={**YEAR, "grace_days": 10})
    ann, early = join(kit), join(kit)
    clock.advance(days=300)
    assert does(kit, early, "member.renewed").settled
    assert look(kit, early).valid_until == datetime(2028, 1, 10, tzinfo=UTC)  # nothing of what was left is lost

    at(None, clock, "2027-01-19T23:59+00:00")
    assert list(lapses(kit)) == []  # grace
    at(None, clock, "2027-01-20T00:00+00:00")
    due = list(lapses(kit))
    assert [each.member for each in due] == [ann]
    assert [outcome.settled for outcome in kit.record_many(due)] == [True]
    assert look(kit, ann).state == "dormant"
    assert list(lapses(kit)) == []
    assert kit.record(Activity(type="purchase", member=ann, amount=100)).code == "MEMBER_DORMANT"

    assert does(kit, ann, "member.renewed", months=6, reason="came back").settled
    woken = look(kit, ann)
    assert (woken.state, woken.valid_until) == ("active", datetime(2027, 7, 20, tzinfo=UTC))
    assert kit.record(Activity(type="purchase", member=ann, amount=100)).settled


@pytest.mark.row("M4", way="bad_input")
def test_who_renewed_between_being_found_due_and_lapsing_does_not_lapse(make_kit: Any, clock: Any) -> None:
    kit = make_kit(members=YEAR)
    member = join(kit)
    clock.advance(days=400)
    (due,) = lapses(kit)
    assert does(kit, member, "member.renewed").settled
    first, again = kit.record(due), kit.record(due)
    assert (first.code, again.code, again.replayed) == ("MEMBERSHIP_RENEWED", "MEMBERSHIP_RENEWED", True)
    assert look(kit, member).state == "active"


@pytest.mark.row("M4", way="bad_input")
def test_a_membership_without_an_end_is_not_prolonged(kit: Any) -> None:
    member = join(kit)
    assert does(kit, member, "member.renewed").code == "MEMBERSHIP_UNLIMITED"
    assert does(kit, member, "member.renewed", months=3).settled
    assert look(kit, member).valid_until is not None


@pytest.mark.row("M4", way="reversal")
def test_taking_back_a_renewal_or_a_lapse_leads_back_to_state_and_end(make_kit: Any, clock: Any) -> None:
    kit = make_kit(members=YEAR)
    member = join(kit)
    ends = look(kit, member).valid_until
    lapsed = does(kit, member, "member.lapsed", reason="never seen again")
    renewed = does(kit, member, "member.renewed", months=24)
    assert look(kit, member).valid_until != ends
    assert kit.reverse(renewed.activity_id).settled
    assert (look(kit, member).state, look(kit, member).valid_until) == ("dormant", ends)
    assert kit.reverse(lapsed.activity_id).settled
    assert look(kit, member).state == "active"
    assert kit.reverse(lapsed.activity_id).code == "ALREADY_REVERSED"


@pytest.mark.row("M4", way="python")
def test_an_applicant_waits_and_is_taken_in_or_not(make_kit: Any) -> None:
    kit = make_kit(members={**YEAR, "enrolment": {"approval": "manual"}})
    ann, bea = join(kit), join(kit)
    assert (look(kit, ann).state, look(kit, ann).valid_until) == ("pending", None)
    approved = kit.record(Activity(type="member.approved", member=ann, actor="staff:mira", payload={"reason": "ok"}))
    assert look(kit, ann).state == "active"
    assert look(kit, ann).valid_until is not None
    explained = kit.why(approved.activity_id).activity
    assert (explained.actor, explained.payload) == ("staff:mira", {"reason": "ok"})
    assert does(kit, bea, "member.rejected", reason="known to be a fraud").settled
    assert look(kit, bea).state == "cancelled"
    assert does(kit, bea, "member.approved").code == "MEMBER_STATE"


@pytest.mark.row("M4", way="bad_input")
def test_a_rejection_says_why(make_kit: Any) -> None:
    kit = make_kit(members={"enrolment": {"approval": "manual"}})
    member = join(kit)
    (outcome,) = kit.record_many([Activity(type="member.rejected", member=member)])
    assert [(problem.path, problem.code) for problem in outcome.problems] == [(("payload", "reason"), "REQUIRED")]


@pytest.mark.row("M5", way="python")
def test_a_profile_changes_by_an_activity_and_keeps_its_history(make_kit: Any, clock: Any) -> None:
    kit = make_kit(profile={"city": {"type": "string"}, "size": {"type": "integer"}})
    member = join(kit, name="Ann", attributes={"city": "Ulm", "size": 38}, identity={"language": "de"})
    clock.advance(seconds=1)
    told = {
        "name": "Ann Arbor",
        "birthday": "1990-02-28",
        "identity": {"family_name": "Arbor", "language": None},
        "preferences": {"categories": ["milk", "bread"]},
        "attributes": {"city": None},
        "reason": "she called",
    }
    outcome = kit.record(Activity(type="member.updated", member=member, actor="staff:mira", payload=told))
    assert (outcome.settled, outcome.seq) == (True, 2)
    found = look(kit, member)
    assert (found.name, found.birthday, found.attributes, found.seq) == ("Ann Arbor", "1990-02-28", {"size": 38}, 2)
    assert found.sections == {"identity": {"family_name": "Arbor"}, "preferences": {"categories": ["milk", "bread"]}}
    with kit.read() as read:
        history = changes(read, [member])[member]
    assert {(it.field, it.before, it.after) for it in history if it.field != "preferences.categories"} == {
        ("name", "Ann", "Ann Arbor"),
        ("birthday", None, "1990-02-28"),
        ("identity.family_name", None, "Arbor"),
        ("identity.language", "de", None),
        ("attributes.city", "Ulm", None),
    }
    assert {(it.actor, it.reason, it.at) for it in history} == {("staff:mira", "she called", clock())}


@pytest.mark.row("M5", way="reversal")
def test_taking_back_a_change_restores_what_nothing_later_changed(kit: Any) -> None:
    member = join(kit, name="Ann", phone="+497311234567")
    first = does(kit, member, "member.updated", name="Bea", phone="+497317654321", identity={"city": "Ulm"})
    does(kit, member, "member.updated", name="Cleo")
    assert kit.reverse(first.activity_id).settled
    found = look(kit, member)
    assert (found.name, found.phone, found.sections) == ("Cleo", "+497311234567", {})
    assert kit.verify().clean


@pytest.mark.row("M5", way="reversal")
def test_who_took_over_a_phone_keeps_it_when_its_giving_up_is_taken_back(kit: Any) -> None:
    ann = join(kit, phone="+497311234567")
    gave_up = does(kit, ann, "member.updated", phone=None)
    bea = join(kit, phone="+497311234567")
    refused = kit.reverse(gave_up.activity_id)
    assert (refused.outcome, refused.code) == ("refused", "IDENTITY_TAKEN")
    assert (look(kit, ann).phone, look(kit, bea).phone) == (None, "+497311234567")


@pytest.mark.row("M5", way="bad_input")
@pytest.mark.parametrize(
    ("payload", "path", "code"),
    [
        ({"nam": "A"}, ("payload", "nam"), "UNKNOWN_FIELD"),
        ({"identity": {"citi": "Ulm"}}, ("payload", "identity", "citi"), "UNKNOWN_FIELD"),
        ({"email": "a@"}, ("payload", "email"), "EMAIL"),
        ({"attributes": {"size": "big"}}, ("payload", "attributes", "size"), "TYPE"),
        ({"attributes": {"city": None}}, ("payload", "attributes", "city"), "NULL"),
        ({"kind": "king"}, ("payload", "kind"), "NOT_ONE_OF"),
        ({"kind": None}, ("payload", "kind"), "NULL"),
    ],
)
def test_a_change_that_cannot_be_is_named_by_path_and_nothing_changes(
    make_kit: Any, payload: Any, path: Any, code: str
) -> None:
    kit = make_kit(profile={"city": {"type": "string", "required": True}, "size": {"type": "integer"}})
    member = join(kit, attributes={"city": "Ulm"})
    (outcome,) = kit.record_many([Activity(type="member.updated", member=member, payload=payload)])
    assert [(problem.path, problem.code) for problem in outcome.problems] == [(path, code)]
    assert look(kit, member).seq == 1


def test_many_changes_of_one_chunk_end_as_they_would_one_by_one(make_kit: Any, clock: Any) -> None:
    kit = make_kit(members=YEAR)
    member = join(kit, name="0")
    told = [
        Activity(type="member.updated", member=member, payload={"name": str(number)}, occurred_at=clock() + timedelta())
        for number in range(1, 6)
    ]
    told += [
        Activity(type="member.tagged", member=member, payload={"add": ["a", "b"]}),
        Activity(type="member.tagged", member=member, payload={"remove": ["a"]}),
        Activity(type="member.renewed", member=member),
    ]
    assert all(outcome.settled for outcome in kit.record_many(told))
    found = look(kit, member)
    assert found.seq == 9
    with kit.read() as read:
        history = changes(read, [member])[member]
    assert [(it.after, it.before) for it in history][-1][1] == "0"
    assert len(history) == 5
    assert found.name == history[0].after
