"""The breaker: calls plugins, and suspends those that do not return or do what is not safe to be done again."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from attrs import frozen

from corekit.activities.watch import Going, Watch
from corekit.db.guard import here
from corekit.db.waiting import blocking
from corekit.errors import Busy
from corekit.suspension.suspensions import suspended
from corekit.tally import Tally

_Answer = TypeVar("_Answer")
_log = structlog.get_logger("corekit.plugins")
PATIENCE = 10.0
"""Seconds after which a call is stopped, and its plugin suspended."""
EACH = 0.02
"""Seconds more for each activity or effect of the call."""
TELLING = 60.0
"""Seconds after which a plugin that is told what happened is stopped."""
STRIKES = 3
"""Units in a row that a plugin broke after which it is suspended."""


@frozen
class Broken:
    """Why a plugin has to be suspended until somebody says that it may be called again."""

    plugin: str
    reason: str


class Breaker:
    """Knows which plugins have not returned, and calls the others, with a deadline where there is one."""

    def __init__(self) -> None:
        self._watch = Watch(self._is_late)
        self._abandoned: dict[str, threading.Thread] = {}
        self._unreturned: dict[str, Going] = {}
        self._strikes = Counter[str]()
        self.news: list[Broken] = []
        """Plugins that are to be suspended, until whoever has nothing open in the database stores that."""
        self.failed = Tally()
        """How often each plugin failed at something in this process."""
        self.tripped = Tally()
        """How often each plugin was suspended by the breaker of this process."""

    def call(
        self,
        plugin: str,
        call: Callable[[], _Answer],
        deadline: float | None = None,
        *,
        number: int = 1,
        let_go: Callable[[], object] | None = None,
    ) -> _Answer:
        """Return what a call of a plugin about a ``number`` of things returns.

        One that goes on for too long is stopped: :class:`Busy` says so, and the plugin is to be suspended. Where it
        cannot be stopped, ``let_go`` is done. ``deadline`` is an instant of the monotonic clock: a call that has not
        returned by then is abandoned, and Busy says so; until it returns after all, which nobody hears of, its plugin
        is suspended here. What it sent by a connection that it was not given is a PluginError.
        """
        blocking()  # what does not return is stopped by its thread
        if self._abandoned or self._unreturned:
            self.check_returned(plugin)
        if deadline is None:
            return self._watched(Going(plugin, PATIENCE + EACH * number, let_go), call)
        answers: list[_Answer] = []
        raised: list[BaseException] = []

        def watched() -> _Answer:
            return self._watched(Going(plugin, PATIENCE + EACH * number, let_go), call)

        thread = threading.Thread(
            target=_caught, args=(watched, answers, raised), daemon=True, name=f"corekit-{plugin}"
        )
        thread.start()
        thread.join(max(0.0, deadline - time.monotonic()))
        if thread.is_alive():
            self._abandoned[plugin] = thread
            _log.error("plugin suspended until it returns", plugin=plugin)
            message = (
                f"plugin {plugin} took too long while the member was locked; nothing was written, send the key again"
            )
            raise Busy(message, plugin=plugin)
        if raised:
            raise raised[0]
        return answers[0]

    def tell(self, plugin: str, call: Callable[[], object]) -> None:
        """Tell a plugin what happened; Busy where it did not return and was stopped: it is told again.

        That suspends nobody, since only what the plugin itself is told waits for it.
        """
        self._watched(Going(plugin, TELLING, suspends=False), call, held=False)

    def check_returned(self, plugin: str) -> None:
        """Raise Busy where a plugin has not returned from an earlier call of this process."""
        abandoned, going = self._abandoned.get(plugin), self._unreturned.get(plugin)
        if (abandoned is not None and abandoned.is_alive()) or (going is not None and not going.over):
            raise suspended(plugin, "it has not returned from an earlier call")

    def unreturned(self) -> list[str]:
        """Return the plugins that have not returned from a call of this process, by name."""
        waiting = [plugin for plugin, thread in list(self._abandoned.items()) if thread.is_alive()]
        return sorted({*waiting, *(plugin for plugin, going in list(self._unreturned.items()) if not going.over)})

    def next_news(self) -> Broken | None:
        """Return a plugin that is to be suspended, which no other thread is given; None where there is none."""
        try:
            return self.news.pop()
        except IndexError:  # another thread may have been faster
            return None

    def broke(self, plugin: str, reason: str, *, at_once: bool = False) -> None:
        """Count a unit that a plugin broke; too many in a row, or one that is bad enough, suspend it."""
        self._strikes[plugin] += 1
        if at_once or self._strikes[plugin] >= STRIKES:
            del self._strikes[plugin]
            self._trip(plugin, reason)

    def kept(self, plugin: str) -> None:
        """Note that a plugin did what it may, so that what it broke before is not in a row with what may come."""
        self._strikes.pop(plugin, None)

    def _watched(self, going: Going, call: Callable[[], _Answer], *, held: bool = True) -> _Answer:
        """Return what a call returns, if it was not stopped, and sent nothing that it may not where it is ``held``."""
        running = here.hold
        self._watch.begin(going)
        try:
            try:
                if held:
                    here.hold = going
                answer = call()
            finally:
                here.hold = running
                self._watch.end(going)
        except BaseException as error:
            here.hold = running  # it may have been stopped on its way out
            self._watch.end(going)
            if going.late:  # what is raised because it was stopped is nobody's answer
                raise suspended(going.owner, "it did not return in time and was stopped") from error
            if going.broken is not None:
                raise going.broken from error
            raise
        if going.late:
            raise suspended(going.owner, "it did not return in time and was stopped")
        if going.broken is not None:
            raise going.broken
        return answer

    def _is_late(self, going: Going) -> None:
        """Suspend a plugin whose call is told to stop: here at once, and everywhere when that is stored."""
        _log.error("plugin does not return", plugin=going.owner)
        if not going.suspends:
            return
        self._unreturned[going.owner] = going
        self._trip(going.owner, "it did not return from a call in time")

    def _trip(self, plugin: str, reason: str) -> None:
        self.tripped.add([plugin])
        self.news.append(Broken(plugin, reason))


def _caught(call: Callable[[], Any], answers: list[Any], raised: list[BaseException]) -> None:
    try:
        answers.append(call())
    except BaseException as error:  # noqa: BLE001 - it is raised where the answer is awaited
        raised.append(error)
