"""What differs between the words of two program files: tables are compared by what names them, not by their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time
from typing import Any, Literal, cast

from attrs import frozen

_NAMES: tuple[tuple[str, ...], ...] = (("code",), ("id",), ("metric", "window"))
"""What tells the tables of an array apart: ladders and tiers have codes, rules have ids, criteria what they ask."""
_ABSENT = object()


@frozen
class Change:
    """One difference. ``old`` is None where something is added, ``new`` where it is removed.

    ``path`` names tables as people do: ``ladders.status.tiers.gold.name``. ``moved`` is an array whose tables stand in
    another order; ``old`` and ``new`` are then their names.
    """

    kind: Literal["added", "removed", "changed", "moved"]
    path: tuple[str, ...]
    old: Any = None
    new: Any = None

    def __str__(self) -> str:
        place = ".".join(self.path)
        if self.kind == "added":
            return f"+ {place} = {shown(self.new)}"
        if self.kind == "removed":
            return f"- {place} = {shown(self.old)}"
        return f"~ {place}: {shown(self.old)} -> {shown(self.new)}"


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return what differs between two documents, in the order of the new one; what was removed comes last."""
    return tuple(_tables(old, new, ()))


def shown(value: Any) -> str:
    """Return a value much as TOML writes it, on one line."""
    if isinstance(value, Mapping):
        table = cast("Mapping[str, Any]", value)
        return f"{{{', '.join(f'{key} = {shown(inner)}' for key, inner in table.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(shown, cast('Sequence[Any]', value)))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _tables(old: Mapping[str, Any], new: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[Change]:
    for key, value in new.items():
        yield from _values(old.get(key, _ABSENT), value, (*path, key))
    for key, value in old.items():
        if key not in new:
            yield Change("removed", (*path, key), old=_plain(value))


def _values(old: Any, new: Any, path: tuple[str, ...]) -> Iterator[Change]:
    if old is _ABSENT:
        yield Change("added", path, new=_plain(new))
    elif all(isinstance(each, dict) for each in (old, new)):
        yield from _tables(old, new, path)
    elif (before := _named(old)) is not None and (after := _named(new)) is not None:
        yield from _tables(before, after, path)
        kept, keeps = [key for key in before if key in after], [key for key in after if key in before]
        if kept != keeps:
            yield Change("moved", path, old=kept, new=keeps)
    elif type(old) is not type(new) or old != new:
        yield Change("changed", path, old=_plain(old), new=_plain(new))


def _named(value: Any) -> dict[str, Any] | None:
    """Return the tables of an array by what names them; None where nothing tells them apart."""
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in _listed(value)):
        return None
    tables: list[dict[str, Any]] = _listed(value)
    for names in _NAMES:
        if all(names[0] in table for table in tables):
            by_name = {" ".join(str(table[name]) for name in names if name in table): table for table in tables}
            return by_name if len(by_name) == len(tables) else None
    return None


def _listed(value: Any) -> list[Any]:
    """Return an array as one whose own types are not looked at."""
    items: list[Any] = value
    return items


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in _listed(value)]
    return value.isoformat() if isinstance(value, date | time) else value
