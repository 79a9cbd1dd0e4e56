"""Judge answers by a definition: which questions they let be shown, and what is wrong with them.

First each answer has to be one that could be given at all: of its question, of its form, of its choices. Only then is
it asked what is shown and what is missing, as survey-core would; so the two agree on answers that a frontend can send.
An answer to what is not shown is refused, where survey-core would drop it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from corekit import Problem
from corekit_surveys import codes, coercion
from corekit_surveys.codes import problem
from corekit_surveys.definition import COMMENT, NONE, OTHER, SINGLE, Question, Survey, Validator
from corekit_surveys.expressions import Answers, holds

LONGEST = 10_000
"""Characters of a text, as UTF-16 counts them."""
FINEST = 1_000_000
"""Parts of one, below which survey-core sees no steps."""
LARGEST = 2**53 - 1
"""The number up to which JavaScript tells all whole numbers apart."""
LAST_DAY = "2999-12-31"
"""The day up to which survey-core takes a date that has no bound."""
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UNTOLD = rf"<>()\[\].,;:{re.escape(coercion.SPACE)}@\""
_EMAIL = re.compile(
    rf"(?:[^{_UNTOLD}]+(?:\.[^{_UNTOLD}]+)*|\"[^\n\r\u2028\u2029]+\")@(?:[^={_UNTOLD}]+\.)+[^={_UNTOLD}]{{2,}}"
)
"""What survey-core takes for an address."""


def problems(survey: Survey, answers: Answers) -> list[Problem]:
    """Return all that is wrong with answers, each problem at the name of its question, and at its row in a matrix."""
    if beforehand := malformed(survey, answers):
        return beforehand
    shown = visible(survey, answers)
    found: list[Problem] = []
    for name, question in survey.questions.items():
        if name in shown:
            found += _wrong(question, answers)
        else:
            found += [problem(codes.ANSWER_HIDDEN, each) for each in (name, name + COMMENT) if each in answers]
    return found


def visible(survey: Survey, answers: Answers) -> frozenset[str]:
    """Return the names of the questions that are shown; the answers are such as could be given."""
    return frozenset(
        question.name
        for page in survey.pages
        if page.shown_if is None or holds(page.shown_if, answers)
        for question in page.questions
        if question.shown_if is None or holds(question.shown_if, answers)
    )


def skipped(survey: Survey, answers: Answers) -> list[str]:
    """Return the names of the questions that were shown and left empty, in the order in which they are asked."""
    shown = visible(survey, answers)
    questions = survey.questions.values()
    return [each.name for each in questions if each.kind != "html" and each.name in shown and each.name not in answers]


# What could be answered at all


def malformed(survey: Survey, answers: Answers) -> list[Problem]:
    """Return which answers could not be given at all: of no question, of another form, of no choice."""
    return [found for name, answer in answers.items() for found in _malformed(survey, name, answer)]


def _malformed(survey: Survey, name: str, answer: Any) -> Iterator[Problem]:
    of, comment, rest = name.partition(COMMENT)
    question = survey.questions.get(of)
    if question is None or rest or question.kind == "html" or (comment and not question.other):
        yield problem(codes.ANSWER_UNKNOWN, name)
    elif comment:
        yield from _text(name, answer)
    else:
        yield from _FORMS[question.kind](question, answer)


def _text(name: str, answer: Any) -> Iterator[Problem]:
    if not isinstance(answer, str) or not coercion.trimmed(answer) or not is_storable(answer):
        yield problem(codes.ANSWER_MALFORMED, name, expected=f"a text that is not blank, of up to {LONGEST} characters")


def is_storable(text: str, longest: int = LONGEST) -> bool:
    """Say whether databases store a text: it is not too long, without NUL and halves of characters."""
    broken = any(each == "\0" or "\ud800" <= each <= "\udfff" for each in text)
    return not broken and len(coercion.units(text)) <= longest


def _number(question: Question, answer: Any) -> Iterator[Problem]:
    if not is_number(answer):
        yield problem(codes.ANSWER_MALFORMED, question.name, expected="a number")


def is_number(value: Any) -> bool:
    """Say whether a value is a number that JSON, Python and JavaScript understand alike."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST


def is_day(value: Any) -> bool:
    """Say whether a value is a day such as 2026-01-31."""
    if not isinstance(value, str) or _DAY.fullmatch(value) is None:
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _date(question: Question, answer: Any) -> Iterator[Problem]:
    if not is_day(answer):
        yield problem(codes.ANSWER_MALFORMED, question.name, expected="a day such as 2026-01-31")


def _boolean(question: Question, answer: Any) -> Iterator[Problem]:
    if not isinstance(answer, bool):
        yield problem(codes.ANSWER_MALFORMED, question.name, expected="true or false")


def _single(question: Question, answer: Any) -> Iterator[Problem]:
    if not _is_among(answer, question.selectable):
        yield problem(codes.ANSWER_NO_CHOICE, question.name)


def _several(question: Question, answer: Any) -> Iterator[Problem]:
    if (
        not coercion.is_list(answer)
        or not answer
        or _repeats(answer)
        or (question.none and not _is_alone(NONE, answer))
    ):
        yield problem(codes.ANSWER_MALFORMED, question.name, expected="a list of different choices, or of none alone")
        return
    for each in answer:
        yield from _single(question, each)


def _is_alone(choice: str, answer: list[Any]) -> bool:
    """Say whether a choice goes with no other, where it was chosen."""
    return choice not in answer or len(answer) == 1


