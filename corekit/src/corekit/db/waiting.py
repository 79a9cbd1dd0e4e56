"""How a thread waits for the database: it blocks, or gives itself to others until the answer is there.

An event loop's thread must not block. Whoever runs something there sets ``here.wait``, which lets others run until a
connection is ready. Whatever else would block says so by :func:`blocking`, and begins again where it may.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.waiting import Ready, Wait

WaitFor = Callable[["Connection[Any]", "Wait"], "Ready"]
"""Returns when a connection can be read or written, or is broken."""


class Blocks(BaseException):
    """What runs on an event loop's thread has come to where it would block.

    It is no Exception, since nobody on the way has anything to do about it.
    """


class _Here(threading.local):
    wait: WaitFor | None = None


here = _Here()
"""``wait`` is how what runs in this thread waits for a connection; None where it blocks."""


def blocking() -> None:
    """Say that what follows may wait for something else than the database's answer to a reading.

    In a thread that may block nothing happens. What is computed for a query on an event loop's thread is left here, and
    begins again in a thread of its own: so call it before anything is done, and before a lock is taken.
    """
    if here.wait is not None:
        raise Blocks


def drive(generator: Any, connection: Connection[Any], wait: WaitFor) -> Any:
    """Return what a generator of psycopg returns; ``wait`` is called where it wants to wait for its connection."""
    try:
        asked = next(generator)
        while True:
            asked = generator.send(wait(connection, asked))
    except StopIteration as ended:
        return ended.value
