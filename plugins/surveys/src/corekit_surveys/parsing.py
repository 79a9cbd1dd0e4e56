"""Read the part of SurveyJS's expression language that is understood here.

A condition is made of comparisons, ``and`` (``&&``), ``or`` (``||``), ``!`` (``negate``) and parentheses::

    {age} >= 18 and ({diet} contains 'fish' or {diet} anyof ['meat', 'egg']) and {rating.service} notempty

Texts stand in quotes, and lists in brackets. ``{question}`` is an answer, ``{matrix.row}`` that of one row and
``{list[0]}`` one of several. Functions, arithmetic, and words without quotes are refused, and so is whatever
survey-core would not read just so.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from attrs import define, frozen

from corekit import ErrorText
from corekit_surveys import codes
from corekit_surveys.expressions import (
    LISTS,
    ORDERING,
    Answered,
    Comparison,
    Condition,
    Constant,
    Junction,
    Negation,
    Operand,
    Values,
    Variable,
)

LONGEST = 2_000
"""Characters."""
DEEPEST = 30
"""Conditions inside one another."""

_TOKEN = re.compile(
    r"""(?P<variable>\{[^{}]*\})
    |'(?P<single>(?:\\['"]|[^'"])*+)'
    |"(?P<double>(?:\\['"]|[^'"])*+)"
    |(?P<number>-?(?:[0-9]+\.[0-9]+|[1-9][0-9]*|0)(?![\w.]))
    |(?P<word>[A-Za-z]+(?![\w(]))
    |(?P<sign>&&|\|\||<=|>=|==|!=|[=<>!()\[\],])""",
    re.VERBOSE | re.ASCII,
)
_SPACE = " \t\n\r"
_REWRITTEN = re.compile(r"=>|=<|<>|equals")
"""survey-core replaces these before it reads an expression, also inside of texts."""
_ESCAPED = re.compile(r"\\(['\"])")
_SIGNS = {
    "!=": "notequal",
    "<": "less",
    "<=": "lessorequal",
    "=": "equal",
    "==": "equal",
    ">": "greater",
    ">=": "greaterorequal",
}
_COMPARING = frozenset(_SIGNS.values())
_NAMED = {"contains", "contain", "notcontains", "notcontain", "anyof", "allof", "noneof"}
_FULL = {"contain": "contains", "notcontain": "notcontains"}
_JOINING = {"and": False, "&&": False, "or": True, "||": True}
_MOST_DIGITS = 20


class NotUnderstood(Exception):
    """An expression outside of the subset: ``text`` says what is wrong, and ``parameters`` fill it."""

    def __init__(self, text: ErrorText, **parameters: str) -> None:
        super().__init__(text.code)
        self.text = text
        self.parameters = parameters


@frozen
class _Token:
    kind: str
    text: str
    at: int


def parse(text: str, variable: Callable[[str], Variable]) -> Condition:
    """Return the condition that a text says; ``variable`` returns what stands between braces.

    Raises :class:`NotUnderstood`, as ``variable`` may.
    """
    rewritten = _REWRITTEN.search(text)
    if len(text) > LONGEST or rewritten is not None:
        at = LONGEST if rewritten is None else rewritten.start()
        raise _wrong(at, text[at : at + 10])
    return _Parser(_tokens(text), variable).whole()


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while at < len(text):
        if text[at] in _SPACE:
            at += 1
            continue
        found = _TOKEN.match(text, at)
        if found is None:
            raise _wrong(at, text[at : at + 10])
        kind = found.lastgroup or ""
        tokens.append(_Token(kind, found[kind], at))
        at = found.end()
    return [*tokens, _Token("end", "", at)]


@define
class _Parser:
    """Descends through the tokens; what binds least is asked first."""

    tokens: list[_Token]
    variable: Callable[[str], Variable]
    next: int = 0
    depth: int = 0

    def whole(self) -> Condition:
        condition = self.junction(enough=True)
        self.expect("end")
        return condition

    def junction(self, *, enough: bool) -> Condition:
        """Read conditions that are joined by ``or``, of which each may be joined by ``and``."""
        left = self.junction(enough=False) if enough else self.comparison()
        while _JOINING.get(self.word()) is enough:
            self.take()
            right = self.junction(enough=False) if enough else self.comparison()
            left = Junction(left, right, enough)
        return left

    def comparison(self) -> Condition:
        if (inner := self.inner()) is not None:
            return inner
        start = self.tokens[self.next]
        left = self.operand()
        if self.word() in ("empty", "notempty"):
            if not isinstance(left, Variable):
                raise self.wrong(start)
            return Answered(left, wanted=self.take().text.lower() == "notempty")
        operator = self.operator()
        if operator is None:
            return _condition(left)
        right = self.operand()
        if self.operator(take=False) is not None:
            raise self.wrong(self.tokens[self.next])
        return _compared(operator, left, right)

    def inner(self) -> Condition | None:
        """Read what stands in parentheses, or behind a negation; None where there is neither."""
        negated = self.word() in ("!", "negate")
        if not negated and self.word() != "(":
            return None
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.wrong(self.tokens[self.next])
        self.take()
        condition = self.negated() if negated else self.junction(enough=True)
        if not negated:
            self.expect(")")
        self.depth -= 1
        return condition

    def negated(self) -> Condition:
        """Read what a negation negates: what is in parentheses, another one, or a variable with what is said of it."""
        if (inner := self.inner()) is not None:
            return Negation(inner)
        variable = self.operand()
        if isinstance(variable, Variable) and self.word() in ("empty", "notempty"):
            return Negation(Answered(variable, wanted=self.take().text.lower() == "notempty"))
        return Negation(_condition(variable))

    def operator(self, *, take: bool = True) -> str | None:
        word = self.word()
        operator = _SIGNS.get(word) or (
            word if word in _COMPARING else _FULL.get(word, word) if word in _NAMED else None
        )
        if operator is not None and take:
            self.take()
        return operator

    def operand(self) -> Operand:
        token = self.take()
        if token.kind == "variable":
            return self.variable(token.text[1:-1])
        if token.text == "[" and token.kind == "sign":
            values = [self.constant(self.take())]
            while self.word() == ",":
                self.take()
                values.append(self.constant(self.take()))
            self.expect("]")
            return Values(tuple(values))
        return Constant(self.constant(token))

    def constant(self, token: _Token) -> str | float | bool:
        match token.kind:
            case "single" | "double":
                return _ESCAPED.sub(r"\1", token.text)
            case "number" if sum(map(str.isdigit, token.text)) <= _MOST_DIGITS:
                return float(token.text)
            case "word" if token.text.lower() in ("true", "false"):
                return token.text.lower() == "true"
            case _:
                raise self.wrong(token)

    def word(self) -> str:
        """Return the next token where it is a word or a sign."""
        token = self.tokens[self.next]
        return token.text.lower() if token.kind in ("word", "sign") else ""

    def take(self) -> _Token:
        token = self.tokens[self.next]
        self.next = min(self.next + 1, len(self.tokens) - 1)
        return token

    def expect(self, text: str) -> None:
        token = self.take()
        if (token.text if token.kind == "sign" else token.kind) != text:
            raise self.wrong(token)

    def wrong(self, token: _Token) -> NotUnderstood:
        return _wrong(token.at, token.text)


def _wrong(at: int, found: str) -> NotUnderstood:
    return NotUnderstood(codes.EXPRESSION_SYNTAX, at=str(at), found=found)


def _condition(operand: Operand) -> Condition:
    if isinstance(operand, Constant) and isinstance(operand.value, bool):
        return operand
    if isinstance(operand, Variable) and operand.shape == "boolean":
        return operand
    raise NotUnderstood(codes.EXPRESSION_VALUE)


def _compared(operator: str, left: Operand, right: Operand) -> Comparison:
    """Return a comparison, where survey-core has but one answer to it."""
    variables = {each.shape: each for each in (left, right) if isinstance(each, Variable)}
    shapes = variables.keys()
    if "table" in shapes:
        raise NotUnderstood(codes.EXPRESSION_TABLE, question=variables["table"].question)
    if operator in ORDERING and (shapes & LISTS or isinstance(left, Values) or isinstance(right, Values)):
        raise NotUnderstood(codes.EXPRESSION_ORDER)
    # What is not answered of a matrix is the same as an empty list or is not, by what was answered before.
    if operator in ("equal", "notequal") and "cell" in shapes and shapes & LISTS:
        raise NotUnderstood(codes.EXPRESSION_CELL)
    return Comparison(operator, left, right)
