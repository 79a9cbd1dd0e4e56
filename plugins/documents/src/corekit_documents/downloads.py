"""Who downloaded what: the log, how often, and both as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from io import StringIO
from typing import Any, Unpack

from attrs import frozen
from sqlalchemy import Select, func, select

from corekit import Reader, any_of, micros, moment
from corekit.paging import Ask, Page, Span
from corekit_documents.tables import link as _link
from corekit_documents.tables import version as _version


@frozen
class Download:
    """One download: by which link, which version of a document, by whom, when, and who made the link."""

    id: str
    at: datetime
    member_id: str
    document: str
    language: str
    number: int
    name: str
    activity_id: str
    actor: str | None


@frozen
class Counted:
    """How often a document was downloaded, and by how many members, those that were forgotten left out."""

    document: str
    downloads: int
    members: int


HEADER = ("at", "member", "document", "language", "version", "file", "activity", "link made by")


def download_page(
    read: Reader,
    *,
    document: str | None = None,
    member: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    **page: Unpack[Ask],
) -> Page[Download]:
    """Return a page of downloads, the newest first: of a document, by a member, from an instant on, until an instant.

    Raises :class:`corekit.Invalid` (``PAGE_SIZE``, ``CURSOR``).
    """
    span = Span.of(page, int, str, falling=True)
    chosen = _chosen(document, member, since, until)
    rows = read.all(span.select(chosen, (_link.c.downloaded_at, _link.c.id)))
    return span.page([_read(row) for row in rows], _key, span.total(read, chosen))


def counted(read: Reader, documents: Iterable[str]) -> dict[str, Counted]:
    """Return how often documents were downloaded, by code; those that never were as well. One statement."""
    codes = sorted({each for each in documents if "\0" not in each})
    members = func.count(_link.c.member_id.distinct())
    chosen = select(_link.c.document, func.count().label("downloads"), members.label("members"))
    chosen = chosen.where(any_of(_link.c.document, codes), _link.c.downloaded_at.is_not(None))
    rows = {row.document: row for row in read.all(chosen.group_by(_link.c.document))}
    return {
        code: Counted(code, rows[code].downloads, rows[code].members) if code in rows else Counted(code, 0, 0)
        for code in codes
    }


def as_csv(
    read: Reader,
    *,
    document: str | None = None,
    member: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[str]:
    """Yield all such downloads as CSV, the oldest first, a line at a time."""
    chosen = _chosen(document, member, since, until).order_by(_link.c.downloaded_at, _link.c.id)
    yield _line(HEADER)
    for row in read.stream(chosen):
        each = _read(row)
        told = (each.member_id, each.document, each.language, each.number, each.name, each.activity_id, each.actor)
        yield _line((each.at.isoformat(), *told))


def _chosen(document: str | None, member: str | None, since: datetime | None, until: datetime | None) -> Select[Any]:
    named = [_version.c[name] for name in ("language", "number", "name")]
    columns = [_link.c[name] for name in ("id", "downloaded_at", "member_id", "document", "activity_id", "actor")]
    chosen = select(*columns, *named).join_from(_link, _version, _version.c.id == _link.c.version_id)
    chosen = chosen.where(_link.c.downloaded_at.is_not(None))
    if document is not None:
        chosen = chosen.where(_link.c.document == document.replace("\0", ""))
    if member is not None:
        chosen = chosen.where(any_of(_link.c.member_id, [member]))
    if since is not None:
        chosen = chosen.where(_link.c.downloaded_at >= micros(since))
    if until is not None:
        chosen = chosen.where(_link.c.downloaded_at < micros(until))
    return chosen


def _read(row: Any) -> Download:
    at = moment(row.downloaded_at)
    about = (row.document, row.language, row.number, row.name, row.activity_id, row.actor)
    return Download(row.id, at, row.member_id, *about)


def _key(download: Download) -> tuple[int, str]:
    return micros(download.at), download.id


def _line(cells: Iterable[Any]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerow([_harmless(each) for each in cells])
    return text.getvalue()


def _harmless(cell: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
