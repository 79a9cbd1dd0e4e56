"""Fields side by side: where a resolver waits for the database, the next begins, and what they ask travels together.

Resolvers are plain functions. Each runs in a greenlet of its own, which pauses between sending a statement and asking
for its result: meanwhile the next resolver of the level runs, and sends its own. The server works through them in that
order while what has come back is completed. All of it happens in one thread, and between two pauses nobody else runs.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Sequence
from contextvars import copy_context
from typing import Any, TypeVar

from attrs import define
from greenlet import getcurrent, greenlet

T = TypeVar("T")


@define
class _Group:
    """Functions that run side by side: who waits for them, how many have not ended, and what one of them raised."""

    waiter: greenlet
    left: int
    raised: BaseException | None = None


class Together:
    """Runs functions side by side in one thread, and what they begin in their turn."""

    def __init__(self) -> None:
        self.running = False
        """Whether there is anybody who can run while another waits."""
        self._main = getcurrent()
        self._ready: deque[greenlet] = deque()
        self._asking: deque[greenlet] = deque()
        self._waiting: defaultdict[Hashable, list[greenlet]] = defaultdict(list)

    def run(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """Return what functions return. Where one raises, the rest end before that is raised."""
        group = _Group(getcurrent(), len(calls))
        found: list[Any] = [None] * len(calls)
        for number, call in enumerate(calls):
            self._ready.append(self._begun(call, number, found, group))
        if group.waiter is self._main:
            self.running = True
            try:
                while group.left:  # who only needs an answer comes after all questions
                    (self._ready or self._asking).popleft().switch()
            finally:
                self.running = False
        else:
            self._main.switch()
        if group.raised is not None:
            raise group.raised
        return found

    def pause(self) -> None:
        """Let others run until it is our turn to ask for what we sent: answers come in the order of questions."""
        current = getcurrent()
        if current is not self._main:  # else nobody is left who could run
            self._asking.append(current)
            self._main.switch()

    def wait_for(self, key: Hashable) -> None:
        """Let others run until one says that there is something."""
        self._waiting[key].append(getcurrent())
        self._main.switch()

    def tell(self, key: Hashable) -> None:
        """Say that there is something, to who waits for it."""
        self._ready.extend(self._waiting.pop(key, ()))

    def _begun(self, call: Callable[[], Any], number: int, found: list[Any], group: _Group) -> greenlet:
        def run() -> None:
            try:
                found[number] = call()
            except BaseException as error:  # noqa: BLE001 - raised again where all of them are waited for
                group.raised = group.raised or error
            group.left -= 1
            if not group.left and group.waiter is not self._main:
                self._ready.append(group.waiter)

        begun = greenlet(run, self._main)
        begun.gr_context = copy_context()
        return begun
