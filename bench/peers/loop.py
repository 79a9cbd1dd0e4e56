"""Lets a peer answer as often as it is told, in a process of its own."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from bench.peers.rows import Rows

Answer = Callable[[Rows, str, dict[str, Any]], Awaitable[dict[str, Any]]]
"""Answers one request: the rows to read, the operation's text and its variables; returns the data."""


OBJECTS = 20_000
"""As in our server, which peers cannot import."""


def main(answer: Answer) -> None:
    """Print one answer, then for each number read as many seconds of the processor as so many answers took.

    The arguments are the database, the operation's text and its variables.
    """
    url, text, variables = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    rows = Rows(url)

    async def run() -> None:
        print(json.dumps(await answer(rows, text, variables)), flush=True)
        _settle_down()
        for line in sys.stdin:
            began = time.process_time()
            for _ in range(int(line)):
                json.dumps(await answer(rows, text, variables))
            print(time.process_time() - began, flush=True)

    asyncio.run(run())


def _settle_down() -> None:
    """Tell the collector of cycles what our server tells it when it begins to serve."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS)
