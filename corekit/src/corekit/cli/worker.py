"""``corekit worker``: settles what waits."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from corekit.cli.context import open_kit
from corekit.cli.output import emit

if TYPE_CHECKING:
    from corekit.kit import Kit

app = typer.Typer()

CHUNK = 500
_LEAST_WAIT, _MOST_WAIT = 0.05, 2.0
"""Seconds between two looks at an empty queue."""


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
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _setting(stop))
    kit = open_kit(ctx)
    if retry_failed:
        kit.retry_failed()
    done = _work(kit, stop, chunk, once=once)
    emit(ctx, {"settled": done}, lambda _: f"{done} done")


def _work(kit: Kit, stop: threading.Event, chunk: int, *, once: bool) -> int:
    """Settle chunk by chunk, so that a signal waits for the end of one chunk at most."""
    import structlog

    from corekit.errors import Busy, Unavailable

    log = structlog.get_logger("corekit.worker")
    done, wait = 0, _LEAST_WAIT
    while not stop.is_set():
        try:
            number = kit.work(chunk=chunk, limit=chunk)
        except (Busy, Unavailable) as error:
            if once:
                raise
            log.warning("the worker waits", code=error.code, reason=error.message)
            number = 0
        done += number
        if number:
            wait = _LEAST_WAIT
        elif once:
            break
        else:
            stop.wait(wait)
            wait = min(2 * wait, _MOST_WAIT)
    return done


def _setting(stop: threading.Event) -> Callable[[int, FrameType | None], None]:
    def handle(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    return handle
