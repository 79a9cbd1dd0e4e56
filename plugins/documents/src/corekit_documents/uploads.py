"""Uploads: a link by which a file can be sent once, and taking it in, piece by piece.

Nothing is there before all of it is: what breaks off, is too large, of another type or size leaves nothing, and the
link can be used again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen
from sqlalchemy import insert, select, update

from corekit import Invalid, Reader, any_of, micros, moment, new_id
from corekit.audit import leave
from corekit_documents import declared, documents, headers, signing, sniffing, tables
from corekit_documents.documents import Version
from corekit_documents.refusals import refused
from corekit_documents.settings import DocumentsSettings, settings_of
from corekit_documents.store import Store, new_key

if TYPE_CHECKING:
    from corekit import Kit

_version = tables.version


@frozen(kw_only=True)
class Upload:
    """A version that waits for its file, and the address to which it is to be sent by PUT."""

    version: Version
    url: str


def begin(
    kit: Kit,
    actor: str | None,
    document: str,
    *,
    language: str,
    name: str,
    media_type: str,
    size: int | None = None,
    checksum: str | None = None,
) -> Upload:
    """Let a version of a document wait for its file, for which a link is made that can be used once.

    ``size`` (bytes) and ``checksum`` (SHA-256, in hexadecimal digits) are what it must have, where they are said.
    Raises :class:`corekit.Invalid`.
    """
    settings = settings_of(kit)
    if not settings.signing_keys:
        raise refused(declared.NO_SIGNING_KEY)
    version = wait(
        kit, actor, document, language=language, name=name, media_type=media_type, size=size, checksum=checksum
    )
    signed = signing.Signed(version.id, micros(version.expires_at))
    token = signing.sign(settings, "upload", signed)
    return Upload(version=version, url=f"{settings.base_url.rstrip('/')}/documents/upload/{token}")


def wait(
    kit: Kit,
    actor: str | None,
    document: str,
    *,
    language: str,
    name: str,
    media_type: str,
    size: int | None = None,
    checksum: str | None = None,
) -> Version:
    """Let a version wait for its file, without a link. Raises :class:`corekit.Invalid`."""
    settings = settings_of(kit)
    if media_type not in settings.types:
        raise refused(declared.TYPE_NOT_ALLOWED, "media_type", type=media_type)
    if size is not None and size > settings.largest:
        raise refused(declared.TOO_LARGE, "size", largest=str(settings.largest))
    now, id_ = kit.now(), new_id()
    with kit.database.write() as connection:
        if document not in documents.named(Reader(connection), [document]):
            raise refused(declared.DOCUMENT_UNKNOWN, "document", document=document)
        connection.execute(
            insert(_version).values(
                id=id_,
                document=document,
                language=language,
                name=name,
                media_type=media_type,
                size=size,
                sha256=checksum.lower() if checksum is not None else None,
                state="waiting",
                created_at=micros(now),
                expires_at=micros(now + timedelta(minutes=settings.upload_minutes)),
                actor=actor,
            )
        )
        leave(connection, now, actor, "documents.upload_begun", document, version=id_, language=language)
        return documents.versions(Reader(connection), [id_])[id_]


def waiting(kit: Kit, token: str) -> Version:
    """Return the version for which a link is. Raises :class:`corekit.Invalid` where it can be used no more."""
    signed = signing.read(settings_of(kit), "upload", token)
    if signed is None:
        raise refused(declared.LINK_INVALID)
    with kit.read() as read:
        now = kit.now(read)
        found = documents.versions(read, [signed.id]).get(signed.id)
    if found is None or now >= min(found.expires_at, moment(signed.expires_at)):
        raise refused(declared.UPLOAD_EXPIRED)
    if found.state != "waiting":
        raise refused(declared.UPLOAD_OVER)
    return found


async def receive(kit: Kit, store: Store, version: Version, chunks: AsyncIterable[bytes]) -> Version:
    """Take a file in and let its version be complete.

    Raises :class:`corekit.Invalid` where it is not what was said, or somebody else was faster, and
    :class:`~corekit_documents.refusals.StoreDown`; then nothing is left of it. Where anything else is raised it may be
    complete all the same: the file stays then, and `clean` deletes it if it is not.
    """
    taken = _Taken(settings_of(kit), version)
    key = new_key(kit.entropy)
    await store.put(key, taken.checked(chunks), headers.kept(version))
    try:
        return await asyncio.to_thread(_complete, kit, version, key, taken.size, taken.digest)
    except Invalid:
        await asyncio.shield(store.delete(key))
        raise


@define
class _Taken:
    """What came of a file so far."""

    settings: DocumentsSettings
    version: Version
    size: int = 0
    head: bytes = b""
    hash: Any = field(factory=sha256)

    @property
    def digest(self) -> str:
        """The SHA-256 of all that came."""
        return str(self.hash.hexdigest())

    async def checked(self, chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        """Yield what comes, once it is known of which type it is; raise where it is not what was said."""
        known = False
        most = self.settings.largest if self.version.size is None else self.version.size
        async for chunk in chunks:
            self.size += len(chunk)
            if self.size > most:
                raise self._too_large(most)
            self.hash.update(chunk)
            if known:
                yield chunk
                continue
            self.head += chunk
            if len(self.head) >= sniffing.HEAD:
                self._sniff(whole=False)
                known = True
                yield self.head
        if not known:
            self._sniff(whole=True)
            yield self.head
        self._compare()

    def _too_large(self, most: int) -> Exception:
        if self.version.size is None:
            return refused(declared.TOO_LARGE, largest=str(most))
        return refused(declared.SIZE_WRONG, expected=str(most), found=f"{self.size}+")

    def _sniff(self, *, whole: bool) -> None:
        if not self.head:
            raise refused(declared.EMPTY)
        type_ = self.version.media_type
        if type_ not in self.settings.types:  # which may have changed since
            raise refused(declared.TYPE_NOT_ALLOWED, type=type_)
        if not sniffing.fits(self.head[: sniffing.HEAD], type_, whole=whole):
            raise refused(declared.TYPE_WRONG, type=type_)

    def _compare(self) -> None:
        if self.version.size not in (None, self.size):
            raise refused(declared.SIZE_WRONG, expected=str(self.version.size), found=str(self.size))
        if self.version.sha256 not in (None, self.digest):
            raise refused(declared.CHECKSUM_WRONG, expected=self.version.sha256, found=self.digest)


def _complete(kit: Kit, version: Version, key: str, size: int, digest: str) -> Version:
    """Let a version be complete, unless it is already; whoever locks its document first is."""
    now = kit.now()
    mine = any_of(_version.c.id, [version.id])
    with kit.database.write() as connection:
        locking = select(tables.document.c.code).where(tables.document.c.code == version.document).with_for_update()
        connection.execute(locking)
        number = documents.next_number(connection, version.document, version.language)
        told = {"number": number, "size": size, "sha256": digest, "key": key}
        change = update(_version).where(mine, _version.c.state == "waiting")
        done = connection.execute(change.values(**told, state="complete", completed_at=micros(now)))
        if done.rowcount != 1:
            raise refused(declared.UPLOAD_OVER)
        about = {"version": version.id, "language": version.language, "number": number, "sha256": digest}
        leave(connection, now, version.actor, "documents.uploaded", version.document, **about)
        return documents.versions(Reader(connection), [version.id])[version.id]
