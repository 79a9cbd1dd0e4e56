"""Documents in GraphQL: who may do what, and what is told."""

from __future__ import annotations

from typing import Any

import pytest

from corekit_documents import links
from corekit_documents.declared import PERMISSIONS
from corekit_schema import ANONYMOUS, Viewer, global_id
from corekit_schema.testing import Door

from .conftest import PDF, OpenShop

ADA = Viewer(kind="staff", name="ada", permissions=frozenset(each.name for each in PERMISSIONS) | {"members.read"})
BOB = Viewer(kind="staff", name="bob")
SET = """mutation ($input: DocumentsSetInput!) {
  documentsSet(input: $input) { code audience userErrors { path code parameters } } }"""
UPLOAD = """mutation ($input: DocumentsUploadInput!) {
  documentsUpload(input: $input) { url version { id state } userErrors { path code } } }"""
LINK = """mutation ($input: DocumentsLinkInput!) {
  documentsLink(input: $input) { linkId url version { number size } userErrors { path code message } } }"""
REVOKE = "mutation ($input: DocumentsRevokeInput!) { documentsRevoke(input: $input) { revoked userErrors { path } } }"
WITHDRAW = """mutation ($input: DocumentsWithdrawInput!) {
  documentsWithdraw(input: $input) { version { state } userErrors { code } } }"""
MINE = """query ($id: ID!) { member(id: $id) { documents { nodes {
  document { code title audience versions { number } downloads } canHave reasons { code message }
  versions { language number } } } } }"""
LOG = """query ($member: ID, $since: DateTime) { documentsDownloads(memberId: $member, since: $since) {
  totalCount nodes { memberId document language number name linkBy } } }"""
LIST = """{ documents(category: "prices", first: 5) { totalCount nodes {
  code title(language: "zh") downloads downloaders versions { state } } } }"""


