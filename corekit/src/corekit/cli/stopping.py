"""What tells a process to stop that runs until it is told: a signal, or one of its own threads."""

from __future__ import annotations

import signal
import threading
from queue import Empty, SimpleQueue
from typing import Protocol


class Stops(Protocol):
    """What says whether it is time to stop, and waits for that."""

    def is_set(self) -> bool:
        """Say whether it is."""
        ...

    def wait(self, timeout: float, /) -> bool:
        """Wait so many seconds at most, and say whether it is."""
        ...


class Stop:
    """Time to stop, once it is set.

    A signal comes in between anything that the main thread does, also while that waits here. ``threading.Event`` would
    then wait for a lock that its own thread holds, for ever.
    """

    def __init__(self) -> None:
        """Go on for now."""
        self._is_set = False
        self._wakes: SimpleQueue[None] = SimpleQueue()  # its put may come in between its own get

    @classmethod
    def by_signal(cls) -> Stop:
        """Return one that SIGTERM and SIGINT set, where the main thread makes it."""
        stop = cls()
        if threading.current_thread() is threading.main_thread():
            for name in (signal.SIGTERM, signal.SIGINT):
                signal.signal(name, lambda _number, _frame: stop.set())
        return stop

    def is_set(self) -> bool:
        """Say whether it is time to stop."""
        return self._is_set

    def set(self) -> None:
        """Tell all who wait."""
        self._is_set = True
        self._wakes.put(None)

    def wait(self, timeout: float, /) -> bool:
        """Wait so many seconds at most, and say whether it is time to stop."""
        if not self._is_set:
            try:
                self._wakes.get(timeout=timeout)
            except Empty:
                return self._is_set
            self._wakes.put(None)  # for others who wait
        return self._is_set
