"""Whether table, checksums and store agree, and putting away what nobody waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING

from attrs import frozen
from sqlalchemy import delete, select

from corekit import any_of, micros
from corekit.audit import leave
from corekit_documents import tables
from corekit_documents.settings import settings_of
from corekit_documents.store import Store, Stored

if TYPE_CHECKING:
    from corekit import Kit

UNFINISHED = timedelta(days=1)
"""What came to the store within it may be about to be entered."""
_PAGE = 500
_version = tables.version


@frozen
class Fault:
    """What does not agree: a version (None: a file that belongs to none), the key of its file, and what is wrong.

    ``wrong`` is ``missing`` (or a symbolic link), ``size``, ``checksum`` or ``stray``.
    """

    version: str | None
    key: str
    wrong: str


@frozen
class Verified:
    """How many versions and bytes were looked at, and what does not agree."""

    versions: int
    bytes: int
    faults: tuple[Fault, ...]


@frozen
class Cleaned:
    """How many files that belong to no version went, how many bytes that was, and how many uploads that never came."""

    files: int
    bytes: int
    uploads: int


@frozen
class _Row:
    id: str
    key: str
    size: int
    sha256: str


def verify(kit: Kit, *, sizes: bool = False) -> Verified:
    """Hold every version against its file; ``sizes`` reads no file, and looks only that it is there and as large.

    Raises :class:`~corekit_documents.refusals.StoreDown`.
    """
    store = Store(settings_of(kit))
    number, read = 0, 0
    faults: list[Fault] = []
    for row in _rows(kit):
        wrong = asyncio.run(_compared(store, row, sizes=sizes))
        number, read = number + 1, read + row.size
        if wrong is not None:
            faults.append(Fault(row.id, row.key, wrong))
    faults += [Fault(None, stray.key, "stray") for stray in _strays(kit, store)]
    return Verified(number, read, tuple(faults))


def clean(kit: Kit, actor: str | None) -> Cleaned:
    """Delete files that belong to no version and came a day ago or earlier, and uploads that came in no time.

    Raises :class:`~corekit_documents.refusals.StoreDown`.
    """
    store, now = Store(settings_of(kit)), kit.now()
    files, freed = 0, 0
    for stray in list(_strays(kit, store)):
        if stray.at <= now - UNFINISHED:
            asyncio.run(store.delete(stray.key))
            files, freed = files + 1, freed + stray.size
    over = (_version.c.state == "waiting", _version.c.expires_at <= micros(now - UNFINISHED))
    with kit.database.write() as connection:
        uploads = connection.execute(delete(_version).where(*over)).rowcount
        if files or uploads:
            leave(connection, now, actor, "documents.cleaned", "store", files=files, bytes=freed, uploads=uploads)
    return Cleaned(files, freed, uploads)


def _rows(kit: Kit) -> Iterator[_Row]:
    """Yield every version that has a file, a page at a time."""
    columns = [_version.c[name] for name in ("id", "key", "size", "sha256")]
    chosen = select(*columns).where(_version.c.key.is_not(None)).order_by(_version.c.id).limit(_PAGE)
    after = ""
    while True:
        with kit.read() as read:
            rows = read.all(chosen.where(_version.c.id > after) if after else chosen)
        yield from (_Row(*row) for row in rows)
        if len(rows) < _PAGE:
            return
        after = rows[-1].id


def _strays(kit: Kit, store: Store) -> Iterator[Stored]:
    """Yield every file that belongs to no version."""
    found = store.all()
    while some := list(islice(found, _PAGE)):
        with kit.read() as read:
            keys = select(_version.c.key).where(any_of(_version.c.key, [each.key for each in some]))
            known = {row.key for row in read.all(keys)}
        yield from (each for each in some if each.key not in known)


async def _compared(store: Store, row: _Row, *, sizes: bool) -> str | None:
    """Return what is wrong with a file, or None."""
    size = await store.size(row.key)
    if size is None:
        return "missing"
    if size != row.size:
        return "size"
    if sizes:
        return None
    hashed = sha256()
    async for piece in await store.get(row.key, 0, size):
        hashed.update(piece)
    return None if hashed.hexdigest() == row.sha256 else "checksum"
