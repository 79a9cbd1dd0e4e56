"""Documents and their versions: setting, finding and withdrawing them.

Each change by somebody leaves a row in the audit trail, in its own transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Unpack

from attrs import frozen
from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from corekit import Invalid, Reader, Shape, any_of, micros
from corekit.audience import checked, known
from corekit.audit import leave
from corekit.paging import Ask, Name, Page, Span
from corekit_documents import declared, tables
from corekit_documents.refusals import refused

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from corekit import Kit

_document = tables.document
_version = tables.version


@frozen
class Document:
    """A document: what it is called by language, who may have it, and from when until before when it is published."""

    code: str
    category: str | None
    titles: Mapping[str, str]
    audience: Any
    opens_at: datetime | None
    closes_at: datetime | None
    created_at: datetime

    def title(self, language: str) -> str:
        """Return what it is called in a language; in English where there is nothing in it."""
        return self.titles.get(language) or self.titles["en"]


@frozen
class Version:
    """A file of a document in a language; ``number``, ``size``, ``sha256`` and ``key`` are there once it is complete.

    ``state`` is ``waiting`` for its upload until ``expires_at``, ``complete`` or ``withdrawn``.
    """

    id: str
    document: str
    language: str
    number: int | None
    name: str
    media_type: str
    size: int | None
    sha256: str | None
    key: str | None
    state: str
    created_at: datetime
    completed_at: datetime | None
    expires_at: datetime
    actor: str | None


_DOCUMENT = Shape(Document, _document)
_VERSION = Shape(Version, _version)


def set_document(
    kit: Kit,
    actor: str | None,
    code: str,
    *,
    titles: Mapping[str, str],
    category: str | None = None,
    audience: Any = None,
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
) -> Document:
    """Let a document be so; a new one is made. Its versions stay as they are.

    ``audience`` is rules as data, None for nobody. Raises :class:`corekit.Invalid` with all that does not hold.
    """
    problems = checked(audience, known(kit), declared.RULE, ("audience",)) if audience is not None else []
    if category is not None and category not in kit.program.sections["documents"].categories:
        problems += refused(declared.CATEGORY_UNKNOWN, "category", category=category).problems
    if opens_at is not None and closes_at is not None and closes_at <= opens_at:
        problems += refused(declared.WINDOW, "closes_at").problems
    if problems:
        raise Invalid(problems)
    window = {"opens_at": _instant(opens_at), "closes_at": _instant(closes_at)}
    values = {"category": category, "titles": dict(titles), "audience": audience, **window}
    now = kit.now()
    with kit.database.write() as connection:
        put = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(_document)
        put = put.values(code=code, created_at=micros(now), **values).on_conflict_do_nothing()
        before = None
        if connection.execute(put.returning(_document.c.code)).one_or_none() is None:
            this = _document.c.code == code
            connection.execute(select(_document.c.code).where(this).with_for_update())
            before = named(Reader(connection), [code])[code]
            connection.execute(update(_document).where(this).values(**values))
        after = named(Reader(connection), [code])[code]
        if after != before:
            leave(connection, now, actor, "documents.set", code, **values)
    return after


def withdraw(kit: Kit, actor: str | None, version: str) -> Version:
    """Let nobody download a version any more, by no link. Raises :class:`corekit.Invalid`."""
    now = kit.now()
    with kit.database.write() as connection:
        connection.execute(select(_version.c.id).where(_is(version)).with_for_update())
        found = versions(Reader(connection), [version]).get(version)
        if found is None or found.state == "waiting":
            raise refused(declared.VERSION_UNKNOWN, "version", version=version)
        if found.state == "complete":
            connection.execute(update(_version).where(_is(version)).values(state="withdrawn"))
            leave(connection, now, actor, "documents.withdrawn", found.document, version=version)
        return versions(Reader(connection), [version])[version]


def named(read: Reader, codes: Iterable[str]) -> dict[str, Document]:
    """Return documents by code; one that does not exist is left out. One statement."""
    asked = sorted(each for each in set(codes) if "\0" not in each)
    rows = read.all(select(*_DOCUMENT.columns).where(any_of(_document.c.code, asked))) if asked else []
    return {row.code: _DOCUMENT(row) for row in rows}


def every(read: Reader) -> list[Document]:
    """Return all documents by code. One statement."""
    return [_DOCUMENT(row) for row in read.all(select(*_DOCUMENT.columns).order_by(_document.c.code))]


def document_page(read: Reader, category: str | None = None, **page: Unpack[Ask]) -> Page[Document]:
    """Return a page of the documents by code, or of those of a category.

    Raises :class:`corekit.Invalid` (``PAGE_SIZE``, ``CURSOR``).
    """
    span = Span.of(page, Name)
    chosen = select(*_DOCUMENT.columns)
    if category is not None:
        chosen = chosen.where(_document.c.category == category.replace("\0", ""))
    rows = [_DOCUMENT(row) for row in read.all(span.select(chosen, (_document.c.code,)))]
    return span.page(rows, lambda each: (each.code,), span.total(read, chosen))


def versions(read: Reader, ids: Iterable[str]) -> dict[str, Version]:
    """Return versions by id. One statement."""
    chosen = select(*_VERSION.columns).where(any_of(_version.c.id, sorted(set(ids))))
    return {row.id: _VERSION(row) for row in read.all(chosen)}


def versions_of(read: Reader, codes: Iterable[str]) -> dict[str, list[Version]]:
    """Return the versions of documents that were uploaded, by language, the newest first. One statement."""
    order = (_version.c.document, _version.c.language, _version.c.number.desc())
    chosen = select(*_VERSION.columns).where(
        any_of(_version.c.document, sorted(set(codes))), _version.c.number.is_not(None)
    )
    found: dict[str, list[Version]] = {}
    for row in read.all(chosen.order_by(*order)):
        found.setdefault(row.document, []).append(_VERSION(row))
    return found


def current(found: Iterable[Version]) -> dict[str, Version]:
    """Return of versions the one of each language that can be downloaded: the newest that is not withdrawn."""
    newest: dict[str, Version] = {}
    for each in found:
        best = newest.get(each.language)
        if each.state == "complete" and (best is None or (each.number or 0) > (best.number or 0)):
            newest[each.language] = each
    return newest


def next_number(connection: Connection, document: str, language: str) -> int:
    """Return the number of the next version; the caller's transaction has locked the document."""
    mine = (_version.c.document == document) & (_version.c.language == language)
    return int(connection.execute(select(func.coalesce(func.max(_version.c.number), 0)).where(mine)).scalar_one()) + 1


def _is(version: str) -> Any:
    return any_of(_version.c.id, [version])


def _instant(at: datetime | None) -> int | None:
    return micros(at) if at is not None else None
