"""The search for postings whose segment is not the one that follows from their activity."""

from __future__ import annotations

from collections.abc import Sequence

from corekit.ledger.chart import Book, Chart
from corekit.proof.search import Search

# What is said of the hold that an activity resolves was looked for when it was written; here the segment is believed.
_ROWS = """SELECT p.id AS posting, p.activity_id AS activity FROM {{posting}} p
    JOIN core_account d ON d.id = p.debit_account_id JOIN core_activity a ON a.id = p.activity_id
    LEFT JOIN core_activity b ON b.id = coalesce(a.reverses, a.parent_id)
    LEFT JOIN core_segment s ON s.id = p.segment_id
    WHERE {kinds}"""
_OF_KIND = """(d.kind IN ({kinds}) AND (s.id IS NULL OR s.type <> a.type
        OR coalesce(s.undone, '') <> CASE WHEN a.reverses IS NULL THEN '' ELSE b.type END OR {differ}))"""
_DIFFERS = """CAST(coalesce(a.payload ->> {name}, b.payload ->> {name}, s.dimensions ->> {name}, '') AS text)
        <> coalesce(s.dimensions ->> {name}, '')"""


def misplaced(chart: Chart) -> Search:
    """Return the search over the account kinds that have dimensions."""
    kinds = " OR ".join(_of(book) for book in chart.books.values() if book.dimensions)
    return Search("segments", "posting activity", _ROWS.format(kinds=kinds or "1 = 0"))


def _of(book: Book) -> str:
    kinds = (book.code, book.debt, *(f"{book.code}.{name}" for name in book.house))
    differ = " OR ".join(_DIFFERS.format(name=_listed([name])) for name in book.dimensions)
    return _OF_KIND.format(kinds=_listed(kinds), differ=differ)


def _listed(names: Sequence[str]) -> str:
    """Write names of the code as a list of literals."""
    return ", ".join("'" + name.replace("'", "''") + "'" for name in names)