def _ranking(question: Question, answer: Any) -> Iterator[Problem]:
    if not coercion.is_list(answer) or _repeats(answer) or len(answer) != len(question.choices):
        yield problem(codes.ANSWER_MALFORMED, question.name, expected="a list of all choices, each once")
        return
    for each in answer:
        yield from _single(question, each)


def _matrix(question: Question, answer: Any) -> Iterator[Problem]:
    if not coercion.is_object(answer) or not answer:
        yield problem(codes.ANSWER_MALFORMED, question.name, expected="an object of answers by row")
        return
    for row, cell in answer.items():
        if row not in question.rows:
            yield problem(codes.ANSWER_UNKNOWN, question.name, row)
        elif not _is_among(cell, question.choices):
            yield problem(codes.ANSWER_NO_CHOICE, question.name, row)


_FORMS: Mapping[str, Callable[[Question, Any], Iterator[Problem]]] = {
    "boolean": _boolean,
    "checkbox": _several,
    "comment": lambda question, answer: _text(question.name, answer),
    "date": _date,
    "dropdown": _single,
    "matrix": _matrix,
    "number": _number,
    "radiogroup": _single,
    "ranking": _ranking,
    "rating": _single,
    "text": lambda question, answer: _text(question.name, answer),
}
"""Of each kind of question what its answer has to be."""


def _is_among(answer: Any, choices: Sequence[Any]) -> bool:
    """Say whether an answer is just one of the choices: the text ``1`` is not the number 1, nor is true."""
    texts = isinstance(answer, str)
    return (texts or is_number(answer)) and any(isinstance(each, str) is texts and each == answer for each in choices)


def _repeats(answer: list[Any]) -> bool:
    return any(each in answer[:at] for at, each in enumerate(answer))


# What is wrong with what could be


def _wrong(question: Question, answers: Answers) -> list[Problem]:
    """Return what survey-core would say of an answer that is asked for; validators last, if nothing else is wrong."""
    return [*_strays(question, answers), *(list(_unfinished(question, answers)) or _invalid(question, answers))]


def _strays(question: Question, answers: Answers) -> Iterator[Problem]:
    """Yield that there is a comment on the other choice, where it is not chosen."""
    comment = question.name + COMMENT
    if comment in answers and not _is_other(question, answers):
        yield problem(codes.ANSWER_HIDDEN, comment)


def _is_other(question: Question, answers: Answers) -> bool:
    answer = answers.get(question.name)
    return answer == OTHER if question.kind in SINGLE else OTHER in (answer or ())


def _unfinished(question: Question, answers: Answers) -> Iterator[Problem]:
    answer = answers.get(question.name)
    required = question.required if question.required_if is None else holds(question.required_if, answers)
    if required and answer is None:
        yield problem(codes.ANSWER_MISSING, question.name)
    if question.other and _is_other(question, answers) and question.name + COMMENT not in answers:
        yield problem(codes.ANSWER_MISSING, question.name + COMMENT)
    if question.kind == "matrix":
        yield from _rows(question, answer or {})
    if question.kind in ("number", "date") and answer is not None:
        yield from _bounded(question, answer)


def _rows(question: Question, answer: Mapping[str, Any]) -> Iterator[Problem]:
    if question.each_row:
        yield from (problem(codes.ANSWER_MISSING, question.name, row) for row in question.rows if row not in answer)
    if question.unlike:
        cells = [(row, coercion.text_of(answer[row])) for row in question.rows if row in answer]
        known = [cell for _, cell in cells]
        yield from (
            problem(codes.ANSWER_REPEATED, question.name, row)
            for at, (row, cell) in enumerate(cells)
            if cell in known[:at]
        )


def _bounded(question: Question, answer: Any) -> Iterator[Problem]:
    least, most, step = question.bounds.least, question.bounds.most, question.bounds.step
    if most is None and question.kind == "date":
        most = LAST_DAY
    if least is not None and answer < least:
        yield problem(codes.ANSWER_BELOW, question.name, least=str(least))
    if most is not None and answer > most:
        yield problem(codes.ANSWER_ABOVE, question.name, most=str(most))
    if step is not None and not _is_multiple(answer, step):
        yield problem(codes.ANSWER_OFF_STEP, question.name, step=str(step))


def _is_multiple(value: float, step: float) -> bool:
    """Say whether a number is so many times a step, up to six decimal places: `isStepNumberIncorrect`."""
    power = 1
    while power < FINEST and any(math.floor(each * power + 0.5) / power != each for each in (step, value)):
        power *= 10
    return math.floor(value * power + 0.5) % math.floor(step * power + 0.5) == 0


def _invalid(question: Question, answers: Answers) -> Iterator[Problem]:
    for validator in question.validators:
        if not _passes(validator, answers.get(question.name), answers):
            yield problem(codes.ANSWER_INVALID, question.name, validator=validator.kind)


def _passes(validator: Validator, answer: Any, answers: Answers) -> bool:
    if validator.condition is not None:
        return holds(validator.condition, answers)
    if answer is None:
        return True
    if validator.kind == "email":
        return _EMAIL.fullmatch(coercion.units(answer)) is not None
    measure = (
        answer if validator.kind == "numeric" else len(coercion.units(answer) if validator.kind == "text" else answer)
    )
    return not (
        (validator.least is not None and measure < validator.least)
        or (validator.most is not None and measure > validator.most)
    )
