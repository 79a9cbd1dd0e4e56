"""Turns: threads that want the interpreter at the same time cost more than they do one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager


class Turns:
    """Lets ``most`` go on at a time. Who takes longer than some ``seconds`` is slow: others no longer wait for it.

    So is who waits that long for a turn.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self._free = asyncio.Semaphore(most)
        self._seconds = seconds

    @asynccontextmanager
    async def taken(self, slow: Callable[[], object]) -> AsyncGenerator[None]:
        """Wait for a turn, and give it back when the block ends, or turns out to be slow: that is told once."""
        loop, is_told, holds = asyncio.get_running_loop(), False, False

        def tell() -> None:
            nonlocal is_told
            if not is_told:
                is_told = True
                slow()

        def give_back() -> None:
            nonlocal holds
            if holds:
                holds = False
                self._free.release()

        def late() -> None:
            give_back()
            tell()

        if self._free.locked():
            timer = loop.call_later(self._seconds, tell)
            try:
                await self._free.acquire()
            finally:
                timer.cancel()
        else:
            await self._free.acquire()
        holds = True
        timer = loop.call_later(self._seconds, late)
        try:
            yield
        finally:
            timer.cancel()
            give_back()
