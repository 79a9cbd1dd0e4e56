"""Where two members become one, what both answered is of the one; where they are two again, it is as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from corekit.tables import effect
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


def test_what_a_merge_noted_goes_with_the_member_and_that_of_others_stays(canteen: Callable[..., Any]) -> None:
    shop = canteen()
    one, two, part, of_another = shop.member, *(shop.join() for _ in range(3))
    for member in (one, two, part, of_another):
        assert shop.answer(member, stars=5).settled
    assert shop.kit.merge(one, part).settled
    stays = shop.kit.merge(two, of_another)
    assert len(shop.rows(select(tables.both))) == 2
    assert shop.kit.erase(one).state == "done"
    ((left,),) = shop.rows(select(effect.c.activity_id).join(tables.both, tables.both.c.effect_id == effect.c.id))
    assert left == stays.activity_id
    assert shop.kit.reverse(stays.activity_id).settled
    assert shop.rows(select(tables.both)) == []
    assert sorted(shop.rows(select(tables.taken.c.member_id))) == sorted([(two,), (of_another,)])


def test_who_became_one_twice_is_forgotten_with_all_of_it(canteen: Callable[..., Any]) -> None:
    shop = canteen()
    last, middle, first = shop.member, shop.join(), shop.join()
    for member in (last, middle, first):
        assert shop.answer(member, stars=5).settled
    assert shop.kit.merge(middle, first).settled
    assert shop.kit.merge(last, middle).settled
    assert len(shop.rows(select(tables.both))) == 2
    assert shop.kit.erase(first).state == "done"
    assert shop.rows(select(tables.both)) == []


def test_a_member_that_is_forgotten_takes_its_answers_with_it(canteen: Callable[..., Any]) -> None:
    shop = canteen()
    assert shop.answer(stars=2, why="cold").settled
    told = shop.kit.export(shop.member)["plugins"]["surveys"]
    assert [each["survey"] for each in told["taken"]] == ["lunch"]
    assert told["answers"][0]["answers"] == {"stars": 2, "why": "cold"}
    assert shop.kit.erase(shop.member).state == "done"
    assert shop.rows(select(tables.answer)) == shop.rows(select(tables.taken)) == []
    assert shop.rows(select(tables.draft)) == []
