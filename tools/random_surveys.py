"""Random definitions of surveys, and random answers to them, within what `corekit_surveys` understands.

Most answers are such as a frontend sends; some are of no choice, of no question, or to what is hidden. Conditions
compare answers of any kind with texts, numbers and lists that are like them, so that each coercion has its turn.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, TypeVar

from attrs import frozen

from corekit_surveys.definition import COMMENT, OTHER

ANSWERED = 5
"""Sets of answers to each definition."""
TEXTS = (
    *(
        "red",
        "Red",
        " red",
        "red ",
        "true",
        "FALSE",
        "5",
        "5.0",
        " 5 ",
        "0",
        "007",
        "1,5",
        "0x10",
        "1e3",
        "-3",
        "10%",
        "3-2",
    ),
    *(
        "'red'",
        "undefined",
        "null",
        "红色",
        "É",
        "é",
        "😀😀",
        "😀a",
        "\uffee",
        "red, blue",
        "blue,red",
        "12345678901234567",
    ),
    *("ann@example.com", "ann@example", "Infinity", "+7", ".5", "0.1", "0,5", "line\nline", "x" * 30),
)
CHOICES = ("red", "Green", "blue", "5", "true", "红色", "a b", 0, 1, 2.5, 10, -1)
ROWS = ("service", "Price", "speed of it", "7", "味道")
NUMBERS = (0, 1, -1, 2, 5, 5.5, 0.1, 0.30000000000000004, 10, 100, 1e-7, 123456789012345, -2.5)
STEPS = (0.1, 0.5, 1, 2, 5)
DAYS = ("2026-01-01", "2026-01-31", "2025-12-31", "2026-02-28", "2999-12-31", "3000-01-01", "1999-06-01")
KINDS = (
    *("radiogroup", "checkbox", "dropdown", "rating", "boolean", "matrix", "text", "number", "date", "comment"),
    *("ranking", "html"),
)
CHOSEN = ("radiogroup", "checkbox", "dropdown", "ranking")
LISTS = ("checkbox", "ranking")
ORDERING = ("<", "<=", ">", ">=", "less", "greaterorequal")
COMPARING = ("=", "=", "==", "!=", "contains", "notcontains", "anyof", "allof", "noneof", "notequal")
JOINING = ("and", "or", "&&", "||", "AND")
DEEPEST = 3
FIRST = 3
"""Of so many choices lists are made, so that now and then two are alike."""

T = TypeVar("T")
Json = dict[str, Any]


@frozen
class Pair:
    """A definition and answers to it."""

    definition: Json
    answers: Json


def pairs(seed: int, number: int) -> list[Pair]:
    """Return so many pairs; the same seed gives the same."""
    chance = _Chance(seed)
    found: list[Pair] = []
    while len(found) < number:
        made = _Definition(chance)
        found += [Pair(made.json, made.answers()) for _ in range(min(ANSWERED, number - len(found)))]
    return found


class _Chance(Random):
    """Draws, the same again for the same seed."""

    def in_hundred(self, number: int) -> bool:
        """Say yes so many times out of a hundred."""
        return self.random() * 100 < number

    def some(self, values: Sequence[T], least: int = 1, most: int = 5) -> list[T]:
        """Return some of the values, in any order."""
        return self.sample(values, self.randint(least, min(most, len(values))))

    def flags(self, percent: int, *names: str) -> dict[str, bool]:
        """Set each of the names, or leave it out."""
        return {name: True for name in names if self.in_hundred(percent)}


@frozen
class _Operand:
    """What a condition may refer to, what kind of question it is of, and values like those that are answered."""

    text: str
    kind: str
    like: Sequence[Any]


def _kind(question: Mapping[str, Any]) -> str:
    return str(question.get("inputType", question["type"]))


class _Definition:
    """A random definition; its questions are drawn first, so that conditions can refer to any of them."""

    def __init__(self, chance: _Chance) -> None:
        self.chance = chance
        self.questions = [self._question(f"q{at}") for at in range(1, chance.randint(3, 9))]
        self.operands = [operand for question in self.questions for operand in self._operands(question)]
        for question in self.questions:
            self._conditions(question)
        self.json: Json = {"pages": list(self._pages()), "clearInvisibleValues": "onHiddenContainer"}

    def answers(self) -> Json:
        """Return random answers, to most of the questions."""
        found: Json = {}
        for question in self.questions:
            if question["type"] != "html" and self.chance.in_hundred(70):
                answer = _ANSWERS[_kind(question)](self.chance, question)
                found[question["name"]] = answer
                other = OTHER in answer if isinstance(answer, list) else answer == OTHER
                if question.get("showOtherItem") and self.chance.in_hundred(80 if other else 10):
                    found[question["name"] + COMMENT] = self.chance.choice(TEXTS)
        if self.chance.in_hundred(2):
            found["q99"] = "red"
        return found

    def _pages(self) -> Iterator[Json]:
        left, number = self.questions, 1
        while left:
            size = self.chance.randint(1, len(left))
            page: Json = {"name": f"page{number}", "elements": left[:size]}
            if self.chance.in_hundred(15):
                page["visibleIf"] = self._condition()
            yield page
            left, number = left[size:], number + 1

    def _question(self, name: str) -> Json:
        kind = self.chance.choice(KINDS)
        question: Json = {"type": kind, "name": name}
        if kind in CHOSEN:
            question["choices"] = self.chance.some(CHOICES, 2)
        if kind in CHOSEN and kind != "ranking":
            question |= self.chance.flags(30, "showOtherItem", "showNoneItem")
        match kind:
            case "number" | "date":
                question |= {"type": "text", "inputType": kind, **self._bounds(kind)}
            case "rating" if self.chance.in_hundred(50):
                question |= {"rateMin": 0, "rateMax": 10, "rateStep": self.chance.choice((1, 2, 5))}
            case "rating" if self.chance.in_hundred(50):
                question["rateValues"] = self.chance.some(CHOICES, 2)
            case "matrix":
                question |= {
                    "rows": self.chance.some(ROWS),
                    "columns": self.chance.some([each for each in CHOICES if each != 0], 2),
                }
                question |= self.chance.flags(20, "eachRowRequired", "eachRowUnique")
            case "html":
                question["html"] = "<p>Thank you.</p>"
            case _:
                pass
        return question

    def _bounds(self, kind: str) -> Json:
        values: Sequence[Any] = NUMBERS if kind == "number" else DAYS
        least, most = sorted(self.chance.sample(values, 2))
        bounds = {name: value for name, value in (("min", least), ("max", most)) if self.chance.in_hundred(30)}
        if kind == "number" and self.chance.in_hundred(20):
            bounds["step"] = self.chance.choice(STEPS)
        return bounds

    def _conditions(self, question: Json) -> None:
        if self.chance.in_hundred(35):
            question["visibleIf"] = self._condition()
        if question["type"] == "html":
            return
        if self.chance.in_hundred(20):
            question["isRequired"] = True
        elif self.chance.in_hundred(20):
            question["requiredIf"] = self._condition()
        if validators := [each for each in self._validators(question) if self.chance.in_hundred(20)]:
            question["validators"] = validators

    def _validators(self, question: Json) -> Iterator[Json]:
        kind, least = _kind(question), self.chance.randint(1, 3)
        if kind in LISTS:
            yield {"type": "answercount", "minCount": least, "maxCount": least + 1}
        if kind in ("text", "comment"):
            yield {"type": "text", "minLength": least, "maxLength": least + 3}
        if kind == "text":
            yield {"type": "email"}
        if kind == "number":
            yield {"type": "numeric", "minValue": -least, "maxValue": least * 4}
        yield {"type": "expression", "expression": self._condition()}

    def _operands(self, question: Json) -> Iterator[_Operand]:
        kind, name = _kind(question), question["name"]
        like = _choices(question) or {"number": NUMBERS, "date": DAYS, "boolean": (True, False)}.get(kind, TEXTS)
        if kind == "matrix":
            yield from (_Operand(f"{{{name}.{row}}}", "cell", like) for row in question["rows"])
        if kind in LISTS:
            yield _Operand(f"{{{name}[{self.chance.randint(0, 2)}]}}", "text", like)
        if kind != "html":
            yield _Operand(f"{{{name}}}", kind, like)

    def _condition(self, depth: int = 0) -> str:
        if depth < DEEPEST and self.chance.in_hundred(30):
            left, right = self._condition(depth + 1), self._condition(depth + 1)
            return f"({left}) {self.chance.choice(JOINING)} {right}"
        if depth < DEEPEST and self.chance.in_hundred(10):
            return f"!({self._condition(depth + 1)})"
        if not self.operands:
            return "true"
        operand = self.chance.choice(self.operands)
        if operand.kind == "boolean" and self.chance.in_hundred(50):
            return self.chance.choice((operand.text, f"!{operand.text}"))
        if operand.kind == "matrix" or self.chance.in_hundred(20):
            return f"{operand.text} {self.chance.choice(('empty', 'notempty'))}"
        operator = self.chance.choice(COMPARING if operand.kind in LISTS else (*COMPARING, *ORDERING))
        return f"{operand.text} {operator} {self._compared(operand, ordered=operator in ORDERING)}"

    def _compared(self, operand: _Operand, *, ordered: bool) -> str:
        others = [each.text for each in self.operands if not self._is_unlike(operand, each, ordered=ordered)]
        if others and self.chance.in_hundred(15):
            return self.chance.choice(others)
        if not ordered and self.chance.in_hundred(60 if operand.kind in LISTS else 20):
            return f"[{', '.join(map(_constant, self.chance.some(operand.like[:FIRST])))}]"
        if self.chance.in_hundred(60):
            like = _constant(self.chance.choice(operand.like))
            return f"' {like[1:]}" if like.startswith("'") and self.chance.in_hundred(10) else like
        return _constant(self.chance.choice(self.chance.choice((CHOICES, NUMBERS, DAYS, TEXTS, (True, False)))))

    def _is_unlike(self, operand: _Operand, other: _Operand, *, ordered: bool) -> bool:
        """Say whether two operands may not be compared."""
        kinds = {operand.kind, other.kind}
        return (
            other.kind == "matrix"
            or (other.kind in LISTS and ordered)
            or ("cell" in kinds and not kinds.isdisjoint(LISTS))
        )


def _constant(value: Any) -> str:
    if isinstance(value, str):
        return "'{}'".format(value.replace("'", "\\'"))
    return json.dumps(value) if isinstance(value, bool | int) else format(value, ".18f").rstrip("0")


# Answers by the kind of their question


def _choices(question: Json) -> list[Any]:
    """Return what can be chosen, where anything can."""
    if question["type"] == "rating" and "rateValues" not in question:
        return list(range(question.get("rateMin", 1), question.get("rateMax", 5) + 1, question.get("rateStep", 1)))
    listed = next((name for name in ("choices", "columns", "rateValues") if name in question), "")
    return list(question.get(listed, ()))


def _one(chance: _Chance, question: Json) -> Any:
    if chance.in_hundred(1):
        return "no choice"
    besides = [OTHER] * question.get("showOtherItem", False) + ["none"] * question.get("showNoneItem", False)
    return chance.choice(_choices(question) + besides)


def _several(chance: _Chance, question: Json) -> list[Any]:
    if question.get("showNoneItem") and chance.in_hundred(20):
        return ["none"]
    return chance.some(_choices(question)[:FIRST] + [OTHER] * question.get("showOtherItem", False))


def _ranked(chance: _Chance, question: Json) -> list[Any]:
    ranked = chance.sample(_choices(question), len(_choices(question)))
    return ranked[1:] if chance.in_hundred(5) else ranked


def _rows(chance: _Chance, question: Json) -> Json:
    return {row: _one(chance, question) for row in chance.some(question["rows"])}


_ANSWERS: Mapping[str, Callable[[_Chance, Json], Any]] = {
    "boolean": lambda chance, _: chance.in_hundred(50),
    "checkbox": _several,
    "comment": lambda chance, _: chance.choice(TEXTS),
    "date": lambda chance, _: chance.choice(DAYS),
    "dropdown": _one,
    "matrix": _rows,
    "number": lambda chance, _: chance.choice(NUMBERS),
    "radiogroup": _one,
    "ranking": _ranked,
    "rating": _one,
    "text": lambda chance, _: chance.choice(TEXTS),
}
