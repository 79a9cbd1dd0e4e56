"""Turns: threads that want the interpreter at the same time cost more than they do one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager


class Turns:
    """Lets ``most`` go on at a time. Who takes longer than some ``seconds`` is slow: others no longer wait for it.

    So is who does not get a turn at once.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self._free = asyncio.Semaphore(most)
        self._seconds = seconds

    @asynccontextmanager
    async def taken(self, slow: Callable[[], object]) -> AsyncGenerator[None]:
        """Wait for a turn, and give it back when the block ends, or turns out to be slow: that is told once."""
        is_told = self._free.locked()
        if is_told:
            slow()
        await self._free.acquire()
        holds = True

        def give_back() -> None:
            nonlocal holds
            if holds:
                holds = False
                self._free.release()

        def late() -> None:
            give_back()
            if not is_told:
                slow()

        timer = asyncio.get_running_loop().call_later(self._seconds, late)
        try:
            yield
        finally:
            timer.cancel()
            give_back()
