"""Segments: by what postings are cut besides their accounts, as a store and a channel.

An account kind declares which fields of payloads are its dimensions. Each posting of the kind names the segment of what
its activity says of them, or, where it says nothing, of what that says which it takes back, which it follows from or
whose hold it resolves: so nobody who sums up postings has to look for it. A segment is known by what it says, so that
it is named without being read, and written once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson

from corekit.ids import named_id

Told = Mapping[str, str]
"""What is said of dimensions, by name."""
Segment = tuple[str, str, str | None, Told]
"""A row: id, type of the activity, type of the one that it takes back, and what is said."""
NOTHING: Told = {}
MANY = 10_000
"""So many segments are remembered; a database that has more of them is asked for each."""


def told(names: Iterable[str], payload: Mapping[str, Any] | None, *before: Told) -> dict[str, str]:
    """Return what a payload says of dimensions; where it says nothing, the first of those before it that does."""
    found: dict[str, str] = {}
    for name in names:
        if payload is not None and (value := payload.get(name)) is not None:
            found[name] = value if isinstance(value, str) else orjson.dumps(value).decode()
            continue
        for each in before:
            if name in each:
                found[name] = each[name]
                break
    return found


@lru_cache(maxsize=MANY)
def segment(type_: str, undone: str | None, said: tuple[tuple[str, str], ...]) -> Segment:
    """Return the segment of activities of a type, which take back one of the type ``undone``."""
    name = orjson.dumps((type_, undone, sorted(said))).decode()
    return named_id(f"segment:{name}"), type_, undone, dict(said)


class Written:
    """The segments of one database that are known to be there for good: those of transactions that were committed."""

    def __init__(self) -> None:
        self._ids: set[str] = set()

    def lacking(self, segments: Iterable[Segment]) -> list[Segment]:
        """Return those that have to be written, each once, in the order in which all who write them do."""
        new = {each[0]: each for each in segments if each[0] not in self._ids}
        return [new[id_] for id_ in sorted(new)]

    def learn(self, segments: Sequence[Segment]) -> None:
        """Remember what was committed."""
        if len(self._ids) + len(segments) > MANY:
            self._ids.clear()
        self._ids.update(each[0] for each in segments)
