"""Functions on the thread of the event loop: each gives it back while it waits for the database.

A function runs in a greenlet. Where it waits for a connection (:mod:`corekit.db.waiting`), the greenlet that waits
leaves the thread to the loop, which returns to it when there is something to read. So light work saves the way to
another thread and back, and threads do not fight for the interpreter. What would block is left, and begins again
elsewhere.

As in :mod:`corekit_schema.execution.together`, nobody may know a greenlet once it has run.
"""

from __future__ import annotations

import asyncio
import select
import time
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from attrs import define
from greenlet import getcurrent, greenlet
from psycopg.waiting import Ready, Wait

from corekit.db.waiting import Blocks, here
from corekit_schema.http.work import Work, tell

_NOTHING: Any = None
"""In place of a connection: whoever waits only lets others go on."""


@define(eq=False)
class _Call:
    """One of these functions: whether it would have blocked, and for how many seconds it had the thread at a time.

    ``waiting`` is the greenlet that waits. The loop looks at the ``watched`` connection, at the socket of a number and
    for reading or writing, until the function ends or waits for something else: to begin and to end that takes longer
    than all else of a wait.
    """

    work: Work
    done: asyncio.Future[None]
    waiting: greenlet | None = None
    watched: tuple[Any, int, int] = (_NOTHING, -1, -1)
    blocks: bool = False
    longest: float = 0.0


class OnLoop:
    """Runs functions on the thread of the running event loop, which has to be able to look at sockets."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._main: greenlet | None = None

    async def run(self, work: Work) -> float | None:
        """Run a function until it ends, or tells; return for how many seconds it had the thread at a time, at most.

        None where it would have blocked: then it is left, and nothing has come of it. Raises what it raises before it
        tells. Whoever is cancelled no longer waits, and it goes on as long as the loop does.
        """
        call = _Call(work, self.loop.create_future())
        call.waiting = greenlet(self._begin)
        call.waiting.gr_context = copy_context()
        self._go_on(call, call)
        await call.done
        return None if call.blocks else call.longest

    def _begin(self, call: _Call) -> None:
        """Do the work, in its greenlet."""

        def told() -> None:
            tell(call.done)
            self._wait(_NOTHING, 0)

        try:
            call.work(told)
        except Blocks:
            call.blocks = True
            tell(call.done)
        except BaseException as error:  # noqa: BLE001 - for whoever waits
            tell(call.done, error)
        else:
            tell(call.done)

    def _go_on(self, call: _Call, *given: Any) -> None:
        """Go on with a function where it waits, until it waits again or ends."""
        current, call.waiting = call.waiting, None
        if current is None:
            return
        asked = self._leave_to(call, current.switch, *given)
        while asked is not None:
            current, connection, wait = asked
            try:
                self._watch(call, connection, wait)
            except Exception as error:  # noqa: BLE001 - for whoever wanted to wait
                asked = self._leave_to(call, current.throw, error)
            else:
                call.waiting = current
                return
        self._look_away(call)

    def _leave_to(self, call: _Call, enter: Callable[..., Any], *given: Any) -> Any:
        """Leave the thread to a greenlet; return which one waits, and for what, or None when all is done."""
        self._main, here.wait = getcurrent(), self._wait
        began = time.perf_counter()
        try:
            return enter(*given)
        finally:
            self._main = here.wait = None
            call.longest = max(call.longest, time.perf_counter() - began)

    def _watch(self, call: _Call, connection: Any, wait: int) -> None:
        """Let the loop look at a connection for a function; or go on with it soon, where that is nothing."""
        watched, _, before = call.watched
        if connection is watched and wait == before:
            return
        self._look_away(call)
        if connection is _NOTHING:
            self.loop.call_soon(self._go_on, call)
            return
        fileno = connection.fileno()
        call.watched = (connection, fileno, wait)
        if wait & Wait.R:
            self.loop.add_reader(fileno, self._go_on, call, Ready.R)
        if wait & Wait.W:
            self.loop.add_writer(fileno, self._go_on, call, Ready.W)

    def _look_away(self, call: _Call) -> None:
        """Let the loop look at nothing for a function any more."""
        connection, fileno, _ = call.watched
        if connection is not _NOTHING:
            call.watched = (_NOTHING, -1, -1)
            self.loop.remove_reader(fileno)
            self.loop.remove_writer(fileno)

    def _wait(self, connection: Any, wait: int) -> Ready:
        """Let the loop run others until a connection is ready."""
        if connection is not _NOTHING and _is_broken(connection.fileno()):
            return Ready(wait)  # a loop may look at it no more: uvloop tells of an error once
        assert self._main is not None  # who waits was switched to
        ready: Ready = self._main.switch(getcurrent(), connection, wait)
        return ready


def _is_broken(fileno: int) -> bool:
    """Say whether something went wrong with a socket; whoever reads it is told what."""
    poll = select.poll()
    poll.register(fileno, 0)
    return bool(poll.poll(0))
