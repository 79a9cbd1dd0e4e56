"""The core's own schema over real databases: members, activities, tiers, and what changes them."""

from __future__ import annotations

from typing import Any

import pytest

from corekit_schema import ANONYMOUS, Viewer
from corekit_schema.ids import local_id

PROGRAM = """
[program]
name = "Test"

[[ladders]]
code = "main"
name = "Main"

[[ladders.tiers]]
code = "base"
name = "Base"

[[ladders.tiers]]
code = "silver"
name = "Silver"
criteria = [{ metric = "spend", window = "lifetime", at_least = "100.00" }]

[[ladders]]
code = "visits"
name = "Visits"

[[ladders.tiers]]
code = "guest"
name = "Guest"

[[ladders.tiers]]
code = "regular"
name = "Regular"
criteria = [{ metric = "visits", window = "year", at_least = 3 }]
"""

REGISTER = """
mutation ($input: RegisterInput!) {
  register(input: $input) {
    outcome code
    member { id name state channel email externalId attributes }
    activity { id type actor source externalId }
    userErrors { path code message parameters }
  }
}
"""

RECORD = """
mutation ($input: RecordActivityInput!) {
  recordActivity(input: $input) {
    outcome code
    activity { id type amount { digits unit scale } payload lines { no amount { digits } category quantity } }
    followOns { type outcome activity { payload } }
    member { tier { code } }
    userErrors { path code message parameters }
  }
}
"""


@pytest.fixture
def graph(make_kit: Any, door: Any) -> Any:
    return door(make_kit(program=PROGRAM, profile={"shoe_size": {"type": "integer", "min": 10}}))


def register(graph: Any, **profile: Any) -> str:
    answer = graph.data(REGISTER, input=profile)["register"]
    assert answer["outcome"] == "SETTLED", answer
    member: str = answer["member"]["id"]
    return member


def buy(graph: Any, member: str, amount: str, **more: Any) -> dict[str, Any]:
    told = {"memberId": member, "type": "purchase", "amount": amount, **more}
    answer: dict[str, Any] = graph.data(RECORD, input=told)["recordActivity"]
    return answer


def as_member(member: str) -> Viewer:
    return Viewer(kind="member", member=local_id("Member", member))


@pytest.mark.row("M1", way="graphql")
def test_a_member_is_registered_with_custom_attributes(graph: Any) -> None:
    profile = {"externalId": "c-1", "name": "Ann Müller", "email": "ann@example.org", "channel": "web"}
    answer = graph.data(REGISTER, input={**profile, "attributes": {"shoe_size": 38}})["register"]
    assert answer["outcome"] == "SETTLED"
    assert answer["userErrors"] == []
    assert answer["member"] == {
        **profile,
        "id": answer["member"]["id"],
        "state": "ACTIVE",
        "attributes": {"shoe_size": 38},
    }
    assert answer["activity"]["type"] == "member.registered"
    assert answer["activity"]["actor"] == "staff:mira"


@pytest.mark.row("M1", way="bad_input")
def test_a_profile_that_is_not_valid_is_told_by_path_and_nothing_is_stored(graph: Any) -> None:
    told = {"email": "nobody", "attributes": {"shoe_size": 3, "hat": 1}}
    answer = graph.data(REGISTER, input=told)["register"]
    assert answer["outcome"] == "INVALID"
    assert answer["member"] is None
    found = {".".join(error["path"]): error["code"] for error in answer["userErrors"]}
    assert found == {
        "input.email": "EMAIL",
        "input.attributes.shoe_size": "RANGE",
        "input.attributes.hat": "UNKNOWN_FIELD",
    }
    assert graph.data("{ members { nodes { id } } }")["members"]["nodes"] == []


