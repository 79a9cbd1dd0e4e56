"""Who answers a survey wins a medal, once, also where nobody may know what was answered."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from corekit import Activity, Kit
from corekit.testing.plugin import MakeKit
from corekit_medals.reading import awards_of
from corekit_surveys import answering, catalogue, tables
from corekit_surveys.terms import Terms

PROGRAM = """
[program]
name = "Canteen"

[[medals.definitions]]
id = "voice"
texts.en = {name = "Voice"}
on_reversal = "revoke"
when = {kind = "first", activity = "surveys.answered"}
"""
LUNCH = {"pages": [{"name": "first", "elements": [{"type": "rating", "name": "stars", "isRequired": True}]}]}
SECTIONS: dict[str, Any] = {"surveys": {"keys": ["a key of the tests that is long enough for it"]}}


def held(kit: Kit, member: str) -> list[str]:
    with kit.read() as read:
        return [each.medal for each in awards_of(read, [member]).get(member, ())]


@pytest.mark.row("S6", way="python")
@pytest.mark.row("S6", way="reversal")
def test_answering_wins_a_medal_once_and_taken_back_loses_it(make_kit: MakeKit) -> None:
    kit = make_kit(["medals", "surveys"], program=PROGRAM, sections=SECTIONS)
    for code, anonymous in (("named", False), ("hidden", True)):
        catalogue.create(kit, "staff:ada", code, LUNCH, Terms(anonymous=anonymous))
        catalogue.move(kit, "staff:ada", code, "open")
        member = kit.record(Activity(type="member.registered")).member
        outcome = answering.answer(kit, member, code, {"stars": 5})
        assert outcome.settled
        assert held(kit, member) == ["voice"]
        assert answering.send(kit, member, code).code == "SURVEYS_ANSWERED_BEFORE"
        kit.reverse(outcome.activity_id or "")
        assert held(kit, member) == []
        again = answering.send(kit, member, code)
        assert again.code == ("SURVEYS_ANSWERED_BEFORE" if anonymous else None)
        assert held(kit, member) == ([] if anonymous else ["voice"])
    with kit.read() as read:
        assert len(read.all(select(tables.waiting.c.id))) == len(read.all(select(tables.answer.c.id))) == 1
