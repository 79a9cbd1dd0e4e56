"""Where two members become one, what both answered is of the one; where they are two again, it is as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from corekit_surveys import catalogue, tables

DEFINITION = {"pages": [{"name": "first", "elements": [{"type": "rating", "name": "stars"}]}]}
SURVEYS = ("mine", "both", "begun")


def test_answers_change_hands_and_back(canteen: Callable[..., Any]) -> None:
    shop = canteen()
    kit, taker, giver = shop.kit, shop.member, shop.join()
    for code in SURVEYS:
        catalogue.create(kit, "staff:ada", code, DEFINITION)
        catalogue.move(kit, "staff:ada", code, "open")
    shop.answer(giver, stars=5)
    for member, survey, sent in (
        (giver, "mine", False),
        (giver, "both", True),
        (taker, "both", True),
        (giver, "begun", False),
        (taker, "begun", False),
    ):
        shop.answer_to(survey, member, sent=sent, stars=4)

    def stand() -> dict[str, list[tuple[str, str]]]:
        names = {row[0]: row[1] for row in shop.rows(select(tables.survey.c.id, tables.survey.c.code))}
        who = {taker: "taker", giver: "giver"}
        return {
            table.name: sorted(
                (names[survey], who[member])
                for survey, member in shop.rows(select(table.c.survey_id, table.c.member_id))
            )
            for table in (tables.taken, tables.draft, tables.answer)
        }

    before = stand()
    merged = kit.merge(taker, giver)
    assert merged.settled
    assert stand() == {
        "surveys_taken": [("both", "taker"), ("lunch", "taker")],
        "surveys_draft": [("begun", "taker"), ("mine", "taker")],
        "surveys_answer": [("both", "taker"), ("both", "taker"), ("lunch", "taker")],
    }
    assert shop.send().code == "SURVEYS_ANSWERED_BEFORE"

    assert kit.reverse(merged.activity_id).settled
    assert stand() == before


def test_a_member_that_is_forgotten_takes_its_answers_with_it(canteen: Callable[..., Any]) -> None:
    shop = canteen()
    assert shop.answer(stars=2, why="cold").settled
    told = shop.kit.export(shop.member)["plugins"]["surveys"]
    assert [each["survey"] for each in told["taken"]] == ["lunch"]
    assert told["answers"][0]["answers"] == {"stars": 2, "why": "cold"}
    assert shop.kit.erase(shop.member).state == "done"
    assert shop.rows(select(tables.answer)) == shop.rows(select(tables.taken)) == []
    assert shop.rows(select(tables.draft)) == []