@pytest.mark.row("M4", way="graphql")
def test_a_member_is_frozen_unfrozen_cancelled_and_restored(graph: Any) -> None:
    member = register(graph)
    steps = {"freeze": "FROZEN", "unfreeze": "ACTIVE", "cancel": "CANCELLED", "restore": "ACTIVE"}
    for step, state in steps.items():
        text = f"""mutation ($id: ID!) {{ {step}(input: {{memberId: $id, reason: "because"}}) {{
            outcome member {{ state }} activity {{ actor payload }} }} }}"""
        answer = graph.data(text, id=member)[step]
        assert answer["outcome"] == "SETTLED"
        assert answer["member"] == {"state": state}
        assert answer["activity"] == {"actor": "staff:mira", "payload": {"reason": "because"}}


@pytest.mark.row("M4", way="bad_input")
def test_a_frozen_member_buys_nothing_and_the_refusal_is_a_user_error(graph: Any) -> None:
    member = register(graph)
    graph.data("mutation ($id: ID!) { freeze(input: {memberId: $id}) { outcome } }", id=member)
    answer = buy(graph, member, "500")
    assert answer["outcome"] == "REFUSED"
    assert answer["activity"] is None
    assert [error["code"] for error in answer["userErrors"]] == ["MEMBER_FROZEN"]


@pytest.mark.row("A2", way="graphql")
@pytest.mark.row("A8", way="graphql")
def test_a_purchase_is_recorded_with_its_lines(graph: Any) -> None:
    member = register(graph)
    lines = [{"no": 1, "amount": "1000", "category": "tea"}, {"no": 2, "amount": "250", "quantity": 1500}]
    answer = buy(graph, member, "1250", lines=lines, payload={"store": "Unter den Linden", "order_no": "77"})
    assert answer["outcome"] == "SETTLED"
    assert answer["activity"]["amount"] == {"digits": "1250", "unit": "USD", "scale": 2}
    assert answer["activity"]["payload"] == {"store": "Unter den Linden", "order_no": "77"}
    assert answer["activity"]["lines"] == [
        {"no": 1, "amount": {"digits": "1000"}, "category": "tea", "quantity": 1.0},
        {"no": 2, "amount": {"digits": "250"}, "category": None, "quantity": 1.5},
    ]
    text = """query ($id: ID!) { member(id: $id) {
        purchases(category: "tea") { nodes { activity { type } lines { category } reversed } }
        consumption { key amount { digits unit } quantity purchases } } }"""
    found = graph.data(text, id=member)["member"]
    assert found["purchases"]["nodes"] == [
        {"activity": {"type": "purchase"}, "lines": [{"category": "tea"}], "reversed": False}
    ]
    assert found["consumption"][0] == {
        "key": "tea",
        "amount": {"digits": "1000", "unit": "USD"},
        "quantity": 1.0,
        "purchases": 1,
    }


BAD_INPUT: list[tuple[dict[str, Any], str, str]] = [
    ({"type": "nothing"}, "input.type", "TYPE_UNKNOWN"),
    ({"amount": "12.50"}, "input.amount", "AMOUNT_NOT_WHOLE"),
    ({"amount": 1250}, "input.amount", "AMOUNT_NOT_WHOLE"),
    ({"amount": "9223372036854775808"}, "input.amount", "AMOUNT_RANGE"),
    ({"amount": "9" * 5000}, "input.amount", "AMOUNT_RANGE"),
    ({"amount": "-5"}, "input.amount", "AMOUNT_RANGE"),
    ({"amount": "٣"}, "input.amount", "AMOUNT_NOT_WHOLE"),
    ({"unit": "points"}, "input.unit", "UNIT_WRONG"),
    ({"occurredAt": "2031-01-01T00:00:00+00:00"}, "input.occurredAt", "TIME_IN_FUTURE"),
    ({"occurredAt": "0001-01-01T00:00:00+00:00"}, "input.occurredAt", "TIME_RANGE"),
    ({"occurredAt": "2024-01-01"}, "input.occurredAt", "TIME_ZONE_MISSING"),
    ({"occurredAt": "tomorrow"}, "input.occurredAt", "TYPE"),
    ({"payload": {"stor": "x"}}, "input.payload.stor", "UNKNOWN_FIELD"),
    ({"payload": {"order_no": 7}}, "input.payload.order_no", "TYPE"),
    ({"payload": "text"}, "input.payload", "TYPE"),
    ({"memberId": "QWN0aXZpdHk6MDE5"}, "input.memberId", "ID_INVALID"),
    ({"idempotencyKey": ""}, "input.idempotencyKey", "LENGTH"),
    ({"lines": [{"no": 1, "amount": "x"}]}, "input.lines.0.amount", "AMOUNT_NOT_WHOLE"),
    ({"lines": [{"no": 1, "amount": "1"}]}, "input.amount", "LINES_SUM"),
]


