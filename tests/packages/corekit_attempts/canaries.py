"""What is known of somebody and of nobody else, taken from the rows of all tables, and whether an answer tells it."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, cast
from uuid import UUID

from attrs import frozen

from corekit.clock import moment
from corekit_attempts.asking import Rows

LEADS = ("member_id", "account_id", "lot_id", "activity_id", "subject")
"""Columns that say whose a row is, the first one that does so first."""
SHORTEST = 4
LEAST = 1_000
"""Shorter texts and smaller numbers are anybody's."""
TELLING = 8
"""So many digits are nowhere by chance: fewer stand in many an id."""
_INSTANTS = range(10**15, 10**16)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{6,}")
_NUMBER = re.compile(r"(?<![0-9A-Za-z_])[0-9]{4,}(?![0-9A-Za-z_])")

Path = tuple[str, ...]
Books = Mapping[str | None, Mapping[str, Sequence[Mapping[str, Any]]]]
"""Rows by the member whose they are, and by table; None has what is nobody's."""


def owned(rows: Rows) -> Books:
    """Sort rows by the member whose they are, and by table."""
    owners: dict[str, str] = {plain(row["id"]): plain(row["id"]) for row in rows["core_member"]}
    known = -1
    while known != len(owners):
        known = len(owners)
        for row in (row for found in rows.values() for row in found):
            if "id" in row and (owner := _owner(row, owners)) is not None:
                owners.setdefault(plain(row["id"]), owner)
    sorted_: dict[str | None, dict[str, list[Mapping[str, Any]]]] = {}
    for table, found in rows.items():
        for row in found:
            owner = plain(row["id"]) if table == "core_member" else _owner(row, owners)
            sorted_.setdefault(owner, {}).setdefault(table, []).append(row)
    return sorted_


def _owner(row: Mapping[str, Any], owners: Mapping[str, str]) -> str | None:
    return next((owners[key] for lead in LEADS if (key := plain(row.get(lead))) in owners), None)


def plain(value: Any) -> Any:
    """Return a value as an answer writes it: ids without hyphens, instants in ISO 8601."""
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, int) and value in _INSTANTS:
        return moment(value).isoformat()
    return value


def values(row: Any) -> Iterator[str | int]:
    """Yield every text and number of a row, those inside its documents as well."""
    if isinstance(row, Mapping):
        for key, value in cast("Mapping[str, Any]", row).items():
            yield from values(value)
            if not key.isidentifier():  # of a document: columns and fields are no secret
                yield key
    elif isinstance(row, list):
        for value in row:  # pyright: ignore[reportUnknownVariableType]
            yield from values(value)
    elif isinstance(row, str) and row[:1] in {"{", "["}:
        yield from values(json.loads(row))
    elif not isinstance(row, bool) and isinstance(row, str | int | UUID):
        yield plain(row)


def texts_in(told: str) -> str:
    """Return a text with whatever is packed in it, as ids and cursors are, unpacked beside it."""
    return " ".join([told, *map(_unpacked, _TOKEN.findall(told))])


@cache
def _unpacked(token: str) -> str:
    try:
        return urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    except ValueError:
        return ""


def _cells(books: Books, owners: Iterable[str | None]) -> Iterator[tuple[str, str, str | int]]:
    """Yield the values of rows with the columns in which they stand."""
    for owner in owners:
        for table, rows in books.get(owner, {}).items():
            for row in rows:
                for column, cell in row.items():
                    for value in values(cell):
                        yield table, column, value


def _native(books: Books, owners: Iterable[str], planted: Mapping[str, Collection[str]]) -> set[str]:
    """Return the ids of members' own rows, and what was planted."""
    rows = [row for owner in owners for found in books[owner].values() for row in found]
    ids = {plain(row["id"]) for row in rows if isinstance(plain(row.get("id")), str)}
    return ids.union(*(planted.get(owner, ()) for owner in owners))


def _numbers(books: Books, owners: Iterable[str]) -> set[int]:
    """Return the numbers in members' rows, those inside documents left out."""
    rows = [row for owner in owners for found in books[owner].values() for row in found]
    return {cell for row in rows for cell in row.values() if isinstance(cell, int)}


@frozen
class Canaries:
    """What tells of somebody: texts wherever they stand, numbers and a few digits where they stand alone."""

    texts: frozenset[str]
    numbers: frozenset[int]

    @classmethod
    def of(cls, members: Collection[str], books: Books, planted: Mapping[str, Collection[str]]) -> Canaries:
        """Return what is stored of members alone, each of their ids, and what was ``planted`` of whom.

        What is nobody's, or somebody else's in the same column, is no secret: the name of a tier, a date of both. Nor
        are ids, numbers and what was planted of somebody else, to whom a row of theirs leads.
        """
        theirs, others = [{each for each in books if each and (each in members) is it} for it in (True, False)]
        mine, common = set(_cells(books, theirs)), set(_cells(books, others))
        known = {value for _, _, value in _cells(books, [None])} | {value for _, _, value in mine & common}
        alone = {value for _, _, value in mine} - known
        texts = {text for text in alone if isinstance(text, str) and len(text) >= SHORTEST}
        few = {text for text in texts if text.isdecimal() and len(text) < TELLING}
        numbers = {abs(number) for number in alone - _numbers(books, others) if isinstance(number, int)}
        numbers.update(map(int, few))
        return cls(
            frozenset((texts - few | _native(books, theirs, planted)) - _native(books, others, planted)),
            frozenset(number for number in numbers if number >= LEAST),
        )

    def __len__(self) -> int:
        return len(self.texts) + len(self.numbers)

    def told(self, document: Any, *, but: str = "") -> dict[str | int, list[Path]]:
        """Return what a document of JSON tells, with the places where; what the question said itself is ``but``."""
        said = texts_in(but)
        seen = texts_in(json.dumps(document, ensure_ascii=False))
        if not self._in(seen, said):
            return {}
        found: dict[str | int, list[Path]] = {}
        for path, leaf in _leaves(document, ()):
            for canary in self._in(texts_in(leaf), said):
                found.setdefault(canary, []).append(path)
        return found

    def _in(self, seen: str, said: str) -> set[str | int]:
        numbers = self.numbers.intersection(map(int, _NUMBER.findall(seen)))
        found: set[str | int] = {text for text in self.texts if text in seen and text not in said}
        return found | (numbers - set(map(int, _NUMBER.findall(said)))) if numbers else found


def _leaves(document: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(document, dict):
        for key, value in cast("dict[str, Any]", document).items():
            yield from _leaves(value, (*path, key))
            yield (*path, key), key
    elif isinstance(document, list):
        for value in cast("Sequence[Any]", document):
            yield from _leaves(value, path)
    elif document is not None:
        yield path, str(document)
