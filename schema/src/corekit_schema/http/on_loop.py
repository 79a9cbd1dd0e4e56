"""Functions on the thread of the event loop: each gives it back while it waits for the database.

A function runs in a greenlet. Where it waits for a socket (:mod:`corekit.db.waiting`), the greenlet that waits leaves
the thread to the loop, which returns to it when the socket is ready. So light work saves the way to another thread and
back, and threads do not fight for the interpreter. What would block is left, and begins again elsewhere.

As in :mod:`corekit_schema.execution.together`, nobody may know a greenlet once it has run.
"""

from __future__ import annotations

import asyncio
import time
from contextvars import copy_context
from typing import Any

from attrs import define, field
from greenlet import getcurrent, greenlet
from psycopg.waiting import Ready, Wait

from corekit.db.waiting import Blocks, here
from corekit_schema.http.work import Work, tell


@define(eq=False)
class _Call:
    """One of these functions: whether it would have blocked, and for how many seconds it had the thread at a time.

    ``waiting`` is the greenlet that waits. The loop looks at the sockets ``watched`` until the function ends, not only
    while it waits: to begin and to end that takes longer than all else of a wait.
    """

    work: Work
    done: asyncio.Future[None]
    waiting: greenlet | None = None
    watched: dict[int, int] = field(factory=dict[int, int])
    blocks: bool = False
    longest: float = 0.0

    def go(self) -> None:
        """Do the work."""
        try:
            self.work(self._told)
        except Blocks:
            self.blocks = True
            tell(self.done)
        except BaseException as error:  # noqa: BLE001 - for whoever waits
            tell(self.done, error)
        else:
            tell(self.done)

    def _told(self) -> None:
        """Let whoever waits go on before the rest."""
        tell(self.done)
        main = getcurrent().parent
        assert main is not None
        main.switch(getcurrent(), -1, 0)


class OnLoop:
    """Runs functions on the thread of the running event loop."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._main: greenlet | None = None

    async def run(self, work: Work) -> float | None:
        """Run a function until it ends, or tells; return for how many seconds it had the thread at a time, at most.

        None where it would have blocked: then it is left, and nothing has come of it. Raises what it raises before it
        tells. Whoever is cancelled no longer waits, and it goes on.
        """
        call = _Call(work, self.loop.create_future())
        call.waiting = greenlet(call.go)
        call.waiting.gr_context = copy_context()
        self._go_on(call)
        await call.done
        return None if call.blocks else call.longest

    def _go_on(self, call: _Call, *given: Any) -> None:
        """Go on with a function where it waits, until it waits again or ends."""
        current, call.waiting = call.waiting, None
        if current is None:
            return
        self._main, here.wait = getcurrent(), self._wait
        began = time.perf_counter()
        try:
            asked = current.switch(*given)
        finally:
            self._main = here.wait = None
        call.longest = max(call.longest, time.perf_counter() - began)
        if asked is None:
            self._watch(call, -1, 0)
            return
        call.waiting, fileno, wait = asked
        if call.watched.get(fileno) != wait:
            self._watch(call, fileno, wait)
        if not wait:
            self.loop.call_soon(self._go_on, call)

    def _watch(self, call: _Call, fileno: int, wait: int) -> None:
        """Let the loop look at one socket for a function, or at none."""
        for watched in call.watched:
            self.loop.remove_reader(watched)
            self.loop.remove_writer(watched)
        call.watched.clear()
        if wait:
            call.watched[fileno] = wait
        if wait & Wait.R:
            self.loop.add_reader(fileno, self._go_on, call, Ready.R)
        if wait & Wait.W:
            self.loop.add_writer(fileno, self._go_on, call, Ready.W)

    def _wait(self, fileno: int, wait: Wait) -> Ready:
        """Let the loop run others until a socket is ready."""
        assert self._main is not None  # who waits was switched to
        ready: Ready = self._main.switch(getcurrent(), fileno, wait)
        return ready