@pytest.mark.row("A2", way="bad_input")
def test_an_input_that_is_not_valid_is_told_by_path_and_code(graph: Any) -> None:
    member = register(graph)
    for told, path, code in BAD_INPUT:
        given = {"memberId": member, "type": "purchase", "amount": "500", **told}
        answer = graph.data(RECORD, input=given)["recordActivity"]
        found = [(".".join(error["path"]), error["code"]) for error in answer["userErrors"]]
        assert (answer["outcome"], found) == ("INVALID", [(path, code)]), told
    activities = graph.data("query ($id: ID!) { member(id: $id) { activities { nodes { type } } } }", id=member)
    assert activities["member"]["activities"]["nodes"] == [{"type": "member.registered"}]


def test_an_unknown_member_is_refused_with_its_code(graph: Any) -> None:
    register(graph)
    answer = buy(graph, "TWVtYmVyOjAxOTAwMDAwMDAwMDcwMDA4MDAwMDAwMDAwMDAwMDAw", "5")
    assert (answer["outcome"], answer["code"]) == ("REFUSED", "MEMBER_UNKNOWN")


@pytest.mark.row("A6", way="graphql")
def test_the_same_key_gets_the_same_answer_and_another_body_is_refused(graph: Any) -> None:
    member = register(graph)
    first = buy(graph, member, "500", idempotencyKey="k-1")
    again = buy(graph, member, "500", idempotencyKey="k-1")
    assert again["activity"]["id"] == first["activity"]["id"]
    other = buy(graph, member, "600", idempotencyKey="k-1")
    assert other["outcome"] == "INVALID"
    assert [error["code"] for error in other["userErrors"]] == ["KEY_REUSED"]


@pytest.mark.row("A5", way="graphql")
def test_simulate_tells_what_would_happen_and_stores_nothing(graph: Any) -> None:
    member = register(graph)
    text = """mutation ($input: SimulateActivityInput!) { simulateActivity(input: $input) {
        outcome activity { id } followOns { type effects { kind state } } userErrors { code } } }"""
    answer = graph.data(text, input={"memberId": member, "type": "purchase", "amount": "20000"})["simulateActivity"]
    assert answer["outcome"] == "SETTLED"
    assert answer["activity"] is None
    assert [each["type"] for each in answer["followOns"]] == ["tier.changed"]
    found = graph.data("query ($id: ID!) { member(id: $id) { activities { nodes { type } } } }", id=member)
    assert found["member"]["activities"]["nodes"] == [{"type": "member.registered"}]


@pytest.mark.row("A3", way="graphql")
def test_why_explains_a_tier_by_the_purchase_that_brought_it(graph: Any) -> None:
    member = register(graph)
    buy(graph, member, "10000")
    text = """query ($id: ID!) { member(id: $id) { tier { code reason measured activity {
        type parent { type amount { digits } followOns { type } }
        why { cause { type } effects { effect { kind rule owner state } postings { amount { digits } } } }
    } } } }"""
    tier = graph.data(text, id=member)["member"]["tier"]
    assert tier["code"] == "silver"
    assert tier["measured"] == {"spend lifetime": 10000}
    assert tier["activity"]["parent"]["amount"] == {"digits": "10000"}
    assert {"type": "tier.changed"} in tier["activity"]["parent"]["followOns"]
    assert tier["activity"]["why"]["cause"] == {"type": "purchase"}
    assert [each["effect"]["state"] for each in tier["activity"]["why"]["effects"]] == ["APPLIED"]


