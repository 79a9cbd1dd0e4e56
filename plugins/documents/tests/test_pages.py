"""The list of documents comes in pages, by name."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import pytest

from corekit import Invalid
from corekit.paging import Page
from corekit_documents import documents, links
from corekit_documents.documents import Document
from corekit_schema import global_id
from corekit_schema.testing import Door

from .conftest import OpenShop, Run, Shop
from .test_graph import ADA

CODES = ["a", "a-1", "b", "list", "price-list", "z"]
PAGE = """query ($after: String) { documents(first: 2, after: $after) {
  nodes { code } pageInfo { hasNextPage endCursor } } }"""
OF_MEMBERS = """query ($ids: [ID!]!, $after: String) { nodes(ids: $ids) { ... on Member {
  documents(first: 2, after: $after) {
    totalCount nodes { document { code } canHave } pageInfo { hasNextPage endCursor } } } } }"""
OF_CATEGORY = """query ($id: ID!) { member(id: $id) {
  documents(category: "prices") { nodes { document { code } } } } }"""


def cursor(*key: Any) -> str:
    return urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def codes(page: Page[Document]) -> list[str]:
    return [each.code for each in page.items]


@pytest.fixture
def here(shop: OpenShop) -> Shop:
    """A shop with some documents, the last of them of a category."""
    opened = shop()
    for code in reversed(CODES):
        opened.document(code, category="prices" if code == CODES[-1] else None)
    return opened


@pytest.mark.row("D1", way="python")
def test_pages_follow_each_other_from_the_beginning_and_from_the_end(here: Shop) -> None:
    with here.kit.read() as read:
        whole = [each.code for each in documents.every(read)]
        assert sorted(whole) == CODES
        page = documents.document_page(read, first=4, total=True)
        assert (codes(page), page.has_next, page.has_previous, page.total) == (whole[:4], True, False, 6)
        rest = documents.document_page(read, first=4, after=page.end)
        assert (codes(rest), rest.has_next, rest.has_previous) == (whole[4:], False, True)
        last = documents.document_page(read, last=2, before=rest.start)
        assert (codes(last), last.has_next, last.has_previous) == (whole[2:4], True, True)
        assert codes(documents.document_page(read, "prices")) == [CODES[-1]]
        here.document("aa")  # a page goes on at its cursor, whatever is new before it
        again = documents.document_page(read, first=4, after=page.end)
        assert codes(again) == codes(rest)
        gone = documents.document_page(read, after=cursor("c"), first=1)  # no document is called so
        assert codes(gone) == [next(code for code in whole if code > "c")]


@pytest.mark.row("D1", way="bad_input")
@pytest.mark.parametrize(
    "wrong", ["", "x", "=", cursor(1), cursor("a", "b"), cursor("a\0"), cursor("\ud800"), cursor(None)]
)
def test_a_cursor_of_another_list_is_refused(here: Shop, wrong: str) -> None:
    with here.kit.read() as read, pytest.raises(Invalid) as caught:
        documents.document_page(read, after=wrong)
    assert caught.value.code == "CURSOR"


@pytest.mark.row("D1", way="graphql")
def test_pages_come_over_graphql(here: Shop) -> None:
    asked, found, after = Door(here.kit), list[str](), None
    while True:
        page = asked.data(PAGE, ADA, after=after)["documents"]
        found += [each["code"] for each in page["nodes"]]
        assert len(page["nodes"]) <= 2
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert sorted(found) == CODES
    assert len(found) == len(CODES)


@pytest.mark.row("D2", way="graphql")
def test_what_members_can_have_comes_in_pages(here: Shop) -> None:
    asked, found, after = Door(here.kit), list[str](), None
    members = [global_id("Member", here.join()) for _ in range(3)]
    with here.kit.read() as read:
        whole = [each.code for each in documents.every(read)]
    while True:
        answer = asked.data(OF_MEMBERS, ADA, ids=members, after=after)["nodes"]
        page = answer[0]["documents"]
        assert [each["documents"] for each in answer] == [page] * len(members)
        assert page["totalCount"] == len(CODES)
        found += [each["document"]["code"] for each in page["nodes"]]
        assert len(page["nodes"]) <= 2
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert found == whole
    few, many = ({"ids": some, "after": None} for some in (members[:1], members))
    assert asked.statements(OF_MEMBERS, **few) == asked.statements(OF_MEMBERS, **many)
    (only,) = asked.data(OF_CATEGORY, ADA, id=members[0])["member"]["documents"]["nodes"]
    assert only["document"]["code"] == CODES[-1]
    wrong = asked.ask(OF_MEMBERS, ADA, ids=members, after="x")["errors"]
    assert {each["extensions"]["code"] for each in wrong} == {"CURSOR"}


@pytest.mark.row("D1", way="cli")
def test_pages_come_on_the_command_line(here: Shop, run: Callable[[Shop], Run]) -> None:
    command = run(here)
    code, page = command("documents", "list", "--first", "4")
    assert (code, len(page["items"]), page["has_next"]) == (0, 4, True)
    said = command("documents", "list", "--first", "4", human=True)[1]
    assert said.endswith(f"more: --after {page['cursors'][-1]}\n")
    code, rest = command("documents", "list", "--after", page["cursors"][-1])
    assert (code, rest["has_next"]) == (0, False)
    assert sorted(each["document"]["code"] for each in [*page["items"], *rest["items"]]) == CODES
    assert command("documents", "list", "--after", "x")[0] == 1


@pytest.mark.row("D4", way="cli")
def test_the_log_comes_in_pages_on_the_command_line(here: Shop, run: Callable[[Shop], Run]) -> None:
    command, member = run(here), here.join()
    here.document()
    here.upload()
    for _ in range(3):
        links.count(here.kit, here.link(member).link)
    page = command("documents", "log", "--first", "2")[1]
    assert (len(page["items"]), page["has_next"]) == (2, True)
    said = command("documents", "log", "--first", "2", human=True)[1]
    assert said.endswith(f"more: --after {page['cursors'][-1]}\n")
    rest = command("documents", "log", "--after", page["cursors"][-1])[1]
    assert (len(rest["items"]), rest["has_next"]) == (1, False)
    assert len({each["id"] for each in [*page["items"], *rest["items"]]}) == 3
    assert command("documents", "log", "--after", "x")[0] == 1
