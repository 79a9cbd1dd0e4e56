"""Whatever stands in a definition or an answer, it is refused by path or understood; nothing breaks."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from corekit import Invalid, Problem
from corekit_surveys.answers import problems
from corekit_surveys.coercion import is_list, is_object
from corekit_surveys.reading import read

WORDS = (
    "",
    "a",
    "{a} = 1",
    "((",
    "\0",
    "\ud800",
    "length",
    "text",
    "expression",
    "a-Comment",
    "-Comment",
    "2026-01-01",
)
KEYS = (
    "type",
    "name",
    "choices",
    "rows",
    "columns",
    "validators",
    "min",
    "max",
    "rateValues",
    "visibleIf",
    "value",
    "x",
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.just(10**400) | st.sampled_from(WORDS)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3)
)
DEFINITION: dict[str, Any] = {
    "title": {"default": "Lunch", "zh-cn": "午餐"},
    "pages": [
        {
            "name": "first",
            "elements": [
                {"type": "checkbox", "name": "a", "choices": [1, {"value": "b", "text": "B"}], "showOtherItem": True},
                {"type": "matrix", "name": "b", "rows": ["c"], "columns": [1, 2], "visibleIf": "{a} contains 'b'"},
                {"type": "text", "name": "d", "inputType": "number", "min": 1, "max": 9, "step": 0.5},
                {"type": "rating", "name": "e", "rateValues": [1, 2], "requiredIf": "{b.c} = 1 or {d} empty"},
                {"type": "comment", "name": "f", "validators": [{"type": "text", "maxLength": 5}]},
                {"type": "ranking", "name": "g", "choices": ["x", "y"]},
                {"type": "text", "name": "h", "inputType": "date", "min": "2026-01-01"},
            ],
        }
    ],
}
SURVEY = read(DEFINITION)


def places(json: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each place in JSON: what it is in, and its name there."""
    names: list[Any] = list(json) if is_object(json) else list(range(len(json))) if is_list(json) else []
    for name in names:
        yield json, name
        yield from places(json[name])


def refused(json: Any) -> tuple[Problem, ...]:
    try:
        read(json)
    except Invalid as error:
        return error.problems
    return ()


@given(st.data())
def test_a_definition_is_understood_or_refused(data: st.DataObject) -> None:
    json = copy.deepcopy(DEFINITION)
    inside, name = data.draw(st.sampled_from(list(places(json))))
    inside[name] = data.draw(JSON)
    assert all(each.code.startswith("SURVEYS_") for each in refused(json))


@given(st.dictionaries(st.sampled_from(("a", "b", "d", "e", "f", "g", "h", *WORDS)), JSON))
def test_answers_are_right_or_refused(answers: dict[str, Any]) -> None:
    assert all(each.code.startswith("SURVEYS_ANSWER_") for each in problems(SURVEY, answers))
