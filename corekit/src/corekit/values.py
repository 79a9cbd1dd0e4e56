"""Values that are made of fields: of attrs classes, and named tuples."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar, cast

import attrs

V = TypeVar("V")
_new = cast("Any", tuple).__new__


def maker(of: Callable[..., V]) -> Callable[[Iterable[Any]], V]:
    """Return what makes a named tuple of its fields, all given at once: a call of the class takes ten times as long."""
    made: Callable[[Iterable[Any]], V] = partial(_new, of)
    return made


def is_named_tuple(of: Any) -> bool:
    """Say whether something is a named tuple, or a class of them."""
    return hasattr(of, "_asdict")


def fields_of(value: Any) -> dict[str, Any] | None:
    """Return what a value of an attrs class or a named tuple is made of, by name; None for any other value."""
    if is_named_tuple(value):
        named: dict[str, Any] = value._asdict()
        return named
    return attrs.asdict(value, recurse=False) if attrs.has(value.__class__) else None
