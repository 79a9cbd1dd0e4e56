"""Fields side by side: where a resolver waits for the database, the next begins, and what they ask travels together.

Resolvers are plain functions. Each runs in a greenlet of its own, which pauses between sending a statement and asking
for its result: meanwhile the next resolver of the level runs, and sends its own. The server works through them in that
order while what has come back is completed. All of it happens in one thread, and between two pauses nobody else of the
operation runs.
The last function of a level runs where the level was begun: a new greenlet costs as much as twenty turns of one.

Nobody may know a greenlet once they have run. What was raised knows the frames that it came through, and may live on
as garbage until its thread has ended. Greenlet 3.5 frees the main greenlet of a thread with it, whoever still knows it,
and the collector of cycles then dies of a segmentation fault.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Sequence
from contextvars import copy_context
from typing import Any, TypeVar

from greenlet import getcurrent, greenlet

T = TypeVar("T")


class _Group:
    """Functions that run side by side: who began them, whether it waits, how many are left, what one of them raised."""

    __slots__ = ("left", "raised", "waiter", "waits")

    def __init__(self, waiter: greenlet, left: int) -> None:
        self.waiter: greenlet | None = waiter
        self.waits = False
        self.left = left
        self.raised: BaseException | None = None

    def fail(self, error: BaseException) -> None:
        """Remember what the first of them raised, without the frame that caught it."""
        traced = error.__traceback__
        self.raised = self.raised or error.with_traceback(traced and traced.tb_next)


class _Call(greenlet):
    """One of these functions: what it returned, and whether it, or what it began, asked for something."""

    def __init__(self, together: Together, main: greenlet, group: _Group, function: Callable[[], Any]) -> None:
        super().__init__(self._go, main)
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
            group.fail(error)
        group.left -= 1
        if group.waits and not group.left and group.waiter is not None:
            self._together.ready.append(group.waiter)


class Together:
    """Runs functions side by side in one thread, and what they begin in their turn."""

    def __init__(self) -> None:
        self.running = False
        """Whether there is anybody who can run while another waits."""
        self.main: greenlet | None = None
        """Where they are run from, while they run."""
        self.ready: deque[greenlet] = deque()
        """Who can go on; whoever only needs an answer comes after them."""
        self._asking: deque[greenlet] = deque()
        self._waiting: defaultdict[Hashable, list[greenlet]] = defaultdict(list)
        self._pauses = 0

    def run(self, functions: Sequence[Callable[[], T]]) -> tuple[list[T], list[bool]]:
        """Return what functions return, and which of them asked for something.

        Where one raises, the rest end before that is raised.
        """
        current, is_outermost = getcurrent(), self.main is None
        main = self.main = self.main or current
        self.running = True
        *others, last = functions
        group, found = _Group(current, len(others)), list[T]()
        calls = [_Call(self, main, group, function) for function in others]
        try:
            self.ready.extend((*calls, current))
            self._go_on(current, main)
            before = self._pauses
            try:
                found.append(last())
            except BaseException as error:  # noqa: BLE001 - raised again once all have ended
                group.fail(error)
            did_ask = self._pauses != before  # nobody else ran unless it paused
            if group.left:
                group.waits = True
                self._go_on(current, main)
        finally:
            if is_outermost:
                self.running, self.main = False, None
        group.waiter = None
        found[:0], asked, raised = [each.found for each in calls], [each.asked for each in calls], group.raised
        del current, main, calls
        if raised is not None:
            raise raised
        return found, [*asked, did_ask]

    def pause(self) -> None:
        """Let others run until it is our turn to ask for what we sent: answers come in the order of questions."""
        current, main = getcurrent(), self.main
        if main is not None:
            self._asking.append(current)
            self._leave(current, main)

    def wait_for(self, key: Hashable) -> None:
        """Let others run until one says that there is something."""
        current, main = getcurrent(), self.main
        assert main is not None  # whoever makes it waits, so they run
        self._waiting[key].append(current)
        self._leave(current, main)

    def tell(self, key: Hashable) -> None:
        """Say that there is something, to who waits for it."""
        if self._waiting:
            self.ready.extend(self._waiting.pop(key, ()))

    def _leave(self, current: greenlet, main: greenlet) -> None:
        self._pauses += 1
        call: greenlet | None = current
        while isinstance(call, _Call) and not call.asked:
            call.asked = True
            call = call.group.waiter
        self._go_on(current, main)

    def _go_on(self, current: greenlet, main: greenlet) -> None:
        """Let others run until it is our turn; whoever is not the main one leaves it to that to switch to them."""
        if current is not main:
            main.switch()
            return
        while (following := (self.ready or self._asking).popleft()) is not main:
            following.switch()
