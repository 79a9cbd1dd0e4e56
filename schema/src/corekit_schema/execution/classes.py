"""Looks at a whole column by the classes of its values, of which there are few, instead of value by value."""

from __future__ import annotations

from collections.abc import Iterable
from types import NoneType
from typing import Any

Classes = set[type]
_THERE: Classes = set()
"""Classes that were looked at, and are neither that of None nor of an exception."""


def classes_of(values: Iterable[Any]) -> Classes:
    """Return the classes of values."""
    return set(map(type, values))


def are_there(classes: Classes) -> bool:
    """Say whether none of the values is None or an exception."""
    if classes <= _THERE:
        return True
    if any(issubclass(cls, NoneType | Exception) for cls in classes):
        return False
    _THERE.update(classes)
    return True
