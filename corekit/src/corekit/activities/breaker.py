"""A deadline for plugins that react while a member is locked, and a breaker for one that does not keep it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import structlog

from corekit.errors import Busy

_Answer = TypeVar("_Answer")
_log = structlog.get_logger("corekit.plugins")


class Breaker:
    """Knows which plugins have not returned, and calls the others, with a deadline where there is one."""

    def __init__(self) -> None:
        self._abandoned: dict[str, threading.Thread] = {}

    def call(self, plugin: str, call: Callable[[], _Answer], deadline: float | None) -> _Answer:
        """Return what a call of a plugin returns.

        ``deadline`` is an instant of the monotonic clock. A call that has not returned by then is abandoned, and
        :class:`Busy` says so; until it returns after all, which nobody hears of, its plugin is suspended.
        """
        if (abandoned := self._abandoned.get(plugin)) is not None and abandoned.is_alive():
            message = f"plugin {plugin} is suspended, since it has not returned from an earlier call"
            raise Busy(message, code="PLUGIN_SUSPENDED", plugin=plugin)
        if deadline is None:
            return call()
        answers: list[_Answer] = []
        raised: list[BaseException] = []
        thread = threading.Thread(target=_caught, args=(call, answers, raised), daemon=True, name=f"corekit-{plugin}")
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


def _caught(call: Callable[[], Any], answers: list[Any], raised: list[BaseException]) -> None:
    try:
        answers.append(call())
    except BaseException as error:  # noqa: BLE001 - it is raised where the answer is awaited
        raised.append(error)
