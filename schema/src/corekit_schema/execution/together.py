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

from greenlet import getcurrent, greenlet

T = TypeVar("T")


class _Group:
    """Functions that run side by side: who waits for them, how many have not ended, and what one of them raised."""

    __slots__ = ("left", "raised", "waiter")

    def __init__(self, waiter: greenlet, left: int) -> None:
        self.waiter = waiter
        self.left = left
        self.raised: BaseException | None = None


class _Call(greenlet):
    """One of these functions: what it returned, and whether it, or what it began, asked for something."""

    def __init__(self, together: Together, group: _Group, function: Callable[[], Any]) -> None:
        super().__init__(self._go, together.main)
        self.gr_context = copy_context()
        self.group = group
        self.found: Any = None
        self.asked = False
        self._together = together
        self._function = function

    def _go(self) -> None:
        group = self.group
        try:
            self.found = self._function()
        except BaseException as error:  # noqa: BLE001 - raised again where all of them are waited for
            group.raised = group.raised or error
        group.left -= 1
        if not group.left and group.waiter is not self._together.main:
            self._together.ready.append(group.waiter)


class Together:
    """Runs functions side by side in one thread, and what they begin in their turn."""

    def __init__(self) -> None:
        self.running = False
        """Whether there is anybody who can run while another waits."""
        self.main = getcurrent()
        self.ready: deque[greenlet] = deque()
        """Who can go on; whoever only needs an answer comes after them."""
        self._asking: deque[greenlet] = deque()
        self._waiting: defaultdict[Hashable, list[greenlet]] = defaultdict(list)

    def run(self, functions: Sequence[Callable[[], T]]) -> tuple[list[T], list[bool]]:
        """Return what functions return, and which of them asked for something.

        Where one raises, the rest end before that is raised.
        """
        group = _Group(getcurrent(), len(functions))
        calls = [_Call(self, group, function) for function in functions]
        self.ready.extend(calls)
        if group.waiter is self.main:
            self.running = True
            try:
                while group.left:
                    (self.ready or self._asking).popleft().switch()
            finally:
                self.running = False
        else:
            self.main.switch()
        if group.raised is not None:
            raise group.raised
        return [call.found for call in calls], [call.asked for call in calls]

    def pause(self) -> None:
        """Let others run until it is our turn to ask for what we sent: answers come in the order of questions."""
        current = getcurrent()
        if current is not self.main:  # else nobody is left who could run
            self._asking.append(current)
            self._leave(current)

    def wait_for(self, key: Hashable) -> None:
        """Let others run until one says that there is something."""
        current = getcurrent()
        self._waiting[key].append(current)
        self._leave(current)

    def tell(self, key: Hashable) -> None:
        """Say that there is something, to who waits for it."""
        self.ready.extend(self._waiting.pop(key, ()))

    def _leave(self, current: greenlet) -> None:
        call = current
        while isinstance(call, _Call) and not call.asked:
            call.asked = True
            call = call.group.waiter
        self.main.switch()
