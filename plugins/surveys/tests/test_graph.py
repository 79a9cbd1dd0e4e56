"""Surveys over GraphQL: members answer them, who may writes them, and nobody sees what is none of their business."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from corekit_schema import ANONYMOUS, Viewer, global_id
from corekit_schema.testing import Door
from corekit_surveys import catalogue, declared
from corekit_surveys.terms import Terms

from .conftest import LUNCH, Canteen

Open = Callable[..., Canteen]

TAKEN = "query ($id: ID!) { member(id: $id) { surveysTaken } }"
MINE = """
query ($id: ID!, $code: String, $can: Boolean) {
  member(id: $id) {
    surveys(code: $code, canAnswer: $can) {
      survey { code title(language: "zh-CN") definition version state showOnHome anonymous most pauseDays quotaLeft }
      canAnswer
      reasons { code message }
      times
      lastDay
      draft { answers savedAt }
    }
  }
}
"""
ALL = """
query (
  $state: String, $search: String, $home: Boolean, $at: DateTime, $once: Boolean, $limited: Boolean, $tag: String
  $anonymous: Boolean, $first: Int, $after: String
) {
  surveys(
    state: $state, search: $search, showOnHome: $home, at: $at, once: $once, limited: $limited, tag: $tag
    anonymous: $anonymous, first: $first, after: $after
  ) {
    totalCount
    nodes { code state }
    pageInfo { hasNextPage endCursor }
  }
}
"""
ONE = "query ($code: String!) { surveysSurvey(code: $code) { code answers versions { number definition } } }"
ERRORS = "userErrors { path code message }"
SAVE = f"mutation ($input: SurveysSaveInput!) {{ surveysSave(input: $input) {{ draft {{ answers }} {ERRORS} }} }}"
ANSWER = f"mutation ($input: SurveysAnswerInput!) {{ surveysAnswer(input: $input) {{ outcome code {ERRORS} }} }}"
TERMS = "code state showOnHome opensAt closesAt most pauseDays quota quotaLeft anonymous version"

ADA = Viewer(kind="staff", name="ada", permissions=frozenset({each.name for each in declared.PERMISSIONS}))
READER = Viewer(kind="staff", name="eve", permissions=frozenset({"members.read"}))
BOB = Viewer(kind="staff", name="bob")


def write(name: str, kind: str) -> str:
    return f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ survey {{ {TERMS} }} {ERRORS} }} }}"


WRITES = {
    "surveysCreate": write("surveysCreate", "SurveysCreateInput"),
    "surveysRevise": write("surveysRevise", "SurveysReviseInput"),
    "surveysChange": write("surveysChange", "SurveysChangeInput"),
    "surveysOpen": write("surveysOpen", "SurveysCodeInput"),
    "surveysClose": write("surveysClose", "SurveysCodeInput"),
    "surveysDelete": write("surveysDelete", "SurveysCodeInput"),
}


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_who_may_know_is_told_in_which_surveys_a_member_took_part(canteen: Open) -> None:
    shop = canteen()
    door, ann = Door(shop.kit), global_id("Member", shop.member)
    assert door.data(TAKEN, id=ann) == {"member": {"surveysTaken": []}}
    assert shop.answer(stars=5).settled
    taken = {"member": {"surveysTaken": ["lunch"]}}
    assert door.data(TAKEN, id=ann) == taken
    assert door.data(TAKEN, Viewer(kind="member", member=shop.member), id=ann) == taken
    others = (Viewer(kind="member", member=shop.join()), BOB, ANONYMOUS)
    for viewer in others:
        assert "lunch" not in str(door.ask(TAKEN, viewer, id=ann))


@pytest.mark.row("S3", way="graphql")
def test_a_member_finds_saves_and_answers_a_survey(canteen: Open) -> None:
    shop = canteen()
    door, ann = Door(shop.kit), global_id("Member", shop.member)
    me = Viewer(kind="member", member=shop.member)

    def mine(viewer: Viewer = me, **asked: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = door.data(MINE, viewer, id=ann, **asked)["member"]["surveys"]
        return found

    (entry,) = mine()
    assert entry["survey"]["definition"]["pages"] == LUNCH["pages"]
    assert (entry["survey"]["title"], entry["survey"]["quotaLeft"]) == ("午餐怎么样？", None)
    assert (entry["canAnswer"], entry["times"], entry["draft"]) == (True, 0, None)

    wrong = door.data(SAVE, me, input={"survey": "lunch", "answers": {"stars": 9}})["surveysSave"]
    assert wrong["userErrors"][0]["path"] == ["input", "answers", "stars"]
    saved = door.data(SAVE, me, input={"survey": "lunch", "answers": {"why": "cold"}})["surveysSave"]
    assert saved == {"draft": {"answers": {"why": "cold"}}, "userErrors": []}
    assert mine()[0]["draft"]["answers"] == {"why": "cold"}
    assert mine(READER)[0]["draft"] is None

    sent = door.data(ANSWER, me, input={"survey": "lunch"})["surveysAnswer"]
    assert (sent["outcome"], sent["code"]) == ("REFUSED", "SURVEYS_ANSWER_MISSING")
    told = {"survey": "lunch", "answers": {"stars": 2}, "idempotencyKey": "k", "memberId": ann}
    for _ in range(2):  # sent again with the same key, it is answered as before
        assert door.data(ANSWER, ADA, input=told)["surveysAnswer"]["outcome"] == "SETTLED"
    other = door.data(ANSWER, ADA, input={**told, "idempotencyKey": "other"})["surveysAnswer"]
    assert (other["outcome"], other["code"]) == ("INVALID", "SURVEYS_ANSWERED_BEFORE")
    (entry,) = mine()
    assert (entry["canAnswer"], entry["times"], entry["lastDay"]) == (False, 1, "2026-01-15")
    assert entry["reasons"] == [{"code": "SURVEYS_ANSWERED_BEFORE", "message": "The member has answered this survey."}]
    assert mine(can=True) == mine(code="dinner") == []


@pytest.mark.row("S1", way="graphql")
@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_surveys_are_written_changed_opened_closed_and_deleted(canteen: Open) -> None:
    shop = canteen()
    door = Door(shop.kit)

    def does(name: str, **told: Any) -> dict[str, Any]:
        done: dict[str, Any] = door.data(WRITES[name], ADA, input={"code": "tea", **told})[name]
        return done

    made = does("surveysCreate", definition=LUNCH, showOnHome=True, opensAt="2026-01-01T00:00:00Z", quota=2)
    assert made["survey"] == {
        "code": "tea",
        "state": "draft",
        "version": 1,
        "showOnHome": True,
        "opensAt": "2026-01-01T00:00:00+00:00",
        "closesAt": None,
        "most": 1,
        "pauseDays": 0,
        "quota": 2,
        "quotaLeft": 2,
        "anonymous": False,
    }
    wrong = does("surveysCreate", code="a b", definition=1)["userErrors"]
    assert [each["path"] for each in wrong] == [["input", "code"]]
    wrong = does("surveysCreate", code="ab", definition={"pages": []}, quota=0, pauseDays=2)["userErrors"]
    assert [(each["path"][-1], each["code"]) for each in wrong] == [
        ("quota", "SURVEYS_NUMBER"),
        ("pauseDays", "SURVEYS_PAUSE_OF_ONE"),
        ("pages", "SURVEYS_NOT_A_LIST"),
    ]
    assert does("surveysRevise", definition=LUNCH)["survey"]["version"] == 2
    changed = does("surveysChange", most=0, pauseDays=7)["survey"]
    assert (changed["most"], changed["pauseDays"], changed["quota"], changed["showOnHome"]) == (None, 7, None, False)
    for name, state in (("surveysOpen", "open"), ("surveysClose", "closed"), ("surveysOpen", "open")):
        assert does(name)["survey"]["state"] == state
    assert does("surveysDelete")["survey"]["code"] == "tea"
    assert does("surveysOpen")["userErrors"][0]["code"] == "SURVEYS_UNKNOWN"
    assert does("surveysDelete", code="lunch")["survey"]["code"] == "lunch"


def test_surveys_are_found_page_by_page_by_what_is_known_of_them(canteen: Open) -> None:
    shop = canteen()
    door, me = Door(shop.kit), Viewer(kind="member", member=shop.member)
    for number in range(3):
        catalogue.create(shop.kit, "ada", f"tea-{number}", LUNCH)
    catalogue.move(shop.kit, "ada", "tea-2", "open")

    def found(viewer: Viewer = ADA, **asked: Any) -> list[str]:
        return [each["code"] for each in door.data(ALL, viewer, **asked)["surveys"]["nodes"]]

    newest = ["tea-2", "tea-1", "tea-0", "lunch"]
    assert sorted(found()) == sorted(newest)
    page = door.data(ALL, ADA, first=3)["surveys"]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (4, True)
    rest = found(after=page["pageInfo"]["endCursor"])
    assert sorted([*(each["code"] for each in page["nodes"]), *rest]) == sorted(newest)
    assert sorted(found(state="draft")) == ["tea-0", "tea-1"]
    assert found(search="EA-1") == ["tea-1"]
    assert found(search="午餐", state="draft", home=True) == found(search="100%") == found(state="\0") == []
    assert sorted(found(at="2026-01-15T00:00:00Z")) == sorted(found(me)) == ["lunch", "tea-2"]
    assert found(me, state="draft") == []
    more = Terms(show_on_home=True, most=None, quota=5, audience={"any": [{"tag": "vip"}, {"everybody": True}]})
    catalogue.change(shop.kit, "ada", "tea-0", more)
    filters: list[dict[str, Any]] = [{"home": True}, {"once": False}, {"limited": True}, {"tag": "vip"}]
    for asked in filters:
        assert found(**asked) == ["tea-0"], asked
    assert "tea-0" not in found(home=False, once=True, limited=False)
    assert found(anonymous=True) == found(tag="new") == []
    assert door.data(ONE, me, code="tea-1") == {"surveysSurvey": None}
    shown = door.data(ONE, ADA, code="tea-1")["surveysSurvey"]
    assert (shown["answers"], [each["number"] for each in shown["versions"]]) == (0, [1])


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_each_root_field_is_for_those_who_may(canteen: Open) -> None:
    shop = canteen()
    door, ann = Door(shop.kit), global_id("Member", shop.member)
    stranger = Viewer(kind="member", member=shop.join())
    answers = {"survey": "lunch", "memberId": ann, "answers": {"stars": 1}}
    mine: list[tuple[str, dict[str, Any]]] = [(SAVE, {"input": answers}), (ANSWER, {"input": answers})]
    told = {"code": "tea", "definition": LUNCH}
    only: dict[str, Any] = {"surveysCreate": told, "surveysRevise": told}
    writes: list[tuple[str, dict[str, Any]]] = [
        (text, {"input": only.get(name, {"code": "tea"})}) for name, text in WRITES.items()
    ]
    for text, given in (*mine, *writes):
        for viewer, code in ((ANONYMOUS, "UNAUTHENTICATED"), (stranger, "FORBIDDEN"), (BOB, "FORBIDDEN")):
            errors = door.ask(text, viewer, **given)["errors"]
            assert [each["extensions"]["code"] for each in errors] == [code], (text, viewer)
        assert not door.ask(text, ADA, **given)["errors"], text
    for text, given in ((ALL, {}), (ONE, {"code": "lunch"})):
        assert door.ask(text, ANONYMOUS, **given)["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    hidden = door.ask(ONE, stranger, code="lunch")
    assert hidden["data"]["surveysSurvey"] == {"code": "lunch", "answers": None, "versions": None}
    assert door.data(SAVE, BOB, input={"survey": "lunch", "answers": {}})["surveysSave"]["userErrors"]
