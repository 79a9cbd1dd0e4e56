"""The audit trail over GraphQL: for staff with the permission, in pages, and of every mutation of the core."""

from __future__ import annotations

from typing import Any

import pytest

from corekit_schema import Viewer
from corekit_schema.ids import global_id

AUDIT = """
query ($actor: String, $what: String, $since: DateTime, $until: DateTime, $first: Int, $after: String) {
  audit(actor: $actor, what: $what, since: $since, until: $until, first: $first, after: $after) {
    nodes { id at actor kind what subject parameters activityId }
    pageInfo { hasNextPage endCursor }
  }
}
"""
ERASE = "mutation ($id: ID!) { eraseMember(input: {memberId: $id}) { erasure { state } } }"
APPLY = 'mutation { applyProgram(input: {content: "[program]\\nname = \\"Shop\\""}) { changed userErrors { code } } }'
RUN = 'mutation { runJob(input: {name: "expiry"}) { run { id } } }'
REGISTER = 'mutation { register(input: {idempotencyKey: "a"}) { member { id } activity { id } } }'
SERVICE = Viewer(kind="service", name="till", permissions=frozenset({"members.register", "members.read"}))


@pytest.fixture
def graph(make_kit: Any, door: Any) -> Any:
    return door(make_kit())


@pytest.mark.row("X3", way="graphql")
def test_each_change_by_staff_or_a_service_is_in_the_trail_once(graph: Any) -> None:
    made = graph.data(REGISTER, SERVICE)["register"]
    graph.data(APPLY)
    run = graph.data(RUN)["runJob"]["run"]
    graph.data(ERASE, id=made["member"]["id"])
    found = graph.data(AUDIT)["audit"]["nodes"]
    assert [(it["actor"], it["kind"], it["what"], it["subject"]) for it in found] == [
        ("staff:mira", "STAFF", "member.erasure", made["member"]["id"]),
        ("staff:mira", "STAFF", "job.asked", "expiry"),
        ("staff:mira", "STAFF", "program.applied", "program"),
        ("service:till", "SERVICE", "member.registered", made["member"]["id"]),
    ]
    assert [it["activityId"] for it in found] == [None, None, None, made["activity"]["id"]]
    assert found[1]["parameters"] == {"run": run["id"], "go": False}


def test_the_trail_comes_in_pages_and_by_actor_name_and_time(graph: Any) -> None:
    graph.data(REGISTER, SERVICE)
    graph.data(RUN)
    page = graph.data(AUDIT, first=1)["audit"]
    assert ([it["what"] for it in page["nodes"]], page["pageInfo"]["hasNextPage"]) == (["job.asked"], True)
    rest = graph.data(AUDIT, first=1, after=page["pageInfo"]["endCursor"])["audit"]
    assert ([it["what"] for it in rest["nodes"]], rest["pageInfo"]["hasNextPage"]) == (["member.registered"], False)
    for how in ({"actor": "service:till"}, {"what": "member.registered"}):
        assert graph.data(AUDIT, **how)["audit"]["nodes"] == rest["nodes"]
    at = rest["nodes"][0]["at"]
    assert graph.data(AUDIT, until=at)["audit"]["nodes"] == []
    assert len(graph.data(AUDIT, since=at)["audit"]["nodes"]) == 2


def test_a_question_that_cannot_be_is_an_error_with_its_code(graph: Any) -> None:
    wrong = ({"first": 0}, {"after": "x"}, {"since": "tomorrow"})
    assert [graph.ask(AUDIT, **how)["errors"][0]["extensions"]["code"] for how in wrong] == [
        "PAGE_SIZE", "CURSOR", "TYPE",
    ]  # fmt: skip


def test_who_lacks_the_permission_sees_no_trail(graph: Any) -> None:
    graph.data(RUN)
    member = Viewer(kind="member", member=global_id("Member", "0" * 32))
    for viewer in (SERVICE, member, Viewer(kind="anonymous")):
        answer = graph.ask(AUDIT, viewer)
        assert answer["errors"][0]["extensions"]["code"] in {"FORBIDDEN", "UNAUTHENTICATED"}
        assert answer["data"] is None or answer["data"]["audit"] is None
