"""The program over GraphQL: what is in force, what was announced, planning and applying; and members as of a moment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from corekit.program import apply_text
from corekit.testing.clock import START, SettableClock
from corekit.testing.plugin import MakeKit
from corekit_schema import ANONYMOUS, Viewer

FIRST = """
[program]
name = "Corner shop"
notice_days = 10
[[ladders]]
code = "main"
name = "Main"
tiers = [{code = "base", name = "Base"}, {code = "silver", name = "Silver", criteria = [
  {metric = "spend", at_least = "100.00"},
]}]
[[points.rules]]
id = "base"
rate = 1
"""
SECOND = FIRST.replace("100.00", "200.00")
LATER = (START + timedelta(days=30)).isoformat()

PLAN = """
mutation ($input: PlanProgramInput!) {
  planProgram(input: $input) {
    changed base version validFrom earliest replaces changes { kind path old new }
    userErrors { path code message parameters }
  }
}
"""
APPLY = """
mutation ($input: ApplyProgramInput!) {
  applyProgram(input: $input) {
    changed version { version validFrom actor reason program { name } } userErrors { path code message parameters }
  }
}
"""
CHANGES = "{ programChanges { version announcedAt validFrom changes { kind path old new } } }"
VERSIONS = "{ programVersions { version validFrom validTo replaced actor reason content } }"
THRESHOLD = {
    "kind": "CHANGED",
    "path": ["ladders", "main", "tiers", "silver", "criteria", "spend", "at_least"],
    "old": "100.00",
    "new": "200.00",
}


@pytest.fixture
def graph(make_kit: MakeKit, door: Any) -> Any:
    return door(make_kit(["points"], program=FIRST))


def test_what_another_process_applied_is_told(make_kit: MakeKit, door: Any) -> None:
    kit = make_kit(["points"])
    graph = door(make_kit(["points"], database=kit.settings.database))
    text = "{ program { version } programVersions { version } programChanges { version } }"
    assert graph.data(text) == {"program": {"version": 0}, "programVersions": [], "programChanges": []}
    apply_text(kit, FIRST)
    apply_text(kit, SECOND, valid_from=START + timedelta(days=30))
    told = graph.data(text)
    assert told["program"] == {"version": 1}
    assert [each["version"] for each in told["programVersions"]] == [2, 1]
    assert [each["version"] for each in told["programChanges"]] == [2]


@pytest.mark.row("A10", way="graphql")
def test_a_plan_tells_what_would_change_and_stores_nothing(graph: Any) -> None:
    planned = graph.data(PLAN, input={"content": SECOND, "validFrom": LATER})["planProgram"]
    assert planned == {
        "changed": True,
        "base": 1,
        "version": 2,
        "validFrom": LATER,
        "earliest": (START + timedelta(days=10)).isoformat(),
        "replaces": [],
        "changes": [THRESHOLD],
        "userErrors": [],
    }
    assert len(graph.data(VERSIONS)["programVersions"]) == 1


@pytest.mark.row("A10", way="graphql")
def test_what_is_applied_is_announced_to_everybody_until_it_holds(graph: Any, clock: SettableClock) -> None:
    applied = graph.data(APPLY, input={"content": SECOND, "validFrom": LATER})["applyProgram"]
    assert applied == {
        "changed": True,
        "version": {
            "version": 2,
            "validFrom": LATER,
            "actor": "staff:mira",
            "reason": None,
            "program": {"name": "Corner shop"},
        },
        "userErrors": [],
    }
    told = graph.data(CHANGES, viewer=ANONYMOUS)["programChanges"]
    assert told == [{"version": 2, "announcedAt": START.isoformat(), "validFrom": LATER, "changes": [THRESHOLD]}]
    asked = f'{{ program {{ version }} later: program(at: "{LATER}") {{ version validFrom }} }}'
    then = {"version": 2, "validFrom": LATER}
    assert graph.data(asked, viewer=ANONYMOUS) == {"program": {"version": 1}, "later": then}
    clock.advance(days=30)
    assert graph.data(CHANGES)["programChanges"] == []
    assert graph.data("{ program { version } }") == {"program": {"version": 2}}
    first, second = reversed(graph.data(VERSIONS)["programVersions"])
    assert (first["validTo"], second["validTo"], second["content"]) == (LATER, None, SECOND)


def test_the_same_program_changes_nothing(graph: Any) -> None:
    applied = graph.data(APPLY, input={"content": FIRST})["applyProgram"]
    assert (applied["changed"], applied["version"]["version"], applied["userErrors"]) == (False, 1, [])


@pytest.mark.row("A10", way="bad_input")
def test_what_cannot_follow_is_a_user_error_with_what_is_missing(graph: Any) -> None:
    for text in (PLAN, APPLY):
        (answer,) = graph.data(text, input={"content": SECOND}).values()
        (error,) = answer["userErrors"]
        assert (error["path"], error["code"]) == (["input", "validFrom"], "PROGRAM_NOTICE")
        assert error["parameters"]["missing"] == 10
    assert len(graph.data(VERSIONS)["programVersions"]) == 1


@pytest.mark.row("A10", way="bad_input")
def test_what_is_no_program_is_told_with_the_place_in_the_file(graph: Any) -> None:
    answer = graph.data(APPLY, input={"content": FIRST.replace("at_least", "at_last")})["applyProgram"]
    assert answer["version"] is None
    told = {error["parameters"]["place"]: (error["code"], error["path"]) for error in answer["userErrors"]}
    assert told["ladders.0.tiers.1.criteria.0.at_last"] == ("UNKNOWN_FIELD", ["input", "content"])


@pytest.mark.parametrize("text", [VERSIONS, PLAN, APPLY])
def test_members_neither_read_versions_nor_apply_one(graph: Any, text: str) -> None:
    member = Viewer(kind="member", member="0" * 32)
    variables = {} if text == VERSIONS else {"input": {"content": SECOND}}
    answer = graph.ask(text, viewer=member, **variables)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]


REGISTER = 'mutation { register(input: {name: "Ann"}) { member { id } } }'
RECORD = """
mutation ($input: RecordActivityInput!) { recordActivity(input: $input) { outcome } }
"""
AS_OF = """
query ($id: ID!, $at: DateTime) {
  member(id: $id) {
    balances(at: $at) { kind available { digits } }
    balance(kind: "points", at: $at) { balance { digits } pending { digits } debt { digits } }
    statement(kind: "points", at: $at, first: 10) { nodes { amount { digits } balanceAfter { digits } } }
    expiring(kind: "points", within: 400, at: $at) { at amount { digits } }
    tier(at: $at) { code tier { name } }
  }
}
"""


@pytest.mark.row("A1", way="graphql")
def test_what_a_member_had_as_of_a_moment_is_what_was_answered_then(
    make_kit: MakeKit, door: Any, clock: SettableClock
) -> None:
    expiry = "\n[points.currencies.points]\nexpiry = {months = 2}\n"
    graph = door(make_kit(["points"], program=FIRST + expiry))
    member = graph.data(REGISTER)["register"]["member"]["id"]
    answers: dict[str, Any] = {}
    for amount, days in (("5000", 1), ("7000", 20), ("100", 50), ("300", 3)):
        clock.advance(days=days)
        graph.data(RECORD, input={"memberId": member, "type": "purchase", "amount": amount})
        clock.advance(seconds=1)
        answers[clock().isoformat()] = graph.data(AS_OF, id=member)
        clock.advance(seconds=1)
    assert {at: graph.data(AS_OF, id=member, at=at) for at in answers} == answers
    points = [answer["member"]["balance"]["balance"]["digits"] for answer in answers.values()]
    assert points == ["50", "120", "71", "74"]


@pytest.mark.row("A1", way="bad_input")
def test_a_moment_that_is_none_is_an_error_with_its_code(graph: Any) -> None:
    member = graph.data(REGISTER)["register"]["member"]["id"]
    answer = graph.ask(AS_OF, id=member, at="yesterday")
    assert answer["errors"]
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"TYPE"}
