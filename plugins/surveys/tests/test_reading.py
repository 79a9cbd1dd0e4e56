"""A definition is read, or refused: at each place that is outside of what is understood."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import Invalid
from corekit_surveys.definition import Bounds, Question
from corekit_surveys.reading import read

ELEMENTS = [
    {"type": "boolean", "name": "again", "isRequired": True},
    {"type": "matrix", "name": "grades", "rows": ["service", "taste"], "columns": [{"value": 1, "text": "bad"}, 2]},
    {"type": "checkbox", "name": "dishes", "choices": ["fish", "egg"], "showNoneItem": True},
]


def survey(*elements: Any, **page: Any) -> dict[str, Any]:
    return {"pages": [{"name": "first", "elements": [*ELEMENTS, *elements], **page}]}


def refused(json: Any) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        read(json)
    return [(".".join(map(str, each.path)), each.code.removeprefix("SURVEYS_")) for each in caught.value.problems]


def question(json: dict[str, Any]) -> Question:
    return read(survey({"name": "asked", **json})).questions["asked"]


@pytest.mark.row("S2", way="python")
def test_a_definition_is_read_and_forgets_at_once_what_is_hidden() -> None:
    known = read(survey() | {"title": {"default": "Lunch", "zh-cn": "午餐"}})
    assert list(known.questions) == ["again", "grades", "dishes"]
    assert list(known.questions["grades"].choices) == [1, 2]
    assert known.json == survey() | {
        "title": {"default": "Lunch", "zh-cn": "午餐"},
        "clearInvisibleValues": "onHiddenContainer",
    }


@pytest.mark.parametrize(
    ("json", "expected"),
    [
        ({"type": "text"}, {"kind": "text"}),
        (
            {"type": "text", "inputType": "number", "min": 1, "step": 0.5},
            {"kind": "number", "bounds": Bounds(least=1, step=0.5)},
        ),
        (
            {"type": "text", "inputType": "date", "max": "2026-01-31"},
            {"kind": "date", "bounds": Bounds(most="2026-01-31")},
        ),
        ({"type": "rating"}, {"choices": (1, 2, 3, 4, 5)}),
        ({"type": "rating", "rateMin": 0, "rateMax": 10, "rateStep": 5}, {"choices": (0, 5, 10)}),
        ({"type": "rating", "rateValues": ["poor", {"value": "good", "text": "Good!"}]}, {"choices": ("poor", "good")}),
        ({"type": "radiogroup", "choices": ["a"], "showOtherItem": True}, {"selectable": ("a", "other")}),
        ({"type": "html", "html": "<p>Thanks.</p>"}, {"kind": "html"}),
    ],
)
def test_each_kind_of_question_is_read(json: dict[str, Any], expected: dict[str, Any]) -> None:
    known = question(json)
    assert {name: getattr(known, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("json", "path", "code"),
    [
        ({"type": "signaturepad"}, "type", "KIND_UNKNOWN"),
        ({"type": ["text"]}, "type", "KIND_UNKNOWN"),
        ({"type": "text", "maskType": "currency"}, "maskType", "PROPERTY_UNKNOWN"),
        ({"type": "text", "inputType": "week"}, "inputType", "PROPERTY_INVALID"),
        ({"type": "text", "inputType": "number", "min": 2, "max": 1}, "max", "RANGE_EMPTY"),
        ({"type": "text", "inputType": "date", "min": "2026-02-30"}, "min", "PROPERTY_INVALID"),
        ({"type": "text", "title": {"": "Name"}}, "title", "PROPERTY_INVALID"),
        ({"type": "text", "name": "Again"}, "name", "NAME_TAKEN"),
        ({"type": "text", "name": "your name"}, "name", "NAME_INVALID"),
        ({"type": "text", "name": "pageNo"}, "name", "NAME_INVALID"),
        ({"type": "text", "isRequired": True, "requiredIf": "{again}"}, "", "ONE_OF_TWO"),
        ({"type": "dropdown"}, "", "PROPERTY_MISSING"),
        ({"type": "dropdown", "choices": []}, "choices", "NOT_A_LIST"),
        ({"type": "dropdown", "choices": ["a|b"]}, "choices.0", "PROPERTY_INVALID"),
        ({"type": "dropdown", "choices": ["a", {"value": "A"}]}, "choices.1", "NAME_TAKEN"),
        ({"type": "dropdown", "choices": ["other"]}, "choices.0", "NAME_TAKEN"),
        (
            {"type": "dropdown", "choices": [{"value": 1, "visibleIf": "{again}"}]},
            "choices.0.visibleIf",
            "PROPERTY_UNKNOWN",
        ),
        ({"type": "ranking", "choices": ["a"]}, "choices", "NOT_A_LIST"),
        ({"type": "rating", "rateMin": 5}, "rateMax", "RANGE_EMPTY"),
        ({"type": "rating", "rateMax": 40}, "rateMax", "PROPERTY_INVALID"),
        ({"type": "rating", "rateValues": [1, 2], "rateMax": 2}, "", "ONE_OF_TWO"),
        ({"type": "matrix", "rows": ["again"], "columns": [1]}, "rows.0", "NAME_TAKEN"),
        ({"type": "matrix", "rows": ["a"], "columns": [0]}, "columns.0", "NAME_TAKEN"),
        ({"type": "text", "validators": [{"type": "regex", "regex": "a"}]}, "validators.0.type", "KIND_UNKNOWN"),
        ({"type": "comment", "validators": [{"type": "email"}]}, "validators.0.type", "KIND_UNKNOWN"),
        ({"type": "text", "validators": [{"type": "expression"}]}, "validators.0", "PROPERTY_MISSING"),
        ({"type": "text", "visibleIf": "{nobody} empty"}, "visibleIf", "EXPRESSION_UNKNOWN"),
    ],
)
def test_what_is_outside_is_refused_where_it_stands(json: dict[str, Any], path: str, code: str) -> None:
    place = f"pages.0.elements.3.{path}".rstrip(".")
    assert refused(survey({"name": "asked", **json})) == [(place, code)]


@pytest.mark.parametrize(
    ("json", "path", "code"),
    [
        ("first", "", "NOT_AN_OBJECT"),
        ({"title": "Lunch"}, "", "PROPERTY_MISSING"),
        ({"pages": "first"}, "pages", "NOT_A_LIST"),
        ({"pages": None}, "pages", "NOT_A_LIST"),
        ({"pages": ["first"]}, "pages.0", "NOT_AN_OBJECT"),
        ({"pages": [{"name": "first", "elements": ["again"]}]}, "pages.0.elements.0.type", "KIND_UNKNOWN"),
        (survey() | {"clearInvisibleValues": "none"}, "clearInvisibleValues", "PROPERTY_INVALID"),
        (survey() | {"triggers": True}, "triggers", "PROPERTY_UNKNOWN"),
        (survey(visibleIf="{dishes} > 1"), "pages.0.visibleIf", "EXPRESSION_ORDER"),
    ],
)
def test_so_is_what_is_wrong_with_the_survey_itself(json: Any, path: str, code: str) -> None:
    assert (path, code) in refused(json)


@pytest.mark.row("S2", way="bad_input")
def test_all_problems_are_said_at_once() -> None:
    found = refused(survey({"type": "text", "name": "a b", "visibleIf": "again", "colour": "red"}))
    assert [code for _, code in found] == ["PROPERTY_UNKNOWN", "NAME_INVALID", "EXPRESSION_SYNTAX"]