@pytest.mark.row("D1", way="graphql")
@pytest.mark.row("D2", way="graphql")
@pytest.mark.row("D3", way="graphql")
@pytest.mark.row("D4", way="graphql")
def test_a_document_is_set_uploaded_linked_downloaded_and_withdrawn(shop: OpenShop, serve: Any) -> None:
    here = shop()
    asked, client = Door(here.kit), serve(here)
    member = here.join()
    me, id_ = Viewer(kind="member", member=member), global_id("Member", member)

    def does(text: str, viewer: Viewer = ADA, **given: Any) -> Any:
        (answer,) = asked.data(text, viewer, input=given).values()
        return answer

    titles = {"en": "Price list", "zh": "价目表"}
    about: dict[str, Any] = {"code": "list", "titles": titles, "category": "prices"}
    assert does(SET, **about, audience={"tier": "gold"}) == {
        "code": "list",
        "audience": {"tier": "gold"},
        "userErrors": [],
    }
    begun = does(UPLOAD, document="list", language="zh", name="价目表.pdf", mediaType="application/pdf")
    assert begun["version"]["state"] == "waiting"
    assert client.put(begun["url"], content=PDF).status_code == 201
    (entry,) = asked.data(MINE, ADA, id=id_)["member"]["documents"]["nodes"]
    assert entry["document"] == {
        "code": "list",
        "title": "Price list",
        "audience": {"tier": "gold"},
        "versions": [{"number": 1}],
        "downloads": 0,
    }
    assert entry["reasons"] == [{"code": "DOCUMENTS_TIER", "message": "It is from tier gold on."}]
    refused = does(LINK, me, document="list")
    assert [each["code"] for each in refused["userErrors"]] == ["DOCUMENTS_TIER"]
    here.buys(member, 200_00)
    (entry,) = asked.data(MINE, ADA, id=id_)["member"]["documents"]["nodes"]
    assert (entry["canHave"], entry["versions"]) == (True, [{"language": "zh", "number": 1}])
    made = does(LINK, me, document="list")
    assert made["version"] == {"number": 1, "size": str(len(PDF))}
    assert client.get(made["url"]).content == PDF
    again = does(LINK, ADA, document="list", memberId=id_)
    log = asked.data(LOG, ADA, member=id_)["documentsDownloads"]
    assert log["totalCount"] == 1
    assert log["nodes"] == [
        {
            "memberId": id_,
            "document": "list",
            "language": "zh",
            "number": 1,
            "name": "价目表.pdf",
            "linkBy": f"member:{member}",
        }
    ]
    assert asked.data(LOG, ADA, member="x")["documentsDownloads"]["nodes"] == []
    assert asked.data(LOG, ADA, since="2030-01-01T00:00:00Z")["documentsDownloads"]["nodes"] == []
    assert does(REVOKE, linkId=again["linkId"]) == {"revoked": 1, "userErrors": []}
    assert client.get(again["url"]).status_code == 410
    assert does(WITHDRAW, versionId=begun["version"]["id"])["version"]["state"] == "withdrawn"
    assert asked.data(LIST, ADA)["documents"] == {
        "totalCount": 1,
        "nodes": [
            {"code": "list", "title": "价目表", "downloads": 1, "downloaders": 1, "versions": [{"state": "withdrawn"}]}
        ],
    }


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.row("D2", way="bad_input")
def test_what_does_not_hold_is_refused_by_its_path(shop: OpenShop) -> None:
    here = shop()
    asked = Door(here.kit)

    def paths(**given: Any) -> Any:
        told = {"code": "list", "titles": {"en": "List"}, **given}
        errors = asked.data(SET, ADA, input=told)["documentsSet"]["userErrors"]
        return [(".".join(each["path"][1:]), each["code"]) for each in errors]

    rule = "DOCUMENTS_RULE"
    wrong: list[tuple[Any, str]] = [
        ([], "audience"),
        ({}, "audience"),
        ({"tier": "gold", "kind": "x"}, "audience"),
        ({"tier": "glod"}, "audience.tier"),
        ({"tier": "gold", "ladder": "none"}, "audience.ladder"),
        ({"tier": "gold", "leader": "status"}, "audience.leader"),
        ({"kind": "robot"}, "audience.kind"),
        ({"tag": []}, "audience.tag"),
        ({"tag": [1]}, "audience.tag"),
        ({"everybody": False}, "audience.everybody"),
        ({"any": [{"everybody": True}, {"metric": "spends", "least": 1}]}, "audience.any.1.metric"),
        ({"metric": "spend", "least": "much"}, "audience.least"),
        ({"metric": "spend", "least": 1, "window": "fortnight"}, "audience.window"),
        ({"all": []}, "audience.all"),
    ]
    for audience, path in wrong:
        assert paths(audience=audience) == [(path, rule)], audience
    deep: Any = {"everybody": True}
    for _ in range(12):
        deep = {"all": [deep]}
    assert paths(audience=deep)[0][1] == rule
    assert paths(titles={"zh": "表"})[0][0] == "titles"
    assert paths(category="none") == [("category", "DOCUMENTS_CATEGORY_UNKNOWN")]
    window = {"opensAt": "2026-02-01T00:00:00Z", "closesAt": "2026-01-01T00:00:00Z"}
    assert paths(**window) == [("closesAt", "DOCUMENTS_WINDOW")]
    told = {"document": "list", "language": "en", "name": "../x", "mediaType": "text/plain"}
    assert asked.data(UPLOAD, ADA, input=told)["documentsUpload"]["userErrors"][0]["path"] == ["input", "name"]
    assert asked.data(REVOKE, ADA, input={})["documentsRevoke"]["userErrors"]


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_each_root_field_is_for_those_who_may(shop: OpenShop) -> None:
    here = shop()
    here.document()
    version = here.upload()
    asked = Door(here.kit)
    member, other = here.join(), here.join()
    made = here.link(member)
    id_ = global_id("Member", member)
    stranger, myself = Viewer(kind="member", member=other), Viewer(kind="member", member=member)
    about: dict[str, Any] = {"document": "list", "language": "en", "name": "a.txt", "mediaType": "text/plain"}
    fields: list[tuple[str, dict[str, Any]]] = [
        (SET, {"input": {"code": "list", "titles": {"en": "List"}, "audience": {"everybody": True}}}),
        (UPLOAD, {"input": about}),
        (LINK, {"input": {"document": "list", "memberId": id_}}),
        (REVOKE, {"input": {"linkId": made.link.id}}),
        (WITHDRAW, {"input": {"versionId": version.id}}),
        (LIST, {}),
        (LOG, {}),
    ]
    for text, given in fields:
        for viewer, code in ((ANONYMOUS, "UNAUTHENTICATED"), (stranger, "FORBIDDEN"), (BOB, "FORBIDDEN")):
            errors = asked.ask(text, viewer, **given)["errors"]
            assert [each["extensions"]["code"] for each in errors] == [code], (text, viewer)
        assert not asked.ask(text, ADA, **given)["errors"], text
    assert asked.data(LINK, myself, input={"document": "list"})["documentsLink"]["userErrors"][0]["code"]
    assert asked.ask(MINE, stranger, id=id_)["data"]["member"] is None
    hidden = asked.ask(MINE, myself, id=id_)
    assert hidden["data"]["member"]["documents"]["nodes"][0]["document"]["audience"] is None
    assert {each["extensions"]["code"] for each in hidden["errors"]} == {"FORBIDDEN"}
    assert links.revoke(here.kit, None, member=member) == 1
