"""Links: who gets one, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import Activity, Invalid, Line
from corekit_documents import links


def code_of(does: Any) -> list[str]:
    """Return the codes of what is refused."""
    with pytest.raises(Invalid) as caught:
        does()
    return [problem.code for problem in caught.value.problems]


@pytest.mark.row("D1", way="python")
@pytest.mark.row("D2", way="python")
def test_a_member_gets_what_its_tier_may_have_and_hears_why_not(shop: Any) -> None:
    here = shop()
    here.document(audience={"tier": "gold"})
    assert here.upload().number == 1
    member = here.join()
    with pytest.raises(Invalid) as caught:
        here.link(member)
    assert str(caught.value) == "It is from tier gold on. [DOCUMENTS_TIER]"
    bought = here.buys(member, 200_00)
    made = here.link(member)
    token = made.url.rpartition("/")[2]
    assert links.opened(here.kit, token).version == made.version
    here.kit.reverse(bought)
    assert code_of(lambda: links.opened(here.kit, token)) == ["DOCUMENTS_TIER"]


@pytest.mark.row("D4", way="python")
@pytest.mark.row("D4", way="reversal")
def test_a_link_counts_once_and_a_download_that_is_taken_back_frees_the_quota(shop: Any) -> None:
    here = shop('[[documents.quotas]]\ndownloads = 2\nper = "day"\n')
    here.document()
    here.upload()
    member = here.join()
    made = [here.link(member) for _ in range(3)]
    for each in made[:2]:
        links.count(here.kit, each.link)
        links.count(here.kit, each.link)
    assert code_of(lambda: links.count(here.kit, made[2].link)) == ["DOCUMENTS_QUOTA"]
    assert code_of(lambda: here.link(member)) == ["DOCUMENTS_QUOTA"]
    with here.kit.read() as read:
        first = links.by_id(read, [made[0].link.id])[made[0].link.id]
    here.kit.reverse(str(first.activity_id))
    fourth = here.link(member)
    links.count(here.kit, fourth.link)
    assert code_of(lambda: links.count(here.kit, made[0].link)) == ["DOCUMENTS_LINK_REVOKED"]
    here.clock.advance(days=1)
    assert here.link(member)
    assert here.kit.verify().clean


@pytest.mark.row("D2", way="python")
def test_rules_speak_of_kind_tag_group_goods_and_metrics(shop: Any) -> None:
    here = shop(members={"kinds": ["consumer", "partner"]})
    member, other = here.join(), here.join(kind="partner")
    here.kit.record(_tagged(member, "press"))
    here.buys(member, 30_00, Line(1, 20_00, sku="BOOK"), Line(2, 10_00, sku="PEN"))
    cases = [
        ({"kind": ["partner"]}, False, True),
        ({"tag": "press"}, True, False),
        ({"bought": ["BOOK", "MUG"]}, True, False),
        ({"metric": "spend", "least": 30_00}, True, False),
        ({"group": "smith"}, False, False),
        ({"all": [{"tag": "press"}, {"bought": "PEN"}]}, True, False),
        ({"any": [{"tag": "press"}, {"kind": "partner"}]}, True, True),
        ({"none": [{"kind": "partner"}]}, True, False),
    ]
    here.document()
    here.upload()
    for rule, *may in cases:
        here.document(audience=rule)
        for each, expected in zip((member, other), may, strict=True):
            if expected:
                assert here.link(each)
            else:
                assert code_of(lambda each=each: here.link(each)), rule


@pytest.mark.row("D2", way="reversal")
def test_goods_that_come_back_open_nothing_any_more(shop: Any) -> None:
    here = shop()
    here.document(audience={"bought": "BOOK"})
    here.upload()
    member = here.join()
    bought = here.buys(member, 30_00, Line(1, 20_00, sku="BOOK"), Line(2, 10_00, sku="PEN"))
    here.kit.reverse(bought, lines={2: 10_00})
    assert here.link(member)
    here.kit.reverse(bought, lines={1: 20_00})
    assert code_of(lambda: here.link(member)) == ["DOCUMENTS_BOUGHT"]


def test_links_go_along_where_two_members_become_one_and_end_with_who_is_forgotten(shop: Any) -> None:
    here = shop()
    here.document()
    here.upload()
    taker, giver, frozen = here.join(), here.join(), here.join()
    made = here.link(giver)
    links.count(here.kit, made.link)
    assert here.kit.merge(taker, giver).settled
    token = made.url.rpartition("/")[2]
    assert links.opened(here.kit, token).link.member_id == taker
    assert code_of(lambda: here.link(giver)) == ["NOT_FOUND"]
    assert here.kit.export(taker)["plugins"]["documents"]["links"][0]["document"] == "list"
    here.kit.erase(taker)
    assert code_of(lambda: links.opened(here.kit, token)) == ["DOCUMENTS_LINK_REVOKED"]
    still = here.link(frozen).url.rpartition("/")[2]
    here.kit.record(Activity(type="member.frozen", member=frozen))
    assert code_of(lambda: links.opened(here.kit, still)) == ["MEMBER_FROZEN"]
    assert code_of(lambda: here.link(frozen)) == ["MEMBER_FROZEN"]


def _tagged(member: str, tag: str) -> Any:
    return Activity(type="member.tagged", member=member, payload={"add": [tag], "remove": []})
