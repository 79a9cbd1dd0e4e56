"""Dictionaries and lists that cannot be changed, for what happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn, cast


def _refuse(self: object, *_: object, **__: object) -> NoReturn:
    message = (
        f"this {type(self).__name__} is part of what happened and cannot be changed; dict() or list() makes a copy"
    )
    raise TypeError(message)


class FrozenDict(dict[str, Any]):
    """A dictionary that stays as it was made. Copies of it are ordinary ones."""

    __slots__ = ()
    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)


class FrozenList(list[Any]):
    """A list that stays as it was made. Copies of it are ordinary ones."""

    __slots__ = ()
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (list(self),)


NOTHING = FrozenDict()
"""A dictionary in which nothing is and nothing will be."""


def frozen_mapping(value: Any) -> Any:
    """Return a mapping that stays as it is, and everything in it; what is none is left to whoever checks it."""
    if type(value) is FrozenDict or not isinstance(value, Mapping):
        return value
    if not value:
        return NOTHING
    return _frozen(dict(cast("Mapping[str, Any]", value)))


def _frozen(value: Any) -> Any:
    parts: Any = value
    if isinstance(value, dict):
        return FrozenDict({name: _frozen(each) for name, each in parts.items()})
    if isinstance(value, list):
        return FrozenList(map(_frozen, parts))
    return value
