"""Where files lie: a folder, or a bucket, by obstore. Keys are drawn by chance and never hold what a user wrote."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import obstore
import structlog
from attrs import frozen
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from corekit_documents.refusals import StoreDown

if TYPE_CHECKING:
    from collections.abc import Callable

    from corekit_documents.settings import DocumentsSettings

CHUNK = 131_072
"""Bytes of a piece; two are in memory for each download of a folder."""
PART = 5 * 1024 * 1024
"""Bytes of a part of an upload, the least that S3 takes; one is in memory for each upload."""
_RETRY: Any = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}
_log = structlog.get_logger("corekit.documents")


@frozen
class Stored:
    """A file that is in the store: its key, its size in bytes, and when it came there."""

    key: str
    size: int
    at: datetime


def new_key(entropy: Callable[[int], bytes]) -> str:
    """Return a key that nobody can guess."""
    drawn = entropy(16).hex()
    return f"{drawn[:2]}/{drawn[2:]}"


class Store:
    """Reads and writes files; what fails raises :class:`StoreDown`, and is in the log."""

    def __init__(self, settings: DocumentsSettings) -> None:
        self._settings = settings
        self._root = Path(settings.store).resolve() if settings.is_local else None
        self._opened: Any = None

    def _store(self, *, make: bool = False) -> Any:
        """Return the store of obstore. A folder is made where something is to be written, never to look for a file."""
        if self._opened is None:
            if self._root is not None:
                self._opened = LocalStore(self._root, mkdir=make)
            else:
                options: Any = self._settings.store_options
                plain = str(options.get("endpoint", "")).startswith("http://")  # whoever writes that means it
                ways: Any = {"client_options": {"allow_http": plain, "timeout": "30s"}, "retry_config": _RETRY}
                self._opened = from_url(self._settings.store, config=options, **ways)
        return self._opened

    async def put(self, key: str, chunks: AsyncIterator[bytes], headers: Mapping[str, str]) -> None:
        """Write a file, wholly or not at all; what ``chunks`` raises goes on to the caller.

        A bucket of S3 keeps the headers with it, and says them whenever it sends the file itself.
        """
        kept: Any = {"attributes": dict(headers)} if self._settings.is_s3 else {}
        with _reaching("write"):
            await obstore.put_async(self._store(make=True), key, chunks, chunk_size=PART, max_concurrency=1, **kept)

    async def get(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Return the bytes from ``start`` to before ``end``, a piece at a time; it is open when this returns."""
        if self._root is not None:
            first = await self._piece(key, start, min(end, start + CHUNK))
            return self._pieces(key, first, start, end)
        with _reaching("read"):
            found = await obstore.get_async(self._store(), key, options={"range": (start, end)})
        return _streamed(found)

    async def address(self, method: Any, key: str, size: int, headers: Mapping[str, str]) -> str | None:
        """Return an address by which the bucket of S3 itself answers GET or HEAD, for a while.

        None where it would not say the headers: the file came there in another way.
        """
        with _reaching("sign"):
            found = await obstore.get_async(self._store(), key, options={"head": True})
            if found.meta["size"] != size:
                _log.error("store", said="a file is of another size than it was")
                raise StoreDown
            if any(found.attributes.get(name) != value for name, value in headers.items()):
                return None
            lasts = timedelta(seconds=self._settings.store_seconds)
            return str(await obstore.sign_async(self._store(), method, key, lasts))

    async def size(self, key: str) -> int | None:
        """Return how large a file is; None where it is not there, or a symbolic link."""
        if self._is_linked(key):
            return None
        with _reaching("read"):
            try:
                return int((await obstore.head_async(self._store(), key))["size"])
            except FileNotFoundError:
                return None

    async def delete(self, key: str) -> None:
        """Delete a file; one that is not there is no error."""
        with _reaching("delete"):
            try:
                await obstore.delete_async(self._store(), key)
            except FileNotFoundError:
                return

    def all(self) -> Iterator[Stored]:
        """Yield every file there is, some of them in memory at a time; of a folder that was never made, none."""
        if self._root is not None and not self._root.exists():
            return
        with _reaching("list"):
            pages: Any = self._store().list()
            for some in pages:
                for each in some:
                    yield Stored(each["path"], each["size"], each["last_modified"])

    async def _pieces(self, key: str, piece: bytes, start: int, end: int) -> AsyncIterator[bytes]:
        """Yield a file of a folder piece by piece, each read while the one before is sent.

        Nothing is open while a slow reader thinks.
        """
        at = start + len(piece)
        while at < end:
            coming = asyncio.ensure_future(self._piece(key, at, min(end, at + CHUNK)))
            try:
                yield piece
                piece = await coming
            finally:
                coming.cancel()  # where nobody reads on
            at += len(piece)
        yield piece

    async def _piece(self, key: str, start: int, end: int) -> bytes:
        if self._is_linked(key):
            _log.error("store", said="a symbolic link is not followed")
            raise StoreDown
        with _reaching("read"):
            found: Any = await obstore.get_range_async(self._store(), key, start=start, end=end)
        if len(found) != end - start:
            _log.error("store", said="a file is shorter than it was")
            raise StoreDown
        return bytes(found)

    def _is_linked(self, key: str) -> bool:
        """Say whether a file, or the folder in which it lies, is a symbolic link; of a bucket nothing is."""
        if self._root is None:
            return False
        path = self._root / key
        return path.is_symlink() or path.parent.is_symlink()


async def _streamed(found: Any) -> AsyncIterator[bytes]:
    with _reaching("read"):
        async for piece in found.stream(min_chunk_size=CHUNK):
            yield bytes(piece)


@contextmanager
def _reaching(what: str) -> Generator[None]:
    """Turn what the store raises into :class:`StoreDown`, with a line in the log; whatever else is raised goes on."""
    try:
        yield
    except (BaseError, OSError) as error:
        _log.error("store", doing=what, error=type(error).__name__)
        raise StoreDown from error
