"""``corekit worker``: settles what waits."""

from __future__ import annotations

import signal
import threading
from typing import Annotated, Protocol

import typer

from corekit.cli.context import open_kit
from corekit.cli.output import emit

app = typer.Typer()

CHUNK = 500
LEAST_WAIT, MOST_WAIT = 0.05, 2.0
"""Seconds between two looks at an empty queue."""


class _Works(Protocol):
    def work(self, *, chunk: int, limit: int) -> int: ...


class _Stops(Protocol):
    def is_set(self) -> bool: ...

    def wait(self, timeout: float, /) -> bool: ...


@app.command()
def worker(
    ctx: typer.Context,
    *,
    once: Annotated[bool, typer.Option("--once", help="Stop when nothing waits any more.")] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Take up what failed before, too.")] = False,
    chunk: Annotated[int, typer.Option(min=1, max=5000, help="Activities of one transaction.")] = CHUNK,
) -> None:
    """Settle enqueued activities; wait for more until stopped by SIGTERM or SIGINT."""
    stop = threading.Event()
    if threading.current_thread() is threading.main_thread():
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda _number, _frame: stop.set())
    kit = open_kit(ctx)
    if retry_failed:
        kit.retry_failed()
    done = work_until(stop, kit, chunk=chunk, once=once)
    emit(ctx, {"done": done}, lambda _: f"{done} done")


def work_until(stop: _Stops, kit: _Works, *, chunk: int, once: bool) -> int:
    """Settle chunk by chunk until told to stop, so that it waits for the end of one chunk at most.

    Returns how many activities were done. With ``once`` an empty queue ends it, and so does a database that does not
    answer; without it both are waited for.
    """
    import structlog

    from corekit.errors import Busy, Unavailable

    log = structlog.get_logger("corekit.worker")
    done, wait = 0, LEAST_WAIT
    while not stop.is_set():
        try:
            number = kit.work(chunk=chunk, limit=chunk)
        except (Busy, Unavailable) as error:
            if once:
                raise
            log.warning("waiting", code=error.code, reason=error.message)
            number = 0
        done += number
        if number:
            wait = LEAST_WAIT
        elif once:
            break
        else:
            stop.wait(wait)
            wait = min(2 * wait, MOST_WAIT)
    return done
