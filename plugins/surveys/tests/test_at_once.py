"""What happens to a survey at the very moment at which somebody saves, sends or comments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from corekit import Invalid, Kit
from corekit.testing.at_once import when
from corekit_surveys import answering, catalogue, comments, drafts, importing, tables
from corekit_surveys.terms import Terms

from .conftest import Canteen

Open = Callable[..., Canteen]
on_postgresql = pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)


def number_of(shop: Canteen, table: Any) -> int:
    ((number,),) = shop.rows(select(func.count()).select_from(table))
    return int(number)


def is_free(shop: Canteen) -> bool:
    """Say whether the survey can be changed without waiting for somebody."""
    with shop.kit.database.engine.begin() as other:
        return bool(other.execute(text("SELECT id FROM surveys_survey FOR UPDATE SKIP LOCKED")).all())


def test_who_is_forgotten_while_answers_are_saved_leaves_no_draft(canteen: Open) -> None:
    shop = canteen()
    when(shop.kit, "before", "BEGIN", lambda: shop.kit.erase(shop.member))
    with pytest.raises(Invalid, match="MEMBER_CANCELLED"):
        drafts.save(shop.kit, shop.member, "lunch", {"stars": 3})
    assert number_of(shop, tables.draft) == 0


@on_postgresql
def test_nobody_is_forgotten_between_being_looked_at_and_saving(canteen: Open) -> None:
    shop = canteen()
    locked: list[int] = []

    def lock() -> None:
        with shop.kit.database.engine.begin() as other:
            locking = text("SELECT id FROM core_member FOR NO KEY UPDATE SKIP LOCKED")
            locked.append(len(other.execute(locking).all()))

    when(shop.kit, "after", "SELECT surveys_survey.id", lock)
    drafts.save(shop.kit, shop.member, "lunch", {"stars": 3})
    assert locked == [0]


def test_answers_that_are_sent_twice_at_once_leave_no_draft(canteen: Open) -> None:
    shop = canteen()

    def answer() -> Any:
        return answering.answer(shop.kit, shop.member, "lunch", {"stars": 3}, source="app", external_id="1")

    when(shop.kit, "before", "BEGIN", answer)
    outcome = answer()
    assert (outcome.outcome, outcome.replayed) == ("settled", True)
    assert (number_of(shop, tables.answer), number_of(shop, tables.draft)) == (1, 0)


@on_postgresql
def test_places_are_counted_right_where_they_are_limited_while_an_answer_is_taken_back(canteen: Open) -> None:
    shop = canteen()
    answered = shop.answer(stars=3)
    assert answered.activity_id is not None

    def limit() -> None:
        if is_free(shop):
            catalogue.change(shop.kit, "staff:ada", "lunch", Terms(quota=1))

    when(shop.kit, "after", "UPDATE surveys_place", limit)
    assert shop.kit.reverse(answered.activity_id).settled
    catalogue.change(shop.kit, "staff:ada", "lunch", Terms(quota=1))
    assert shop.rows(select(tables.place.c.taken)) == [(0,)]


@on_postgresql
def test_a_survey_is_not_deleted_under_a_comment_on_it_and_takes_its_comments_along(canteen: Open) -> None:
    shop = canteen()

    def remove() -> None:
        if is_free(shop):
            catalogue.remove(shop.kit, "staff:ada", "lunch")

    when(shop.kit, "after", "SELECT surveys_survey.id", remove)
    assert comments.write(shop.kit, shop.member, "lunch", "good").text == "good"
    assert number_of(shop, tables.survey) == 1
    catalogue.remove(shop.kit, "staff:ada", "lunch")
    assert number_of(shop, tables.comment) == 0


def test_answers_to_a_survey_that_is_deleted_while_they_are_read_are_refused(canteen: Open, tmp_path: Path) -> None:
    shop = canteen()
    file = tmp_path / "answers.jsonl"
    file.write_text('{"answers": {"stars": 3}}\n')
    when(shop.kit, "before", "BEGIN", lambda: catalogue.remove(shop.kit, "staff:ada", "lunch"))
    with pytest.raises(Invalid, match="SURVEYS_UNKNOWN"):
        importing.load(shop.kit, "staff:ada", "lunch", file)
    assert number_of(shop, tables.answer) == 0


def test_who_answers_while_it_is_forgotten_leaves_no_answer(canteen: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = canteen()
    forgetting = Kit.settle_own

    def answers_first(kit: Kit, activities: Any) -> Any:
        monkeypatch.undo()
        assert shop.answer(stars=3).settled
        return forgetting(kit, activities)

    monkeypatch.setattr(Kit, "settle_own", answers_first)
    assert shop.kit.erase(shop.member).state == "done"
    assert (number_of(shop, tables.answer), number_of(shop, tables.taken)) == (0, 0)