@pytest.mark.row("T1", way="graphql")
@pytest.mark.row("T2", way="graphql")
@pytest.mark.row("T6", way="graphql")
def test_members_see_their_tiers_and_how_far_the_next_is(graph: Any, clock: Any) -> None:
    member = register(graph)
    before = clock().isoformat()
    clock.advance(days=1)
    step = "query ($id: ID!) { member(id: $id) { progress { steps { metric measured unit scale } } } }"
    (spent, _) = graph.data(step, id=member)["member"]["progress"]
    assert spent["steps"] == [{"metric": "spend", "measured": "0", "unit": "USD", "scale": 2}]
    assert buy(graph, member, "10000")["member"] == {"tier": {"code": "silver"}}
    text = """query ($id: ID!, $before: DateTime) {
        program { version ladders { code tiers { code rank criteria { metric window atLeast } } } }
        member(id: $id) {
            tiers { ladder code tier { name } }
            then: tier(at: $before) { code }
            tierHistory { ladder code validTo }
            progress { ladder { code } tier { code } next { code } percent
                       steps { metric window atLeast measured missing percent unit scale } }
        }
        viewer { member { tiers { code } } }
    }"""
    found = graph.data(text, as_member(member), id=member, before=before)
    assert [ladder["code"] for ladder in found["program"]["ladders"]] == ["main", "visits"]
    assert found["program"]["ladders"][0]["tiers"][1]["criteria"] == [
        {"metric": "spend", "window": "lifetime", "atLeast": "10000"}
    ]
    tiers = {each["ladder"]: each["code"] for each in found["member"]["tiers"]}
    assert tiers["main"] == "silver"
    assert found["member"]["then"] in (None, {"code": "base"})
    main, visits = found["member"]["progress"]
    assert (main["next"], main["percent"]) == (None, 100)
    assert visits["next"] == {"code": "regular"}
    assert visits["steps"] == [
        {"metric": "visits", "window": "year", "atLeast": "3", "measured": "1", "missing": "2", "percent": 33}
        | {"unit": None, "scale": 0}
    ]
    assert found["viewer"]["member"] == {"tiers": [{"code": "silver"}]}


@pytest.mark.row("A2", way="reversal")
def test_an_activity_is_taken_back_once(graph: Any) -> None:
    member = register(graph)
    bought = buy(graph, member, "10000")["activity"]["id"]
    text = """mutation ($id: ID!) { reverseActivity(input: {activityId: $id, reason: "returned"}) {
        outcome code activity { type payload reverses { id reversedBy { type } } } member { tier { code } }
        userErrors { path code } } }"""
    answer = graph.data(text, id=bought)["reverseActivity"]
    assert answer["outcome"] == "SETTLED"
    assert answer["activity"]["payload"] == {"reason": "returned"}
    assert answer["activity"]["reverses"] == {"id": bought, "reversedBy": [{"type": "reversal"}]}
    again = graph.data(text, id=bought)["reverseActivity"]
    assert (again["outcome"], again["code"]) == ("REFUSED", "ALREADY_REVERSED")
    unknown = "QWN0aXZpdHk6MDE5MDAwMDAwMDAwNzAwMDgwMDAwMDAwMDAwMDAwMDA"
    nothing = graph.data(text, id=unknown)["reverseActivity"]
    assert nothing["userErrors"] == [{"path": ["input", "activityId"], "code": "NOT_FOUND"}]


