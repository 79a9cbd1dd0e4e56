"""Members take part once, and what they answered is in no activity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from corekit import Activity, Batch, Facts, Invalid, Reader
from corekit.tables import activity as _activity
from corekit.tables import effect as _effect
from corekit_surveys import answering, catalogue, drafts, finding, tables

Open = Callable[..., Any]


SHORTER = {"pages": [{"name": "first", "elements": [{"type": "rating", "name": "stars"}]}]}


def codes_of(call: Callable[[], Any]) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        call()
    return [(".".join(map(str, each.path)), each.code) for each in caught.value.problems]


@pytest.mark.row("S3", way="python")
@pytest.mark.row("S3", way="reversal")
def test_a_member_answers_once_and_may_take_it_back(canteen: Open) -> None:
    shop = canteen()
    outcome = shop.answer(stars=2, why="cold")
    assert outcome.settled, outcome
    columns = [tables.answer.c[name] for name in ("member_id", "version", "answers")]
    assert shop.rows(select(*columns)) == [(shop.member, 1, {"stars": 2, "why": "cold"})]
    assert shop.rows(select(tables.draft)) == []
    assert shop.send().code == "SURVEYS_ANSWERED_BEFORE"
    assert codes_of(lambda: shop.answer(stars=5)) == [("survey", "SURVEYS_ANSWERED_BEFORE")]

    shop.kit.reverse(outcome.activity_id)
    assert shop.rows(select(tables.taken)) == shop.rows(select(tables.answer)) == []
    assert shop.send().settled


def test_what_was_answered_stands_in_no_activity_and_no_effect(canteen: Open) -> None:
    shop = canteen()
    assert shop.answer(stars=1, why="the soup was cold").settled
    told = shop.rows(select(_activity.c.payload)) + shop.rows(select(_effect.c.data))
    assert "cold" not in str(told)
    assert "stars" not in str(told)


def test_what_is_not_finished_is_kept_and_refused_until_it_is(canteen: Open) -> None:
    shop = canteen()
    assert shop.send().code == "SURVEYS_DRAFT_MISSING"
    drafts.save(shop.kit, shop.member, "lunch", {})
    refused = shop.send()
    assert (refused.code, refused.parameters["path"]) == ("SURVEYS_ANSWER_MISSING", "stars")
    assert codes_of(lambda: shop.answer(stars=9)) == [("answers.stars", "SURVEYS_ANSWER_NO_CHOICE")]
    assert shop.answer(stars=5, why="good").code == "SURVEYS_ANSWER_HIDDEN"
    drafts.save(shop.kit, shop.member, "lunch", {"stars": 5})
    assert shop.send().settled


def test_only_what_is_open_is_answered_and_each_version_stays(canteen: Open) -> None:
    shop = canteen()
    assert shop.answer(stars=5).settled
    catalogue.revise(shop.kit, "staff:ada", "lunch", SHORTER)
    shop.member = shop.join()
    assert shop.answer(stars=4).settled
    assert sorted(shop.rows(select(tables.answer.c.version))) == [(1,), (2,)]
    shop.member = shop.join()
    drafts.save(shop.kit, shop.member, "lunch", {"stars": 3})
    catalogue.move(shop.kit, "staff:ada", "lunch", "closed")
    assert shop.send().code == "SURVEYS_NOT_OPEN"
    assert shop.send("dinner").code == "SURVEYS_UNKNOWN"
    assert codes_of(lambda: shop.answer(stars=3)) == [("survey", "SURVEYS_NOT_OPEN")]


@pytest.mark.row("S1", way="python")
def test_a_survey_is_written_opened_and_closed_in_this_order(canteen: Open) -> None:
    kit = canteen().kit
    assert codes_of(lambda: catalogue.create(kit, "staff:ada", "Lunch!", SHORTER)) == [("code", "SURVEYS_CODE_INVALID")]
    assert codes_of(lambda: catalogue.create(kit, "staff:ada", "lunch", SHORTER)) == [("code", "SURVEYS_CODE_TAKEN")]
    assert codes_of(lambda: catalogue.create(kit, "staff:ada", "tea", {"pages": 1})) == [
        ("definition.pages", "SURVEYS_NOT_A_LIST")
    ]
    assert codes_of(lambda: catalogue.move(kit, "staff:ada", "tea", "open")) == [("code", "SURVEYS_UNKNOWN")]
    assert codes_of(lambda: catalogue.move(kit, "staff:ada", "lunch", "open")) == [("code", "SURVEYS_STATE")]
    catalogue.move(kit, "staff:ada", "lunch", "closed")
    assert codes_of(lambda: catalogue.revise(kit, "staff:ada", "lunch", SHORTER)) == [("code", "SURVEYS_STATE")]
    with kit.read() as read:
        assert finding.find(read, ["lunch", "tea"])["lunch"].state == "closed"


@pytest.mark.parametrize("meanwhile", ["saved", "closed", "revised"])
def test_what_changes_while_it_is_sent_refuses_it(
    canteen: Open, meanwhile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = canteen()
    kit = shop.kit
    drafts.save(kit, shop.member, "lunch", {"stars": 5})
    changes: dict[str, Callable[[], Any]] = {
        "saved": lambda: drafts.save(kit, shop.member, "lunch", {"stars": 1}),
        "closed": lambda: catalogue.move(kit, "staff:ada", "lunch", "closed"),
        "revised": lambda: catalogue.revise(kit, "staff:ada", "lunch", SHORTER),
    }
    load, read = answering.load, list[Any]()

    def loading(batch: Batch, reader: Reader, facts: Facts) -> Any:
        read.append(load(batch, reader, facts))
        return read[0]  # what it was at first, as one reads it who is overtaken

    monkeypatch.setattr(answering, "load", loading)
    sent = Activity(type="surveys.answered", member=shop.member, payload={"survey": "lunch"})
    assert kit.simulate(sent).settled
    changes[meanwhile]()
    assert shop.send().code == "SURVEYS_CHANGED"
    assert shop.rows(select(tables.answer)) == shop.rows(select(tables.taken)) == []
    assert len(shop.rows(select(tables.draft))) == 1
