"""What a plugin's ``corekit_prepare``, ``corekit_export`` and ``corekit_offers`` read with: it ends with the call."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import islice
from threading import Lock
from typing import Any

from sqlalchemy import SelectBase

from corekit.db.guard import Hold
from corekit.db.prepared import Prepared
from corekit.db.reader import AnyRow, Reader
from corekit.db.wire import Others
from corekit.errors import PluginError

_AT_ONCE = 1_000
"""Rows of a stream that are read at once."""


class _Open:
    """What there is once something is read: most calls read nothing."""

    def __init__(self, owner: str) -> None:
        self.hold = Hold(owner)
        self.given = ExitStack()
        self.lock = Lock()
        self.reader: Reader | None = None
        self.streams: list[Iterator[AnyRow]] = []


_FIRST = Lock()
"""Held while a reader finds out whether it is the first time that something is read, or too late."""


class PluginRead(Reader):
    """Reads by a reader that is opened when the first select is read, for the time of one call.

    It has no connection to be reached. Threads that a plugin leaves behind read nothing any more.
    """

    def __init__(self, owner: str, dialect: str, opened: Callable[[], AbstractContextManager[Reader]]) -> None:
        self.dialect = dialect
        self.statements = 0
        self._owner = owner
        self._opened = opened
        self._open: _Open | None = None
        self._over = False

    def share(self, others: Others | None) -> None:
        """Nobody reads side by side with a plugin by its own reader."""

    def all(self, select: SelectBase | Prepared, **values: Any) -> list[Any]:
        """Return every row of a select, as :meth:`Reader.all` does."""
        with self._reading() as read:
            self.statements += 1
            return read.all(select, **values)

    def instant(self) -> int:
        """Return when the snapshot began by the database's clock, in UTC microseconds."""
        with self._reading() as read:
            return read.instant()

    def stream(self, select: SelectBase) -> Iterator[AnyRow]:
        """Yield every row of a select in its order, with a few of them in memory at a time."""
        with self._reading() as read:
            self.statements += 1
            rows = read.stream(select)
            if self._open is not None:
                self._open.streams.append(rows)
        while True:
            with self._reading():
                part = list(islice(rows, _AT_ONCE))
            if not part:
                return
            yield from part

    def cancel(self) -> None:
        """Stop the statement that is being executed, from another thread: it raises there."""
        if self._open is not None and self._open.reader is not None:
            self._open.reader.cancel()

    def end(self, *, spoilt: bool = False) -> PluginError | None:
        """Let nobody read by it any more; return what was stopped that was none of its reading, if anything was.

        ``spoilt`` says that the call did not end by itself: what it was reading is stopped.
        """
        with _FIRST:
            self._over = True
            opened = self._open
        if opened is None:
            return None
        if spoilt and opened.lock.locked():
            self.cancel()
        with opened.lock, opened.given:
            if opened.reader is None:  # it could not be opened
                return opened.hold.broken
            source: Any = opened.reader.source
            with opened.hold.passing("SELECT"):
                for rows in opened.streams:
                    _close(rows)
            source.driver.hold = None
            source.spoilt = source.spoilt or spoilt or opened.hold.broken is not None
            return opened.hold.broken

    @contextmanager
    def _reading(self) -> Generator[Reader]:
        with _FIRST:
            opened = self._open = self._open or _Open(self._owner)
        with opened.lock:
            if self._over:
                message = f"plugin {self._owner} reads when its call has ended; read before it returns"
                raise PluginError(message, code="CALL_ENDED", plugin=self._owner)
            with opened.hold.passing("SELECT"):
                if opened.reader is None:
                    opened.reader = opened.given.enter_context(self._opened())
                driver: Any = opened.reader.source.driver
                driver.hold = opened.hold
                yield opened.reader


def _close(rows: Any) -> None:
    rows.close()
