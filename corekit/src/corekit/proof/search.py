"""A search for rows that break an invariant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen
from sqlalchemy import ColumnElement, literal_column, select, text

from corekit.db.reader import Reader
from corekit.proof.scope import Reach, Scope

FEW = 5
"""How many of the rows that break an invariant are shown, for each search."""

Found = Mapping[str, Any]
"""What is shown of a row that breaks an invariant, by name."""


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


@frozen
class Search:
    """The select of the rows that break an invariant (``rows``, of the relations of a scope), and what to show of them.

    ``reaches`` are the scopes in which it finds what it is meant to find.
    """

    invariant: str
    shows: tuple[str, ...] = field(converter=_names)
    rows: str
    reaches: frozenset[Reach] = frozenset({"whole", "account", "since"})

    def run(self, read: Reader, scope: Scope) -> list[Found]:
        """Return a few of the rows that break the invariant."""
        columns: list[ColumnElement[Any]] = [literal_column(name) for name in self.shows]
        found = text(f"({self.rows.format_map(scope.relations)}) AS found")
        rows = read.all(select(*columns).select_from(found).limit(FEW))
        named = (zip(self.shows, row, strict=True) for row in rows)
        return [{name: value for name, value in row if value is not None} for row in named]


BEYOND_ACCOUNTS: frozenset[Reach] = frozenset({"whole", "since"})
"""The reaches of what concerns no single account."""
