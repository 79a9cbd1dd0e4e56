"""Work in threads: there it may block."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from corekit_schema.http.work import Work, tell


class InThread:
    """Does work in threads, ``most`` of them at the most; further work waits."""

    def __init__(self, most: int) -> None:
        self._threads = ThreadPoolExecutor(most, "graphql")

    async def run(self, work: Work) -> None:
        """Wait until work tells, or ends; it may go on after that. Raises what it raises before it tells."""
        loop = asyncio.get_running_loop()
        done = loop.create_future()

        def told(raised: BaseException | None = None) -> None:
            loop.call_soon_threadsafe(tell, done, raised)

        def run() -> None:
            is_told = False

            def tell_once() -> None:
                nonlocal is_told
                is_told = True
                told()

            try:
                work(tell_once)
            except BaseException as error:  # noqa: BLE001 - for whoever waits
                told(error)
            else:
                if not is_told:
                    told()

        self._threads.submit(run)
        await done
