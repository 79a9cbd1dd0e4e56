"""The watch: calls of plugins that are going on, and what is done about those that do not return.

A call is made in the thread of whoever makes it: to hand it to another and back costs more than most calls take, above
all where threads compete for the interpreter. One thread looks now and then at what is going on. What has gone on for
too long is stopped by an exception that is raised in its thread (``PyThreadState_SetAsyncExc``), and again until it
ends. That reaches code of Python, such as a loop, but not what waits inside of C: its thread is lost while that lasts,
and what others wait for because of it is let go.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from attrs import define

TICK = 0.25
"""Seconds between two looks."""
QUIET = 40
"""Looks at nothing after which the thread ends; the next call starts another."""
STUBBORN = 4
"""Looks from one attempt to stop a call to the next; what the first did not stop is held to wait inside of C."""


class Stopped(BaseException):
    """Raised in a plugin's code that has gone on for too long."""


@define(eq=False)
class Going:
    """A call that is going on: ``late`` once it was told to stop, ``over`` once it ended."""

    plugin: str
    thread: int
    until: float
    let_go: Callable[[], object]
    suspends: bool = True
    late: bool = False
    over: bool = False
    looks: int = 0


class Watch:
    """Watches calls, and tells ``when_late`` of each that it stops."""

    def __init__(self, when_late: Callable[[Going], object]) -> None:
        self._when_late = when_late
        self._lock = threading.Lock()
        self._going: list[Going] = []
        self._thread: threading.Thread | None = None

    def begin(self, plugin: str, seconds: float, let_go: Callable[[], object], *, suspends: bool = True) -> Going:
        """Watch a call that this thread is about to make. Where it cannot be stopped, ``let_go`` is done."""
        going = Going(plugin, threading.get_ident(), time.monotonic() + seconds, let_go, suspends)
        with self._lock:
            self._going.append(going)
            if self._thread is None or not self._thread.is_alive():  # a forked process has none
                self._thread = threading.Thread(target=self._watch, name="corekit-watch", daemon=True)
                self._thread.start()
        return going

    def end(self, going: Going) -> None:
        """Watch a call no more; once this returns nothing is raised because of it. To say it again does no harm."""
        while not going.over:
            try:
                with self._lock:
                    if going in self._going:
                        self._going.remove(going)
                    going.over = True
                if going.late:
                    _raise_in(going.thread, None)  # where it has not arrived it need not any more
            except Stopped:  # it has arrived here
                continue

    def _watch(self) -> None:
        wait = threading.Event()
        quiet = 0
        while True:
            wait.wait(TICK)
            with self._lock:
                quiet = 0 if self._going else quiet + 1
                if quiet > QUIET:
                    self._thread = None
                    return
                for going in self._going:
                    if time.monotonic() > going.until:
                        self._stop(going)

    def _stop(self, going: Going) -> None:
        """Tell a call to stop, now and then; what it does not let go by itself is let go when that is of no use."""
        if not going.late:
            going.late = True
            self._when_late(going)
        elif going.looks == STUBBORN:
            going.let_go()
        if going.looks % STUBBORN == 0:
            _raise_in(going.thread, Stopped)
        going.looks += 1


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    """Let an exception be raised in a thread of Python's code; None takes back one that has not been raised yet."""
    import ctypes  # noqa: PLC0415 - hardly ever needed

    raised = ctypes.py_object(error) if error is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), raised)
