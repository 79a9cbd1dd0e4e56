"""What may stand in a definition: the properties of SurveyJS's JSON that are understood, and what each has to be.

What is not listed is refused, since survey-core would heed it and this package would not. Those of which nothing here
depends are for whoever renders the survey.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from corekit_surveys import coercion
from corekit_surveys.answers import is_day, is_number, is_storable
from corekit_surveys.definition import Kind

LONGEST_TEXT = 5_000
LONGEST_VALUE = 200
MOST_RATES = 20
"""So many survey-core shows."""
_LANGUAGE = re.compile(r"default|[a-z]{2,3}(?:-[A-Za-z]{2,8})?")

Check = Callable[[Any], str | None]
"""Returns what was expected of a value that is something else."""


def _text(value: Any) -> str | None:
    """Expect a text, or one by language."""
    texts = value if coercion.is_object(value) else {"default": value}
    fits = all(isinstance(each, str) and is_storable(each, LONGEST_TEXT) for each in texts.values())
    if fits and texts and all(map(_LANGUAGE.fullmatch, texts)):
        return None
    return f'a text of up to {LONGEST_TEXT} characters, or one by language, such as {{"default": "Yes", "zh-cn": "是"}}'


def _flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else "true or false"


def _one_of(*words: str) -> Check:
    return lambda value: None if value in words else " or ".join(f'"{word}"' for word in words)


def _whole(least: int, most: int) -> Check:
    def check(value: Any) -> str | None:
        fits = is_number(value) and value == int(value) and least <= value <= most
        return None if fits else f"a whole number from {least} to {most}"

    return check


def _number(value: Any) -> str | None:
    return None if is_number(value) else "a number"


def _step(value: Any) -> str | None:
    return None if is_number(value) and value > 0 else "a number above 0"


def _day(value: Any) -> str | None:
    return None if is_day(value) else "a day such as 2026-01-31"


def _expression(value: Any) -> str | None:
    return None if isinstance(value, str) and coercion.trimmed(value) and is_storable(value) else "an expression"


def _anything(_: Any) -> None:
    """Leave it to whoever reads on."""


def value(given: Any) -> str | None:
    """Expect what can be chosen: a number, or a text."""
    if is_number(given) or (isinstance(given, str) and _is_plain(given)):
        return None
    return f"a number, or a text of up to {LONGEST_VALUE} characters, without | and white space around it"


def _is_plain(text: str) -> bool:
    # survey-core takes what follows | for the text of the choice.
    return bool(text) and text == coercion.trimmed(text) and "|" not in text and is_storable(text, LONGEST_VALUE)


SURVEY: Mapping[str, Check] = {
    "clearInvisibleValues": _one_of("onHiddenContainer"),
    "completeText": _text,
    "completedHtml": _text,
    "description": _text,
    "locale": _text,
    "pageNextText": _text,
    "pagePrevText": _text,
    "pages": _anything,
    "showProgressBar": _flag,
    "title": _text,
}
PAGE: Mapping[str, Check] = {
    "description": _text,
    "elements": _anything,
    "name": _anything,
    "title": _text,
    "visibleIf": _expression,
}
_ELEMENT: Mapping[str, Check] = {
    "name": _anything,
    "startWithNewLine": _flag,
    "type": _anything,
    "visibleIf": _expression,
}
_QUESTION: Mapping[str, Check] = {
    **_ELEMENT,
    "description": _text,
    "isRequired": _flag,
    "requiredErrorText": _text,
    "requiredIf": _expression,
    "title": _text,
    "titleLocation": _one_of("default", "top", "bottom", "left", "hidden"),
    "validators": _anything,
}
_SELECTING: Mapping[str, Check] = {
    **_QUESTION,
    "choices": _anything,
    "choicesOrder": _one_of("none", "asc", "desc", "random"),
    "noneText": _text,
    "otherErrorText": _text,
    "otherPlaceholder": _text,
    "otherText": _text,
    "showNoneItem": _flag,
    "showOtherItem": _flag,
}
_TEXT: Mapping[str, Check] = {**_QUESTION, "inputType": _one_of("text", "number", "date"), "placeholder": _text}
QUESTIONS: Mapping[Kind, Mapping[str, Check]] = {
    "boolean": {**_QUESTION, "labelFalse": _text, "labelTrue": _text},
    "checkbox": {**_SELECTING, "colCount": _whole(0, 5)},
    "comment": {**_QUESTION, "placeholder": _text, "rows": _whole(1, 100)},
    "date": {**_TEXT, "max": _day, "maxErrorText": _text, "min": _day, "minErrorText": _text},
    "dropdown": {**_SELECTING, "placeholder": _text},
    "html": {**_ELEMENT, "html": _text},
    "matrix": {
        **_QUESTION,
        "columns": _anything,
        "eachRowRequired": _flag,
        "eachRowUnique": _flag,
        "rows": _anything,
    },
    "number": {**_TEXT, "max": _number, "maxErrorText": _text, "min": _number, "minErrorText": _text, "step": _step},
    "radiogroup": {**_SELECTING, "colCount": _whole(0, 5)},
    "ranking": {**_QUESTION, "choices": _anything},
    "rating": {
        **_QUESTION,
        "maxRateDescription": _text,
        "minRateDescription": _text,
        "rateMax": _whole(-100, 100),
        "rateMin": _whole(-100, 100),
        "rateStep": _whole(1, 100),
        "rateType": _one_of("labels", "stars"),
        "rateValues": _anything,
    },
    "text": _TEXT,
}
"""The properties of each kind of question."""
VALIDATORS: Mapping[str, Mapping[str, Check]] = {
    "answercount": {"maxCount": _whole(1, 1_000), "minCount": _whole(1, 1_000)},
    "email": {},
    "expression": {"expression": _expression},
    "numeric": {"maxValue": _number, "minValue": _number},
    "text": {"maxLength": _whole(1, 10_000), "minLength": _whole(1, 10_000)},
}
"""The properties of each kind of validator, besides its type and its text."""
VALIDATED: Mapping[str, frozenset[str]] = {
    "answercount": frozenset({"checkbox", "ranking"}),
    "email": frozenset({"text"}),
    "expression": frozenset(QUESTIONS) - {"html"},
    "numeric": frozenset({"number"}),
    "text": frozenset({"comment", "text"}),
}
"""The kinds of questions that each kind of validator is for."""
VALIDATOR: Mapping[str, Check] = {"text": _text, "type": _anything}
ITEM: Mapping[str, Check] = {"text": _text, "value": _anything}
