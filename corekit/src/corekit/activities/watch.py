"""The watch: calls of plugins that are going on, and what is done about those that do not return.

A call is made in the thread of whoever makes it: to hand it to another and back costs more than most calls take, above
all where threads compete for the interpreter. One thread looks now and then at what is going on. What has gone on for
too long is stopped by an exception that is raised in its thread (``PyThreadState_SetAsyncExc``), and again until it
ends. That reaches code of Python, such as a loop, but not what waits inside of C: its thread is lost while that lasts,
and what others wait for because of it is let go.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from os import getpid
from threading import get_ident
from time import monotonic

from corekit.db.guard import Hold

TICK = 0.25
"""Seconds between two looks."""
QUIET = 40
"""Looks at nothing after which the thread ends; the next call starts another."""
STUBBORN = 4
"""Looks from one attempt to stop a call to the next; what the first did not stop is held to wait inside of C."""


class Stopped(BaseException):
    """Raised in a plugin's code that has gone on for too long."""


class Going(Hold):
    """A call that is going on: ``late`` once it was told to stop, ``over`` once it ended."""

    __slots__ = ("late", "let_go", "looks", "outer", "over", "suspends", "thread", "until")

    def __init__(
        self, plugin: str, seconds: float, let_go: Callable[[], object] | None = None, *, suspends: bool = True
    ) -> None:
        """Begin a call of this thread. Where it cannot be stopped, ``let_go`` is done."""
        self.owner = plugin
        self.broken = None
        self.kind = None
        self.thread = get_ident()
        self.until = monotonic() + seconds
        self.let_go = let_go
        self.suspends = suspends
        self.outer: Going | None = None
        self.late = False
        self.over = False
        self.looks = 0


class Watch:
    """Watches calls, and tells ``when_late`` of each that it stops."""

    def __init__(self, when_late: Callable[[Going], object]) -> None:
        self._when_late = when_late
        self._lock = threading.Lock()
        self._going: dict[int, Going] = {}
        self._process = 0
        """In which the thread looks: a forked one has none."""

    def begin(self, going: Going) -> None:
        """Watch a call from now on."""
        outer = self._going.get(going.thread)
        if outer is not None:
            going.outer = outer
        self._going[going.thread] = going
        if self._process != getpid():
            with self._lock:
                if self._process != getpid():
                    self._process = getpid()
                    threading.Thread(target=self._watch, name="corekit-watch", daemon=True).start()

    def end(self, going: Going) -> None:
        """Watch a call no more; once this returns nothing is raised because of it. To say it again does no harm."""
        going.over = True
        self._forget(going)
        if going.late:  # else whoever stops it sees that it is over
            try:
                with self._lock:
                    _raise_in(going.thread, Stopped)  # in place of one that has not arrived
                while True:  # to take it back would leave the interpreter looking for it for ever
                    pass
            except Stopped:
                return

    def _forget(self, going: Going) -> None:
        """Take a call out of those of its thread; where they run side by side it need not be the innermost."""
        inner = self._going.get(going.thread)
        if inner is not None and inner is not going:
            while inner.outer is not None and inner.outer is not going:
                inner = inner.outer
            if inner.outer is going:
                inner.outer = going.outer
        elif inner is going and going.outer is not None:
            self._going[going.thread] = going.outer
        elif inner is going:
            self._going.pop(going.thread, None)

    def _watch(self) -> None:
        wait = threading.Event()
        quiet = 0
        while quiet < QUIET:
            wait.wait(TICK)
            going = list(self._going.values())
            quiet = 0 if going else quiet + 1
            for each in going:
                if monotonic() > each.until:
                    with self._lock:
                        self._stop(each)
            if quiet == QUIET:
                self._process = 0
                if self._going:  # of somebody who has not seen that
                    self._process, quiet = getpid(), 0

    def _stop(self, going: Going) -> None:
        """Tell a call to stop, now and then; what it does not let go by itself is let go when that is of no use."""
        first, going.late = not going.late, True
        if going.over:  # it is late by less than it takes to say so
            return
        if first:
            self._when_late(going)
        elif going.looks == STUBBORN and going.let_go is not None:
            going.let_go()
        if going.looks % STUBBORN == 0:
            _raise_in(going.thread, Stopped)
        going.looks += 1


def _raise_in(thread: int, error: type[BaseException]) -> None:
    """Let an exception be raised in a thread of Python's code, in place of one that has not been raised yet."""
    import ctypes  # noqa: PLC0415 - hardly ever needed

    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))
