"""Conditions hold where survey-core finds that they hold; `make clients` compares them by the thousand."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import ErrorText
from corekit_surveys import codes
from corekit_surveys.expressions import Variable, holds, variables
from corekit_surveys.parsing import NotUnderstood, parse

SHAPES = {"flag": "boolean", "list": "list", "rank": "ranking", "table": "table"}


def variable(text: str) -> Variable:
    if text == "unknown":
        raise NotUnderstood(codes.EXPRESSION_UNKNOWN, name=text)
    name, _, row = text.partition(".")
    return Variable(question=name, shape="cell" if row else SHAPES.get(name, "text"), row=row or None)


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("{a} = 'Red'", {"a": " red "}),
        ("{a} = 5", {"a": "5.0"}),
        ("{a} = '5'", {"a": 5}),
        ("{a} = 16", {"a": "0x10"}),
        ("{a} = 1.5", {"a": "1,5"}),
        ("{a} = 7 and {a} > '00'", {"a": "007"}),
        ("{a} = true", {"a": "TRUE"}),
        ("{a} = ''", {}),
        (r"{a} = 'it\'s \here'", {"a": r"it's \here"}),
        ("{a} = {b}", {}),
        ("{list} = {b}", {}),
        ("!({list} = '')", {}),
        ("{a} > 9", {"a": "10"}),
        ("{a} < '9'", {"a": "-"}),
        ("{a} < '\uffee'", {"a": "😀"}),
        ("!({a} > 1) and !({a} < 1) and !({a} = 1)", {}),
        ("{a} >= 1 and {a} <= 1", {"a": 1}),
        ("{list} = ['b', 'a']", {"list": ["a", "b"]}),
        ("{rank} != ['b', 'a']", {"rank": ["a", "b"]}),
        ("{list} contains 'A'", {"list": ["a", "b"]}),
        ("{list} notcontains 'c' and {a} notcontains 'c'", {"list": ["a", "b"]}),
        ("{a} contains 'ELL'", {"a": "hello"}),
        ("{list} anyof ['x', 'b']", {"list": ["a", "b"]}),
        ("{a} anyof ['x', 'b']", {"a": "b"}),
        ("{list} allof ['a', 'b'] and !({list} allof ['a', 'c'])", {"list": ["b", "a"]}),
        ("{list} noneof ['c', 'd']", {"list": ["a"]}),
        ("{flag} and !{other} empty or false", {"flag": True, "other": 0}),
        ("{table} notempty && {table.row} = 2 && {table.none} empty", {"table": {"row": 2}}),
        ("true or {a} = 1 and {a} = 2", {}),
        ("(true || {a} = 1) && {b} notempty", {"b": 1}),
    ],
)
def test_it_holds(text: str, answers: dict[str, Any]) -> None:
    condition = parse(text, variable)
    assert holds(condition, answers)
    assert {each.question for each in variables(condition)} >= set(answers)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{a} = red", codes.EXPRESSION_SYNTAX),
        ("{a} + 1 = 2", codes.EXPRESSION_SYNTAX),
        ("{a} = {b} = {c}", codes.EXPRESSION_SYNTAX),
        ("today() > {a}", codes.EXPRESSION_SYNTAX),
        ("{a} <> 1", codes.EXPRESSION_SYNTAX),
        ("{a} = 'equals'", codes.EXPRESSION_SYNTAX),
        ("{a} = 007", codes.EXPRESSION_SYNTAX),
        ("{a} = null", codes.EXPRESSION_SYNTAX),
        (r"{a} = 'x\'", codes.EXPRESSION_SYNTAX),
        ("{a} = []", codes.EXPRESSION_SYNTAX),
        ("({a} = 1", codes.EXPRESSION_SYNTAX),
        ("({a} = ')'", codes.EXPRESSION_SYNTAX),
        ("{a} = 1 {b}", codes.EXPRESSION_SYNTAX),
        ("", codes.EXPRESSION_SYNTAX),
        ("(" * 40 + "true" + ")" * 40, codes.EXPRESSION_SYNTAX),
        ("true or " * 300 + "true", codes.EXPRESSION_SYNTAX),
        ("{a} and true", codes.EXPRESSION_VALUE),
        ("!{a}", codes.EXPRESSION_VALUE),
        ("{table} = 1", codes.EXPRESSION_TABLE),
        ("{list} > 1", codes.EXPRESSION_ORDER),
        ("{a} > [1]", codes.EXPRESSION_ORDER),
        ("{table.row} = {list}", codes.EXPRESSION_CELL),
        ("{unknown} = 1", codes.EXPRESSION_UNKNOWN),
    ],
)
def test_what_survey_core_would_read_otherwise_is_refused(text: str, code: ErrorText) -> None:
    with pytest.raises(NotUnderstood) as caught:
        parse(text, variable)
    assert caught.value.text is code
    assert codes.problem(code, **caught.value.parameters).message
