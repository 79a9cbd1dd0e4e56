"""Undo for a plan in memory: a refused activity takes back its own changes and no others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_ABSENT = object()


class Journal:
    """Remembers how each change is undone, newest last."""

    __slots__ = ("_undo",)

    def __init__(self) -> None:
        self._undo: list[tuple[Callable[..., object], tuple[Any, ...]]] = []

    def set(self, target: object, name: str, value: object) -> None:
        """Set an attribute."""
        self._undo.append((setattr, (target, name, getattr(target, name))))
        setattr(target, name, value)

    def put(self, target: dict[Any, Any], key: Any, value: Any) -> None:
        """Set a key of a dictionary."""
        old = target.get(key, _ABSENT)
        self._undo.append((target.pop, (key,)) if old is _ABSENT else (target.__setitem__, (key, old)))
        target[key] = value

    def push(self, target: list[Any], value: Any) -> None:
        """Append to a list."""
        self._undo.append((target.pop, ()))
        target.append(value)

    def on_roll_back(self, undo: Callable[..., object], *arguments: Any) -> None:
        """Call ``undo`` when the changes are taken back."""
        self._undo.append((undo, arguments))

    def mark(self) -> int:
        """Return where the journal stands, for :meth:`roll_back`."""
        return len(self._undo)

    def roll_back(self, mark: int = 0) -> None:
        """Take back everything since a mark, or since the last :meth:`keep`."""
        for undo, arguments in reversed(self._undo[mark:]):
            undo(*arguments)
        del self._undo[mark:]

    def keep(self) -> None:
        """Let everything stand."""
        self._undo.clear()
