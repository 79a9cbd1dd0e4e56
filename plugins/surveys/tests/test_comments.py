"""Members comment on a survey; what is shown is decided, and what a member wrote is forgotten with it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from corekit import Invalid
from corekit.testing import SettableClock
from corekit_surveys import catalogue, comments, tables

Open = Callable[..., Any]


def refused(call: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(Invalid) as caught:
        call()
    (problem,) = caught.value.problems
    return problem.code, ".".join(map(str, problem.path))


def page(shop: Any, state: Any = "shown", **asked: Any) -> list[str]:
    with shop.kit.read() as read:
        return [each.text for each in comments.comment_page(read, "lunch", state, **asked).items]


@pytest.mark.row("S5", way="python")
def test_a_comment_is_shown_once_somebody_says_so(canteen: Open) -> None:
    shop = canteen()
    first = comments.write(shop.kit, shop.member, "lunch", " 好吃 <b>very</b>\n")
    assert (first.text, first.state, first.decided_by) == ("好吃 <b>very</b>", "pending", None)
    assert comments.write(shop.kit, shop.member, "lunch", "好吃 <b>very</b>") == first  # sent again
    second = comments.write(shop.kit, shop.member, "lunch", "rude")
    assert page(shop) == []
    comments.decide(shop.kit, "staff:ada", first.id, "shown")
    found = comments.decide(shop.kit, "staff:ada", second.id, "hidden", "it is rude")
    assert (found.state, found.decided_by, found.reason) == ("hidden", "staff:ada", "it is rude")
    assert found.decided_at is not None
    assert page(shop) == ["好吃 <b>very</b>"]
    comments.write(shop.kit, shop.join(), "lunch", "another's")
    assert page(shop, None, member=shop.member) == ["rude", "好吃 <b>very</b>"]
    assert page(shop, "hidden", member=shop.member) == ["rude"]
    assert page(shop, None, member="nobody") == []
    assert page(shop, None) == ["another's", "rude", "好吃 <b>very</b>"]
    assert page(shop, None, last=1) == page(shop, "shown") == ["好吃 <b>very</b>"]
    comments.decide(shop.kit, "staff:bob", second.id, "shown", "it is not")
    assert page(shop) == ["rude", "好吃 <b>very</b>"]


@pytest.mark.row("S5", way="bad_input")
def test_comments_are_refused_that_cannot_be_kept(canteen: Open, clock: SettableClock) -> None:
    shop = canteen(sections={"surveys": {"comments_per_day": 2}})
    kit, member = shop.kit, shop.member

    def write(text: str = "again", survey: str = "lunch", by: str = member) -> tuple[str, str]:
        return refused(lambda: comments.write(kit, by, survey, text))

    assert write(" \n") == write("x" * 2001) == write("\0") == ("SURVEYS_COMMENT_INVALID", "text")
    assert write(survey="dinner") == ("SURVEYS_UNKNOWN", "survey")
    assert write(by="0" * 32) == write(by="nobody") == ("SURVEYS_COMMENTER", "member")
    comments.write(kit, member, "lunch", "one")
    clock.advance(hours=1)
    comments.write(kit, member, "lunch", "two")
    assert write() == ("SURVEYS_COMMENTS_MANY", "text")
    comments.write(kit, shop.join(), "lunch", "another member may")
    clock.advance(hours=23)
    comments.write(kit, member, "lunch", "again")
    assert write("too soon") == ("SURVEYS_COMMENTS_MANY", "text")
    catalogue.move(kit, "staff:ada", "lunch", "closed")
    assert write() == ("SURVEYS_NOT_OPEN", "survey")
    assert refused(lambda: comments.decide(kit, None, "0" * 32, "shown")) == ("SURVEYS_COMMENT_UNKNOWN", "comment")


def test_a_member_that_writes_at_once_writes_no_more_than_it_may(canteen: Open) -> None:
    shop = canteen(sections={"surveys": {"comments_per_day": 3}})

    def write(number: int) -> bool:
        try:
            comments.write(shop.kit, shop.member, "lunch", str(number))
        except Invalid:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write, range(8))) == 3
    assert len(shop.rows(select(tables.comment))) == 3


def test_comments_change_hands_and_back_and_are_forgotten(canteen: Open) -> None:
    shop = canteen()
    kit, taker, giver = shop.kit, shop.member, shop.join()
    comments.write(kit, giver, "lunch", "mine")
    owner = select(tables.comment.c.member_id)
    merged = kit.merge(taker, giver)
    assert shop.rows(owner) == [(taker,)]
    assert kit.reverse(merged.activity_id).settled
    assert shop.rows(owner) == [(giver,)]
    (told,) = kit.export(giver)["plugins"]["surveys"]["comments"]
    assert (told["survey"], told["text"], told["state"]) == ("lunch", "mine", "pending")
    assert kit.erase(giver).state == "done"
    assert shop.rows(select(tables.comment)) == []