def test_members_come_in_pages_by_cursor_and_by_filter(graph: Any, clock: Any) -> None:
    for number in range(5):
        clock.advance(minutes=1)
        register(graph, name=f"member {number}", channel="pos" if number % 2 else "web")
    text = """query ($first: Int, $after: String, $last: Int, $before: String, $filter: MemberFilter) {
        members(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
            edges { cursor node { name } } nodes { name }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
    first = graph.data(text, first=2)["members"]
    assert [edge["node"]["name"] for edge in first["edges"]] == ["member 0", "member 1"]
    assert first["nodes"] == [edge["node"] for edge in first["edges"]]
    assert first["pageInfo"]["hasNextPage"] is True
    assert first["pageInfo"]["endCursor"] == first["edges"][1]["cursor"]
    rest = graph.data(text, first=10, after=first["pageInfo"]["endCursor"])["members"]
    assert [node["name"] for node in rest["nodes"]] == ["member 2", "member 3", "member 4"]
    assert rest["pageInfo"]["hasNextPage"] is False
    last = graph.data(text, last=1)["members"]
    assert [node["name"] for node in last["nodes"]] == ["member 4"]
    pos = graph.data(text, filter={"channel": "pos", "state": "ACTIVE"})["members"]
    assert [node["name"] for node in pos["nodes"]] == ["member 1", "member 3"]


def test_a_list_says_how_many_items_it_has_where_that_is_asked(graph: Any) -> None:
    member = register(graph)
    register(graph)
    for _ in range(3):
        buy(graph, member, "100")
    text = """query ($id: ID!, $nul: String!) {
        members(first: 1) { all: totalCount }
        named: members(filter: {name: $nul}) { totalCount }
        audit(first: 1, what: "purchase") { totalCount }
        member(id: $id) {
            activities(first: 2) { totalCount nodes { type } }
            purchases(last: 1) { ...Count }
            none: activities(type: $nul) { totalCount } } }
        fragment Count on PurchaseConnection { totalCount }"""
    found = graph.data(text, id=member, nul="\0")
    assert (found["members"], found["named"], found["audit"]) == ({"all": 2}, {"totalCount": 0}, {"totalCount": 3})
    of_member = found["member"]
    assert of_member["activities"] == {"totalCount": 5, "nodes": [{"type": "tier.changed"}, {"type": "purchase"}]}
    assert (of_member["purchases"], of_member["none"]) == ({"totalCount": 3}, {"totalCount": 0})


def test_a_page_that_cannot_be_is_a_coded_error(graph: Any) -> None:
    for arguments, code in (
        ("first: 0", "PAGE_SIZE"),
        ("first: 100000", "PAGE_SIZE"),
        ('after: "nonsense"', "CURSOR"),
        ('after: "WzFd"', "CURSOR"),
    ):
        answer = graph.ask(f"{{ members({arguments}) {{ nodes {{ id }} }} }}")
        assert (answer["data"] or {"members": None}) == {"members": None}
        assert [error["extensions"]["code"] for error in answer["errors"]] == [code]


def test_a_character_that_is_never_stored_finds_nothing_and_is_refused_where_it_would_be_stored(graph: Any) -> None:
    member, nul = register(graph), "a\0b"
    text = """query ($id: ID!, $nul: String!) { member(id: $id) {
        statement(kind: $nul) { nodes { rule } } balance(kind: $nul) { kind } expiring(kind: $nul) { at }
        activities(type: $nul) { nodes { id } } purchases(category: $nul, sku: $nul) { nodes { reversed } }
        byArticle: purchases(sku: $nul) { nodes { reversed } } tier(ladder: $nul) { code } } }"""
    found = graph.data(text, id=member, nul=nul)["member"]
    assert found == {
        "statement": None,
        "balance": None,
        "expiring": [],
        "activities": {"nodes": []},
        "purchases": {"nodes": []},
        "byArticle": {"nodes": []},
        "tier": None,
    }
    answer = graph.data(REGISTER, input={"externalId": nul})["register"]
    assert "NOT_STORABLE" in [error["code"] for error in answer["userErrors"]]
    assert {".".join(error["path"]) for error in answer["userErrors"]} == {"input.externalId"}


def test_the_number_of_statements_does_not_grow_with_the_page(graph: Any, clock: Any) -> None:
    text = """query ($first: Int) { members(first: $first) { nodes {
        name balances { kind } tier { code tier { name } } progress { percent }
        activities(first: 3) { nodes { type lines { no } effects { kind } why { cause { type } } } } } } }"""
    for _ in range(2):
        buy(graph, register(graph), "10000")
    few = graph.statements(text, first=2)
    for _ in range(10):
        buy(graph, register(graph), "20000")
    assert graph.statements(text, first=12) == few


def test_node_finds_members_and_activities_together(graph: Any) -> None:
    member = register(graph, name="Ann")
    activity = buy(graph, member, "500")["activity"]["id"]
    text = """query ($ids: [ID!]!) { nodes(ids: $ids) {
        __typename id ... on Member { name } ... on Activity { type } } }"""
    found = graph.data(text, ids=[activity, "nonsense", member, member])["nodes"]
    assert found == [
        {"__typename": "Activity", "id": activity, "type": "purchase"},
        None,
        {"__typename": "Member", "id": member, "name": "Ann"},
        {"__typename": "Member", "id": member, "name": "Ann"},
    ]


def test_what_belongs_to_somebody_else_looks_like_what_is_not_there(graph: Any) -> None:
    mine, yours = register(graph, name="mine"), register(graph, name="yours")
    theirs = buy(graph, yours, "500")["activity"]["id"]
    text = """query ($mine: ID!, $yours: ID!, $theirs: ID!, $none: ID!) {
        mine: member(id: $mine) { name } yours: member(id: $yours) { name } none: member(id: $none) { name }
        node(id: $yours) { id } activity(id: $theirs) { id } nodes(ids: [$yours, $mine, $theirs]) { id } }"""
    none = "TWVtYmVyOjAxOTAwMDAwMDAwMDcwMDA4MDAwMDAwMDAwMDAwMDAw"
    found = graph.data(text, as_member(mine), mine=mine, yours=yours, theirs=theirs, none=none)
    assert found == {
        "mine": {"name": "mine"},
        "yours": None,
        "none": None,
        "node": None,
        "activity": None,
        "nodes": [None, {"id": mine}, None],
    }


NEEDS_PERMISSION = (
    "{ members { nodes { id } } }",
    'mutation { register(input: {name: "x"}) { outcome } }',
    'mutation { freeze(input: {memberId: "x"}) { outcome } }',
    'mutation { unfreeze(input: {memberId: "x"}) { outcome } }',
    'mutation { cancel(input: {memberId: "x"}) { outcome } }',
    'mutation { restore(input: {memberId: "x"}) { outcome } }',
    'mutation { recordActivity(input: {memberId: "x", type: "purchase"}) { outcome } }',
    'mutation { simulateActivity(input: {memberId: "x", type: "purchase"}) { outcome } }',
    'mutation { reverseActivity(input: {activityId: "x"}) { outcome } }',
)


def test_what_needs_a_permission_is_denied_to_members_and_to_nobody(graph: Any) -> None:
    member = register(graph)
    for text in NEEDS_PERMISSION:
        for viewer, code in ((ANONYMOUS, "UNAUTHENTICATED"), (as_member(member), "FORBIDDEN")):
            answer = graph.ask(text, viewer)
            assert answer["data"] is None
            assert [error["extensions"]["code"] for error in answer["errors"]] == [code]
    assert len(graph.data("{ members { nodes { id } } }")["members"]["nodes"]) == 1


def test_anonymous_sees_the_program_and_who_it_is(graph: Any) -> None:
    found = graph.data("{ program { name timeZone } viewer { kind permissions memberId member { id } } }", ANONYMOUS)
    assert found == {
        "program": {"name": "Test", "timeZone": "UTC"},
        "viewer": {"kind": "ANONYMOUS", "permissions": [], "memberId": None, "member": None},
    }


@pytest.mark.row("M5", way="graphql")
def test_who_may_not_see_the_history_of_a_member_still_sees_the_member(graph: Any) -> None:
    member = register(graph, name="Ann")
    text = "query ($id: ID!) { member(id: $id) { name changes { field } } }"
    answer = graph.ask(text, as_member(member), id=member)
    assert answer["data"] == {"member": {"name": "Ann", "changes": None}}
    assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [
        (["member", "changes"], "FORBIDDEN")
    ]
