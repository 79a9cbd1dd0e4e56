"""Lives of members through GraphQL: approval, renewal, profiles, tags, groups, consent, being found and forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import Declares
from corekit.testing.modules import plugin_module

MEMBERS = {
    "region": "DE",
    "kinds": ["consumer", "distributor"],
    "validity_months": 12,
    "enrolment": {"automatic": ["purchase"], "minimum": 500},
}
ANSWER = "outcome code member { id state } activity { actor } userErrors { path code message parameters }"


@pytest.fixture
def graph(make_kit: Any, door: Any) -> Any:
    return door(make_kit(members=MEMBERS, profile={"size": {"type": "integer"}}))


def does(graph: Any, mutation: str, answer: str = ANSWER, **told: Any) -> Any:
    name = {"register": "RegisterInput", "recordActivity": "RecordActivityInput"}.get(mutation)
    kind = name or f"{mutation[0].upper()}{mutation[1:]}Input"
    text = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {answer} }} }}"
    return graph.data(text, input=told)[mutation]


def join(graph: Any, **profile: Any) -> str:
    answer = does(graph, "register", **profile)
    assert answer["outcome"] == "SETTLED", answer
    return str(answer["member"]["id"])


def look(graph: Any, member: str, fields: str) -> Any:
    return graph.data(f"query ($id: ID!) {{ member(id: $id) {{ {fields} }} }}", id=member)["member"]


@pytest.mark.row("M4", way="graphql")
@pytest.mark.row("M2", way="graphql")
def test_an_applicant_is_taken_in_lapses_and_is_renewed(make_kit: Any, door: Any) -> None:
    graph = door(make_kit(members={"validity_months": 12, "enrolment": {"approval": "manual"}}))
    ann, bea = join(graph), join(graph)
    steps = (("approve", "ACTIVE"), ("lapse", "DORMANT"), ("renew", "ACTIVE"), ("cancel", "CANCELLED"))
    for step, state in steps:
        answer = does(graph, step, memberId=ann, reason="because")
        assert (answer["outcome"], answer["member"]["state"]) == ("SETTLED", state)
        assert answer["activity"] == {"actor": "staff:mira"}
    assert does(graph, "reject", memberId=bea, reason="fraud")["member"]["state"] == "CANCELLED"
    refused = does(graph, "renew", memberId=bea)
    assert (refused["outcome"], refused["userErrors"][0]["parameters"]) == (
        "REFUSED",
        {"state": "cancelled", "activity": "member.renewed"},
    )


@pytest.mark.row("M4", way="bad_input")
def test_a_renewal_for_no_time_is_told_by_path(graph: Any) -> None:
    answer = does(graph, "renew", memberId=join(graph), months=0)
    assert (answer["userErrors"][0]["path"], answer["userErrors"][0]["code"]) == (["input", "months"], "RANGE")


@pytest.mark.row("M5", way="graphql")
@pytest.mark.row("M6", way="graphql")
def test_a_profile_is_changed_and_who_changed_what_can_be_read(graph: Any) -> None:
    ann = join(graph, name="Ann", kind="consumer", attributes={"size": 38})
    answer = does(
        graph,
        "updateMember",
        memberId=ann,
        kind="distributor",
        birthday="1990-02-28",
        identity={"city": "Ulm"},
        attributes={"size": 39},
        remove=["name"],
        reason="she called",
    )
    assert answer["outcome"] == "SETTLED"
    told = look(
        graph, ann, "name kind birthday sections attributes validUntil changes { field before after actor reason }"
    )
    assert (told["name"], told["kind"], told["birthday"]) == (None, "distributor", "1990-02-28")
    assert (told["sections"], told["attributes"]) == ({"identity": {"city": "Ulm"}}, {"size": 39})
    assert told["validUntil"] == "2027-01-15T00:00:00+00:00"
    assert {(it["field"], it["before"], it["after"]) for it in told["changes"]} == {
        ("name", "Ann", None),
        ("kind", "consumer", "distributor"),
        ("birthday", None, "1990-02-28"),
        ("identity.city", None, "Ulm"),
        ("attributes.size", 38, 39),
    }
    assert {(it["actor"], it["reason"]) for it in told["changes"]} == {("staff:mira", "she called")}


@pytest.mark.row("M5", way="bad_input")
@pytest.mark.row("M6", way="bad_input")
def test_a_change_that_cannot_be_is_told_by_path(graph: Any) -> None:
    told: dict[str, Any] = {"kind": "king", "phone": "x", "identity": {"citi": "Ulm"}, "attributes": {"size": "big"}}
    answer = does(graph, "updateMember", memberId=join(graph), **told)
    assert {".".join(error["path"]): error["code"] for error in answer["userErrors"]} == {
        "input.kind": "NOT_ONE_OF",
        "input.phone": "PHONE",
        "input.identity.citi": "UNKNOWN_FIELD",
        "input.attributes.size": "TYPE",
    }


@pytest.mark.row("M3", way="graphql")
@pytest.mark.row("M7", way="graphql")
def test_members_are_found_by_whatever_they_are_known_by(graph: Any) -> None:
    ann = join(graph, phone="0731 1234567", email="Ann@Example.org", externalIds={"crm": "17"}, kind="distributor")
    join(graph)
    number = look(graph, ann, "number externalIds { source externalId }")
    assert number["externalIds"] == [{"source": "crm", "externalId": "17"}]
    does(graph, "tagMember", memberId=ann, add=["vip"])
    does(graph, "joinGroup", memberId=ann, group="smith", role="primary")
    for wanted in (
        {"phone": "+49 731 123 4567"},
        {"email": "ANN@example.org"},
        {"number": number["number"]},
        {"source": "crm", "externalId": "17"},
        {"tag": "vip"},
        {"kind": "distributor", "state": "ACTIVE"},
        {"group": "smith"},
        {"joinedFrom": "2026-01-01T00:00:00+00:00", "joinedBefore": "2027-01-01T00:00:00+00:00", "tag": "vip"},
    ):
        text = "query ($filter: MemberFilter) { members(filter: $filter) { nodes { id } } }"
        assert graph.data(text, filter=wanted)["members"]["nodes"] == [{"id": ann}], wanted


@pytest.mark.row("M7", way="bad_input")
def test_what_nobody_is_called_finds_nobody_and_a_time_that_is_none_is_told(graph: Any) -> None:
    join(graph)
    text = "query ($filter: MemberFilter) { members(filter: $filter) { nodes { id } } }"
    for wanted in ({"tag": "a\0"}, {"phone": "x"}, {"group": "nobody"}, {"source": "crm"}, {"kind": "king"}):
        assert graph.data(text, filter=wanted)["members"]["nodes"] == []
    (error,) = graph.ask(text, filter={"joinedFrom": "soon"})["errors"]
    assert error["extensions"]["code"] == "TYPE"


@pytest.mark.row("M8", way="graphql")
@pytest.mark.row("M9", way="graphql")
def test_tags_groups_and_consent_are_set_and_read(graph: Any) -> None:
    ann = join(graph)
    does(graph, "tagMember", memberId=ann, add=["b", "a"], reason="press")
    does(graph, "joinGroup", memberId=ann, group="acme", kind="company", role="primary")
    does(graph, "setConsent", memberId=ann, purpose="marketing", channel="email", granted=True, evidence="form 7")
    told = look(graph, ann, "tags groups { code kind role } consents { purpose channel granted since }")
    assert told["tags"] == ["a", "b"]
    assert told["groups"] == [{"code": "acme", "kind": "company", "role": "primary"}]
    assert [(it["purpose"], it["channel"], it["granted"]) for it in told["consents"]] == [("marketing", "email", True)]
    does(graph, "tagMember", memberId=ann, remove=["a"])
    does(graph, "leaveGroup", memberId=ann, group="acme")
    does(graph, "setConsent", memberId=ann, purpose="marketing", channel="email", granted=False)
    told = look(graph, ann, "tags groups { code } consents { granted }")
    assert told == {"tags": ["b"], "groups": [], "consents": [{"granted": False}]}


@pytest.mark.row("M1", way="graphql")
@pytest.mark.row("M2", way="bad_input")
def test_a_purchase_names_somebody_who_joins_by_it_or_hears_why_not(graph: Any) -> None:
    who = {"phone": "0731 1234567", "name": "Ann"}
    small = does(graph, "recordActivity", type="purchase", amount="499", identity=who)
    assert (small["outcome"], small["code"]) == ("REFUSED", "ENROLMENT_REFUSED")
    (error,) = small["userErrors"]
    assert [reason["code"] for reason in error["parameters"]["reasons"]] == ["ENROL_BELOW_MINIMUM"]
    joined = does(graph, "recordActivity", type="purchase", amount="500", identity=who)
    assert joined["outcome"] == "SETTLED"
    assert look(graph, joined["member"]["id"], "name phone channel") == {
        "name": "Ann",
        "phone": "+497311234567",
        "channel": "api",
    }
    wrong = does(graph, "recordActivity", type="purchase", amount="500", identity={"phone": "x"})
    assert wrong["userErrors"][0]["path"] == ["input", "identity", "phone"]
    nobody = does(graph, "recordActivity", type="purchase", amount="500")
    assert (nobody["userErrors"][0]["path"], nobody["userErrors"][0]["code"]) == (
        ["input", "memberId"],
        "MEMBER_MISSING",
    )


@pytest.mark.row("M9", way="graphql")
def test_a_member_s_data_is_exported_and_the_member_forgotten(make_kit: Any, door: Any) -> None:
    book = plugin_module(Declares(), "book", corekit_export=lambda: {"pages": 3}, corekit_erase=lambda: None)
    graph = door(make_kit(["book"], modules={"book": book}))
    ann = join(graph, name="Ann")
    document = graph.data("query ($id: ID!) { memberData(id: $id) }", id=ann)["memberData"]
    assert (document["member"]["name"], document["plugins"]) == ("Ann", {"book": {"pages": 3}})
    asked = does(
        graph, "eraseMember", "erasure { state actor obstacle member { name state } }", memberId=ann, reason="x"
    )
    assert asked["erasure"] == {
        "state": "DONE",
        "actor": "staff:mira",
        "obstacle": None,
        "member": {"name": None, "state": "CANCELLED"},
    }
    assert graph.data("{ erasures(state: DONE) { reason } }")["erasures"] == [{"reason": "x"}]
    assert graph.data("query ($id: ID!) { memberData(id: $id) }", id="nope")["memberData"] is None


@pytest.mark.row("M3", way="graphql")
def test_members_that_are_probably_one_person_are_listed(graph: Any) -> None:
    ids = [join(graph, name="Ann", birthday="1990-02-28") for _ in range(2)]
    (found,) = graph.data("{ duplicates { name members { id } } }")["duplicates"]
    assert (found["name"], sorted(it["id"] for it in found["members"])) == ("Ann", sorted(ids))


def test_the_number_of_statements_does_not_grow_with_the_members_of_a_page(graph: Any) -> None:
    text = (
        "{ members { nodes { tags groups { code } consents { purpose } externalIds { source } changes { field } } } }"
    )
    join(graph)
    one = graph.statements(text)
    for _ in range(5):
        join(graph)
    assert graph.statements(text) == one


@pytest.mark.row("M3", way="graphql")
def test_two_members_become_one_and_two_again(graph: Any) -> None:
    ann, bob = join(graph, name="Ann"), join(graph, name="Anne", email="ann@shop.example")
    told: dict[str, Any] = {"memberId": ann, "otherId": bob, "reason": "the same person", "idempotencyKey": "m-1"}
    answer = does(graph, "mergeMembers", f"{ANSWER} followOns {{ type }}", **told)
    assert (answer["outcome"], answer["activity"]) == ("SETTLED", {"actor": "staff:mira"})
    assert answer["followOns"] == [{"type": "member.merged_into"}]
    assert look(graph, ann, "email mergedInto { id } mergedMembers { id name }") == {
        "email": "ann@shop.example",
        "mergedInto": None,
        "mergedMembers": [{"id": bob, "name": "Anne"}],
    }
    assert look(graph, bob, "state mergedInto { id }") == {"state": "MERGED", "mergedInto": {"id": ann}}
    assert does(graph, "mergeMembers", "outcome activity { id }", **told)["outcome"] == "SETTLED", "the same key"
    again = does(graph, "mergeMembers", memberId=ann, otherId=bob)
    assert (again["outcome"], again["userErrors"][0]["code"]) == ("REFUSED", "MEMBER_MERGED")
    activity = graph.data(
        "query ($id: ID!) { member(id: $id) { activities(first: 9) { nodes { id type } } } }", id=ann
    )["member"]["activities"]["nodes"]
    merged = next(each["id"] for each in activity if each["type"] == "member.merged")
    assert does(graph, "reverseActivity", "outcome", activityId=merged)["outcome"] == "SETTLED"
    assert look(graph, bob, "state email mergedInto { id }") == {
        "state": "ACTIVE",
        "email": "ann@shop.example",
        "mergedInto": None,
    }


@pytest.mark.row("M3", way="bad_input")
def test_a_member_is_not_merged_with_itself(graph: Any) -> None:
    ann = join(graph)
    answer = does(graph, "mergeMembers", "outcome userErrors { path code }", memberId=ann, otherId=ann)
    assert (answer["outcome"], answer["userErrors"][0]["code"]) == ("INVALID", "MEMBER_MISSING")


@pytest.mark.row("M7", way="graphql")
def test_members_are_found_by_what_they_did(graph: Any) -> None:
    ann, bob = join(graph), join(graph)
    for member, amount in ((ann, "900"), (bob, "500")):
        does(graph, "recordActivity", "outcome", memberId=member, type="purchase", amount=amount)
    text = "query ($filter: MemberFilter) { members(filter: $filter) { nodes { id } } }"

    def found(*ranges: dict[str, str]) -> list[str]:
        return [each["id"] for each in graph.data(text, filter={"measured": list(ranges)})["members"]["nodes"]]

    assert found({"metric": "spend", "least": "501"}) == [ann]
    assert found({"metric": "spend", "window": "month", "most": "500"}, {"metric": "visits", "least": "1"}) == [bob]


@pytest.mark.row("M7", way="bad_input")
@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"metric": "nothing", "least": "1"}, "METRIC_UNKNOWN"),
        ({"metric": "spend", "window": "aeon", "least": "1"}, "WINDOW_UNKNOWN"),
        ({"metric": "spend", "least": "much"}, "AMOUNT_NOT_WHOLE"),
        ({"metric": "spend"}, "RANGE_EMPTY"),
    ],
)
def test_a_range_that_cannot_be_is_told_by_its_code(graph: Any, asked: Any, code: str) -> None:
    text = "query ($filter: MemberFilter) { members(filter: $filter) { nodes { id } } }"
    (error,) = graph.ask(text, filter={"measured": [asked]})["errors"]
    assert error["extensions"]["code"] == code
