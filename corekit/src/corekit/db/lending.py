"""Connections that wait for whoever needs one next: to take one from a pool costs more than a statement does."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Generator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Self

from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, PoolProxiedConnection

from corekit.db.guard import GuardedConnection, Hold
from corekit.db.waiting import blocking
from corekit.db.wire import Wire
from corekit.errors import Unavailable

if TYPE_CHECKING:
    from corekit.db.reader import Reader

Beside = Callable[[], "AbstractContextManager[Reader]"]
"""Gives a reader of a snapshot on another connection."""


class Lent:
    """A connection that is lent: the driver's own, and SQLAlchemy's over it for whoever writes expressions.

    To leave it as a context manager gives it back. It was ``left`` where its transaction was told to end, and nobody
    waited for that. It is ``spoilt`` where nobody knows what was done to it: then nobody else is given it.
    """

    def __init__(self, lender: Lender, pooled: PoolProxiedConnection, beside: Beside | None = None) -> None:
        self._lender = lender
        self._beside = beside
        self._pooled = pooled
        self._connection: Connection | None = None
        self.dialect = lender.engine.dialect.name
        driver: Any = pooled.driver_connection
        self.driver = driver
        self.wire = Wire(driver) if self.dialect == "postgresql" else None
        self.left = False
        self.spoilt = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lender.take_back(self._pooled, self)

    def beside(self) -> AbstractContextManager[Reader]:
        """Give a reader of a snapshot on another connection, for whoever may not have this one."""
        if self._beside is None:
            message = "nothing is read beside this connection"
            raise LookupError(message)
        return self._beside()

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open in which nothing went wrong."""
        if self.wire is None:
            return bool(self.driver.in_transaction)
        return bool(self.driver.pgconn.transaction_status == TransactionStatus.INTRANS)

    @contextmanager
    def held(self, owner: str, lent: Collection[str] = ()) -> Generator[Hold]:
        """Guard the connection while a plugin has something to do with it; see :class:`Hold` of ``lent``."""
        before, self.driver.hold = self.driver.hold, Hold(owner, lent)
        try:
            yield self.driver.hold
        except BaseException:
            self.spoilt = True
            raise
        finally:
            self.spoilt = self.spoilt or self.driver.hold.broken is not None
            self.driver.hold = before

    @property
    def connection(self) -> Connection:
        """SQLAlchemy's connection, made when first asked for; what was to begin has begun."""
        if self.wire is not None:
            self.wire.start()
        if self._connection is None:
            self._connection = GuardedConnection(self._lender.engine, self._pooled, self.driver)
        return self._connection

    def leave(self) -> None:
        """End a transaction in which nothing was written, without waiting for it; a lost connection has none."""
        if self.wire is not None and not self.driver.closed:
            self.wire.leave()
            self.left = True


class Lender:
    """Lends the connections of an engine, and keeps up to ``most`` for the next.

    ``unavailable`` says of an error of the driver that the database does not answer. ``beside`` gives whoever may not
    have a connection that is lent something to read with.
    """

    def __init__(
        self,
        engine: Engine,
        most: int,
        unavailable: Callable[[BaseException], Unavailable],
        beside: Beside | None = None,
    ) -> None:
        self._beside = beside
        self.engine = engine
        self._most = most
        self._unavailable = unavailable
        self._process = os.getpid()
        self._waiting: list[PoolProxiedConnection] = []
        self._left: list[PoolProxiedConnection] = []

    def lend(self) -> Lent:
        """Lend a connection. It comes back as it was given: whoever begins a transaction ends it."""
        return Lent(self, self._take(), self._beside)

    def close(self) -> None:
        """Close every connection."""
        for each in self._all_waiting():
            each.close()
        self.engine.dispose()

    def _take(self) -> PoolProxiedConnection:
        if self._process != os.getpid():
            # What waits belongs to the process that this one was forked from: kept, for to close it would end it there.
            self._left, self._waiting, self._process = self._waiting, [], os.getpid()
        try:
            return self._waiting.pop()
        except IndexError:
            pass
        blocking()
        try:
            return self.engine.raw_connection()
        except self.engine.dialect.loaded_dbapi.Error as error:
            raise self._unavailable(error) from error

    def take_back(self, pooled: PoolProxiedConnection, lent: Lent) -> None:
        """Keep a connection for the next, if it is as it was given."""
        if lent.spoilt or (not lent.left and self._is_open(lent.driver)):
            _discard(pooled)  # nobody else may find what is begun and not ended
        elif self.engine.dialect.name == "postgresql" and lent.driver.closed:
            for each in (pooled, *self._all_waiting()):  # what lost one has lost them all, most likely
                _discard(each)
        elif len(self._waiting) < self._most:
            self._waiting.append(pooled)
        else:
            pooled.close()

    def _is_open(self, driver: Any) -> bool:
        """Say whether a transaction was left open; a lost connection has none."""
        if self.engine.dialect.name == "sqlite":
            return bool(driver.in_transaction)
        return driver.pgconn.transaction_status not in {TransactionStatus.IDLE, TransactionStatus.UNKNOWN}

    def _all_waiting(self) -> list[PoolProxiedConnection]:
        taken: list[PoolProxiedConnection] = []
        while self._waiting:
            with suppress(IndexError):  # another thread was faster
                taken.append(self._waiting.pop())
        return taken


def _discard(pooled: PoolProxiedConnection) -> None:
    if pooled.is_valid:  # SQLAlchemy may have met the loss before
        pooled.invalidate()
    pooled.close()
