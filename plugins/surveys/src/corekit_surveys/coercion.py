"""Values as survey-core compares them: with JavaScript's coercions, and with its own on top.

A value is what JSON has: a text, a number, a boolean, a list, a table. None stands for what is not there. What each
function does is what survey-core does under the name that its docstring gives.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any, TypeGuard

SPACE = "\t\n\v\f\r \u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000\ufeff"
"""What JavaScript takes for white space."""
_DECIMAL = r"[+-]?(?:Infinity|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
_BEGINS = re.compile(_DECIMAL)
_WHOLE = re.compile(rf"({_DECIMAL})|0[xX]([0-9a-fA-F]+)|0[oO]([0-7]+)|0[bB]([01]+)")
_HEXADECIMAL = re.compile(r"0x([0-9a-fA-F]+)")
_BASES = (16, 8, 2)
_LONGEST_HEXADECIMAL = 32
_MOST_DIGITS = 15
_SMALLEST_IN_FULL = 1e-6
"""Below it JavaScript writes a number with an exponent."""


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Say whether a value is a table."""
    return isinstance(value, dict)


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Say whether a value is a list."""
    return isinstance(value, list)


def trimmed(text: str) -> str:
    """Return a text without the white space around it, in JavaScript's sense of it."""
    return text.strip(SPACE)


def units(text: str) -> str:
    """Return a text as UTF-16 code units, of which JavaScript counts and orders: one character for each."""
    if text.isascii() or all(character <= "\uffff" for character in text):
        return text
    encoded = text.encode("utf-16-be", "surrogatepass")
    return "".join(chr(int.from_bytes(encoded[at : at + 2])) for at in range(0, len(encoded), 2))


def is_empty(value: Any) -> bool:
    """Say whether there is nothing: `Helpers.isValueEmpty`."""
    if is_object(value):
        return all(map(is_empty, value.values()))
    return value is None or value in ("", [])


def number(value: Any) -> float:
    """Return JavaScript's `Number(value)` of what is no list and no table."""
    if not isinstance(value, str):
        return math.nan if value is None else float(value)
    text = trimmed(value)
    if not text:
        return 0.0
    found = _WHOLE.fullmatch(text)
    if found is None:
        return math.nan
    decimal, *others = found.groups()
    if decimal is not None:
        return float(decimal)
    return float(next(int(digits, base) for digits, base in zip(others, _BASES, strict=True) if digits is not None))


def number_in(text: str) -> float | None:
    """Return the number that a text is taken for: `Helpers.getNumber`; None where it is none."""
    text = trimmed(text)
    if text.startswith("0x"):
        found = _HEXADECIMAL.match(text)
        return float(int(found[1], 16)) if found and len(text) <= _LONGEST_HEXADECIMAL else None
    if len(text) > _MOST_DIGITS and text.isascii() and text.isdigit():
        return None
    if max(text.rfind("-"), text.rfind("+")) <= 0 and any(operator in text for operator in "*^/%"):
        return None
    if text.count(",") == 1:
        text = text.replace(",", ".")
    begins = _BEGINS.match(text)
    if begins is None or not math.isfinite(number(text)):
        return None
    return float(begins[0])


def understood(value: Any) -> Any:
    """Return what an answer counts as in an expression: `Const.getCorrectValue`."""
    if not isinstance(value, str) or not value:
        return value
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    if len(value) > 1 and value[0] in "'\"" and value[-1] in "'\"":
        return value[1:-1]
    # A code such as 007 is no number.
    if value[0] == "0" and value[1:2] not in ("", ".", ",") and not value.startswith("0x"):
        return value
    found = number_in(value)
    return value if found is None else found


def text_of(value: Any) -> str:
    """Return JavaScript's `String(value)` of what is no table."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _text_of_number(value)
    if is_list(value):
        return ",".join(map(text_of, value))
    return str(value)


def equal(left: Any, right: Any, *, in_order: bool = False) -> bool:
    """Say whether two values are the same: the operator `equal`; lists in any order, unless ``in_order``."""
    left, right = (None if value == "undefined" else value for value in (left, right))
    return _same(left, right, in_order=in_order)


def less(left: Any, right: Any) -> bool:
    """Say whether one value is below the other; texts are compared as texts, anything else as numbers."""
    if left is None or right is None:
        return False
    left, right = (text_of(value) if is_list(value) else value for value in (left, right))
    if isinstance(left, str) and isinstance(right, str):
        return units(left) < units(right)
    return number(left) < number(right)


def contains(left: Any, right: Any) -> bool:
    """Say whether a list has a value, or all of a list; or a text has a part, whatever the case of its letters."""
    return _contains(left, right, wanted=True)


def contains_not(left: Any, right: Any) -> bool:
    """Say that it does not; of what is not there it is true as well."""
    if _is_false(left) and not is_empty(right):
        return True
    return _contains(left, right, wanted=False)


def any_of(left: Any, right: Any) -> bool:
    """Say whether one of the values on the right is among those on the left."""
    if is_empty(left) or is_empty(right):
        return is_empty(right)
    if not is_list(left):
        return contains(right, left)
    if not is_list(right):
        return contains(left, right)
    return any(contains(left, each) for each in right)


def all_of(left: Any, right: Any) -> bool:
    """Say whether all the values on the right are among those on the left."""
    if _is_false(left) and not is_empty(right):
        return False
    return all(contains(left, each) for each in right) if is_list(right) else contains(left, right)


def _contains(left: Any, right: Any, *, wanted: bool) -> bool:
    if left == []:
        return not wanted
    if left is None or left == "":
        return False
    if not is_list(left):
        if _is_false(right):
            return False
        return (text_of(right).lower() in text_of(left).lower()) is wanted
    sought = right if is_list(right) else [right]
    return all(any(equal(each, one) for each in left) for one in sought) is wanted


def _is_false(value: Any) -> bool:
    """Say whether JavaScript takes a value for false: also 0, but no empty list."""
    return value is None or (not isinstance(value, list | dict) and not value)


def _same(left: Any, right: Any, *, in_order: bool) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return trimmed(left).lower() == trimmed(right).lower()
    if is_empty(left) or is_empty(right):
        return is_empty(left) and is_empty(right) and {type(left), type(right)} != {list, str}
    if is_list(left) and is_list(right):
        return _same_lists(left, right, in_order=in_order)
    if is_list(left) or is_list(right):
        return False
    for one, other in ((left, right), (right, left)):
        if isinstance(one, bool) and isinstance(other, str):
            return text_of(one) == other.lower()
    return number(left) == number(right)


def _same_lists(left: list[Any], right: list[Any], *, in_order: bool) -> bool:
    if len(left) != len(right):
        return False
    if not in_order:
        left, right = (sorted(values, key=lambda value: units(text_of(value))) for values in (left, right))
    return all(_same(one, other, in_order=in_order) for one, other in zip(left, right, strict=True))


def _text_of_number(value: float) -> str:
    if value == int(value):
        return str(int(value))
    text = repr(value)
    if "e" not in text:
        return text
    if abs(value) >= _SMALLEST_IN_FULL:
        return format(Decimal(text), "f")
    mantissa, exponent = text.split("e")
    return f"{mantissa}e{int(exponent)}"
