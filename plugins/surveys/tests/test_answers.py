"""Answers are refused where they could not be given, are not asked for, or are missing."""

from __future__ import annotations

from typing import Any

import pytest

from corekit_surveys.answers import problems, visible
from corekit_surveys.reading import read

SURVEY = read(
    {
        "pages": [
            {
                "name": "first",
                "elements": [
                    {
                        "type": "radiogroup",
                        "name": "way",
                        "choices": ["shop", 2],
                        "showOtherItem": True,
                        "isRequired": True,
                    },
                    {"type": "checkbox", "name": "dishes", "choices": ["fish", "egg", "tofu"], "showNoneItem": True},
                    {"type": "matrix", "name": "grades", "rows": ["a", "b"], "columns": [1, 2], "eachRowUnique": True},
                    {"type": "html", "name": "thanks", "html": "<p>Thank you.</p>"},
                ],
            },
            {
                "name": "second",
                "visibleIf": "{way} notempty",
                "elements": [
                    {"type": "rating", "name": "stars", "requiredIf": "{way} = 'shop'"},
                    {"type": "boolean", "name": "again", "visibleIf": "{stars} > 3"},
                    {"type": "text", "name": "weight", "inputType": "number", "min": 0, "max": 5, "step": 0.1},
                    {"type": "text", "name": "day", "inputType": "date", "min": "2026-01-01"},
                    {"type": "text", "name": "mail", "validators": [{"type": "email"}]},
                    {"type": "comment", "name": "words", "validators": [{"type": "text", "maxLength": 4}]},
                    {"type": "ranking", "name": "order", "choices": ["a", "b"]},
                ],
            },
        ]
    }
)
GOOD: dict[str, Any] = {
    "way": "other",
    "way-Comment": "by phone",
    "dishes": ["egg", "fish"],
    "grades": {"a": 1, "b": 2},
    "stars": 4,
    "again": False,
    "weight": 0.3,
    "day": "2026-02-28",
    "mail": "ann@example.com",
    "words": "好吃😀",
    "order": ["b", "a"],
}


def found(**changes: Any) -> list[tuple[str, str]]:
    """Return what is wrong with good answers of which some are changed, or left out where they are None."""
    changed = {name.replace("_", "-"): value for name, value in changes.items()}
    answers = {name: value for name, value in {**GOOD, **changed}.items() if value is not None}
    return [
        (".".join(map(str, each.path)), each.code.removeprefix("SURVEYS_ANSWER_")) for each in problems(SURVEY, answers)
    ]


def test_good_answers_have_no_problem() -> None:
    assert found() == []
    assert visible(SURVEY, GOOD) == set(SURVEY.questions)


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({"nobody": 1}, "nobody", "UNKNOWN"),
        ({"thanks": "you"}, "thanks", "UNKNOWN"),
        ({"words_Comment": "x"}, "words-Comment", "UNKNOWN"),
        ({"grades": {"c": 1}}, "grades.c", "UNKNOWN"),
        ({"way": "2"}, "way", "NO_CHOICE"),
        ({"way": "none"}, "way", "NO_CHOICE"),
        ({"stars": True}, "stars", "NO_CHOICE"),
        ({"stars": 6}, "stars", "NO_CHOICE"),
        ({"dishes": ["beef"]}, "dishes", "NO_CHOICE"),
        ({"grades": {"a": 3}}, "grades.a", "NO_CHOICE"),
        ({"dishes": "egg"}, "dishes", "MALFORMED"),
        ({"dishes": []}, "dishes", "MALFORMED"),
        ({"dishes": ["egg", "egg"]}, "dishes", "MALFORMED"),
        ({"dishes": ["egg", "none"]}, "dishes", "MALFORMED"),
        ({"order": ["a"]}, "order", "MALFORMED"),
        ({"grades": {}}, "grades", "MALFORMED"),
        ({"again": "yes"}, "again", "MALFORMED"),
        ({"weight": "1"}, "weight", "MALFORMED"),
        ({"weight": 10**400}, "weight", "MALFORMED"),
        ({"weight": float("nan")}, "weight", "MALFORMED"),
        ({"day": "2026-02-30"}, "day", "MALFORMED"),
        ({"day": "20260228"}, "day", "MALFORMED"),
        ({"words": " \ufeff"}, "words", "MALFORMED"),
        ({"words": "\0"}, "words", "MALFORMED"),
        ({"words": "\ud800"}, "words", "MALFORMED"),
        ({"words": "x" * 10_001}, "words", "MALFORMED"),
        ({"stars": 3}, "again", "HIDDEN"),
        ({"way": "shop"}, "way-Comment", "HIDDEN"),
        ({"way_Comment": None}, "way-Comment", "MISSING"),
        ({"way": "shop", "way_Comment": None, "stars": None, "again": None}, "stars", "MISSING"),
        ({"grades": {"a": 1, "b": 1}}, "grades.b", "REPEATED"),
        ({"weight": -0.1}, "weight", "BELOW"),
        ({"weight": 5.1}, "weight", "ABOVE"),
        ({"weight": 0.25}, "weight", "OFF_STEP"),
        ({"day": "2025-12-31"}, "day", "BELOW"),
        ({"day": "3000-01-01"}, "day", "ABOVE"),
        ({"mail": "ann@example"}, "mail", "INVALID"),
        ({"mail": "ann@example.com\n"}, "mail", "INVALID"),
        ({"words": "😀😀a"}, "words", "INVALID"),
    ],
)
def test_what_is_wrong_is_said_at_its_question(changes: dict[str, Any], path: str, code: str) -> None:
    assert found(**changes) == [(path, code)]


def test_a_hidden_page_hides_its_questions() -> None:
    missing = [(name, "HIDDEN") for name in GOOD if SURVEY.questions.get(name) in SURVEY.pages[1].questions]
    assert found(way=None, way_Comment=None) == [("way", "MISSING"), *missing]


def test_what_could_not_be_given_is_said_before_anything_else() -> None:
    assert found(way=None, stars=9) == [("stars", "NO_CHOICE")]
