"""Looks at a whole column by the classes of its values, of which there are few, instead of value by value."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from types import NoneType
from typing import Any

Classes = set[type]


def classes_of(values: Iterable[Any]) -> Classes:
    """Return the classes of values."""
    return set(map(type, values))


def has_none(classes: Classes) -> bool:
    """Say whether one of the values is None."""
    return NoneType in classes


def has_errors(classes: Classes) -> bool:
    """Say whether one of the values is an exception."""
    return any(map(_is_error, classes))


@cache
def _is_error(cls: type) -> bool:
    return issubclass(cls, Exception)
