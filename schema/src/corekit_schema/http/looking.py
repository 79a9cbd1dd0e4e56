"""A server that hears of what other processes change: the program, and which plugins are suspended."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from corekit.log import raised_at

if TYPE_CHECKING:
    from corekit import Kit

EVERY = 5.0
"""Seconds from one look to the next."""
_log = structlog.get_logger("corekit.server")


class Looking:
    """Lets a kit look now and then whether its terms are still those that hold, from the first request on.

    Whoever records something looks each time; without this a process that only reads would go on by what it knew.
    """

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._task: asyncio.Task[None] | None = None

    def go_on(self) -> None:
        """Begin, unless that was done on this event loop or on one that still runs."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                await asyncio.to_thread(self._kit.look_again)
            except Exception as error:  # noqa: BLE001 - such as a database that does not answer: the next look may be luckier
                _log.warning("terms not looked at", **raised_at(error))
