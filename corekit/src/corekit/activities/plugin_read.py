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


class PluginRead(Reader):
    """Reads by a reader that is opened when the first select is read, for the time of one call.

    It has no connection to be reached. Threads that a plugin leaves behind read nothing any more.
    """

    def __init__(self, owner: str, dialect: str, opened: Callable[[], AbstractContextManager[Reader]]) -> None:
        self.dialect = dialect
        self.statements = 0
        self._opened = opened
        self._hold = Hold(owner)
        self._given: ExitStack | None = None
        self._known: Reader | None = None
        self._lock = Lock()
        self._streams: list[Iterator[AnyRow]] = []
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
            self._streams.append(rows)
        while True:
            with self._reading():
                part = list(islice(rows, _AT_ONCE))
            if not part:
                return
            yield from part

    def cancel(self) -> None:
        """Stop the statement that is being executed, from another thread: it raises there."""
        if self._known is not None:
            self._known.cancel()

    def end(self, *, spoilt: bool = False) -> PluginError | None:
        """Let nobody read by it any more; return what was stopped that was none of its reading, if anything was.

        ``spoilt`` says that the call did not end by itself: what it was reading is stopped.
        """
        self._over = True
        if spoilt and self._lock.locked():
            self.cancel()
        with self._lock:
            given = self._given
        if given is None or self._known is None:  # it read nothing
            return None
        with given:
            source: Any = self._known.source
            with self._hold.passing("SELECT"):
                for rows in self._streams:
                    _close(rows)
            source.driver.hold = None
            source.spoilt = source.spoilt or spoilt or self._hold.broken is not None
            return self._hold.broken

    @contextmanager
    def _reading(self) -> Generator[Reader]:
        with self._lock:
            if self._over:
                message = f"plugin {self._hold.owner} reads when its call has ended; read before it returns"
                raise PluginError(message, code="CALL_ENDED", plugin=self._hold.owner)
            with self._hold.passing("SELECT"):
                if self._known is None:
                    self._given = ExitStack()
                    self._known = self._given.enter_context(self._opened())
                driver: Any = self._known.source.driver
                driver.hold = self._hold
                yield self._known


def _close(rows: Any) -> None:
    rows.close()
