"""Conditions such as ``{age} >= 18 and {diet} contains 'fish'``, ready to be judged over answers.

They are the part of SurveyJS's expression language that :mod:`corekit_surveys.parsing` reads, and are true when
survey-core finds them true. Pure: nothing but values in and out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attrs import frozen

from corekit_surveys import coercion

Answers = Mapping[str, Any]
"""Answers by the name of their question, as JSON has them; what was not answered is not in it."""


@frozen
class Constant:
    """A text, a number or a boolean that stands in an expression."""

    value: str | float | bool


@frozen
class Values:
    """A list of constants."""

    values: tuple[str | float | bool, ...]


@frozen(kw_only=True)
class Variable:
    """What was answered to a question: all of it, one ``row`` of a matrix, or one of a list by its ``index`` from 0.

    ``shape`` is what an answer to it is made of: a ``text``, a ``number``, a ``boolean``, a ``list``, an ordered
    ``ranking``, a ``table`` of rows, or one ``cell`` of it.
    """

    question: str
    shape: str
    row: str | None = None
    index: int | None = None


Operand = Constant | Values | Variable
LISTS = frozenset({"list", "ranking"})
"""The shapes of which an answer is a list; where nothing was answered it is empty."""
ORDERING = frozenset({"less", "lessorequal", "greater", "greaterorequal"})
"""The comparisons that say nothing of lists."""


@frozen
class Comparison:
    """Two operands and what is said of them, one of :data:`COMPARISONS`."""

    operator: str
    left: Operand
    right: Operand


@frozen
class Answered:
    """Whether a question was answered, or was not where ``wanted`` is False."""

    variable: Variable
    wanted: bool


@frozen
class Junction:
    """Two conditions of which both must hold, or one where ``enough`` is True."""

    left: Condition
    right: Condition
    enough: bool


@frozen
class Negation:
    """A condition that must not hold."""

    condition: Condition


Condition = Comparison | Answered | Junction | Negation | Constant | Variable
"""A constant is one where it is a boolean, a variable where its question is."""

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "less": coercion.less,
    "lessorequal": lambda left, right: coercion.equal(left, right) or coercion.less(left, right),
    "greater": lambda left, right: coercion.less(right, left),
    "greaterorequal": lambda left, right: coercion.equal(left, right) or coercion.less(right, left),
    "contains": coercion.contains,
    "notcontains": coercion.contains_not,
    "anyof": coercion.any_of,
    "noneof": lambda left, right: not coercion.any_of(left, right),
    "allof": coercion.all_of,
}
"""What can be said of two operands besides that they are ``equal`` or ``notequal``."""


def holds(condition: Condition, answers: Answers) -> bool:
    """Say whether a condition is true of answers."""
    match condition:
        case Comparison(operator, left, right):
            return _compared(operator, left, right, answers)
        case Answered(variable, wanted):
            return coercion.is_empty(value_of(variable, answers)) is not wanted
        case Junction(left, right, enough):
            return holds(right, answers) if holds(left, answers) is not enough else enough
        case Negation(negated):
            return not holds(negated, answers)
        case Constant() | Variable():
            return value_of(condition, answers) is True


def value_of(operand: Operand, answers: Answers) -> Any:
    """Return what an operand stands for; None where nothing was answered."""
    if isinstance(operand, Constant):
        return operand.value
    if isinstance(operand, Values):
        return list(operand.values)
    value = answers.get(operand.question, [] if operand.shape in LISTS else None)
    if value is not None and operand.row is not None:
        value = value.get(operand.row)
    if value is not None and operand.index is not None:
        value = value[operand.index] if operand.index < len(value) else None
    return coercion.understood(value)


def variables(condition: Condition | Operand) -> Iterator[Variable]:
    """Yield the variables of a condition, from left to right."""
    match condition:
        case Variable():
            yield condition
        case Comparison(_, left, right) | Junction(left, right, _):
            yield from variables(left)
            yield from variables(right)
        case Answered(inner, _) | Negation(inner):
            yield from variables(inner)
        case Constant() | Values():
            pass


def _compared(operator: str, left: Operand, right: Operand, answers: Answers) -> bool:
    values = value_of(left, answers), value_of(right, answers)
    if operator in ("equal", "notequal"):
        in_order = any(isinstance(each, Variable) and each.shape == "ranking" for each in (left, right))
        return coercion.equal(*values, in_order=in_order) is (operator == "equal")
    return COMPARISONS[operator](*values)
