"""Who is due is found by index, page by page, however many have lapsed before."""

from __future__ import annotations

from typing import Any

from corekit import Activity
from corekit.members import due


def test_pages_of_those_who_are_due_leave_nobody_out_and_take_nobody_twice(
    make_kit: Any, clock: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(due, "PAGE", 3)
    kit = make_kit(members={"validity_months": 1})
    told = [Activity(type="member.registered") for _ in range(10)]
    ids = {outcome.member for outcome in kit.record_many(told)}
    clock.advance(days=40)
    found = [each.member for each in due.lapses(kit)]
    assert (len(found), set(found)) == (10, ids)
    outcomes = list(kit.record_many(due.lapses(kit)))  # read while they lapse
    assert [outcome.settled for outcome in outcomes] == [True] * 10
    assert list(due.lapses(kit)) == []
