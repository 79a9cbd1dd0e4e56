"""``corekit worker``: settles what waits, and tells plugins what happened."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from corekit.cli.context import ACTOR, open_kit
from corekit.cli.output import emit
from corekit.cli.stopping import Stop, Stops

if TYPE_CHECKING:
    from corekit.kit import Kit

app = typer.Typer()

CHUNK = 500
PART = 100
"""Events after which a deliverer looks whether it is to stop."""
LEAST_WAIT, MOST_WAIT = 0.05, 2.0
"""Seconds between two looks at an empty queue."""
LAST_WAIT = 10.0
"""Seconds that a call of a plugin may still take when the worker is told to stop."""


class _Works(Protocol):
    def work(self, *, chunk: int, limit: int) -> int: ...


@app.command()
def worker(
    ctx: typer.Context,
    *,
    once: Annotated[bool, typer.Option("--once", help="Stop when nothing waits any more.")] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Take up what failed before, too.")] = False,
    chunk: Annotated[int, typer.Option(min=1, max=5000, help="Activities of one transaction.")] = CHUNK,
) -> None:
    """Settle enqueued activities and deliver the outbox; wait for more until stopped by SIGTERM or SIGINT.

    Several workers share the work on PostgreSQL; on SQLite run one.
    """
    stop = Stop.by_signal()
    kit = open_kit(ctx)
    if retry_failed:
        kit.retry_failed(actor=ACTOR)
    if once:
        done = work_until(stop, kit, chunk=chunk, once=True)
        delivered = kit.deliver()
    else:
        deliverers = [Deliverer(stop, kit, plugin) for plugin in kit.outbox.plugins]
        done = work_until(stop, kit, chunk=chunk, once=False)
        delivered = sum(deliverer.end() for deliverer in deliverers)
    emit(ctx, {"done": done, "delivered": delivered}, lambda _: f"{done} done, {delivered} delivered")


def work_until(stop: Stops, kit: _Works, *, chunk: int, once: bool) -> int:
    """Settle chunk by chunk until told to stop, so that it waits for the end of one chunk at most.

    Returns how many activities were done. With ``once`` an empty queue ends it, and so does a database that does not
    answer; without it both are waited for.
    """
    return _until(stop, lambda: kit.work(chunk=chunk, limit=chunk), once=once)


class Deliverer:
    """Tells one plugin what happened, on a thread of its own: a slow plugin makes nobody else wait."""

    def __init__(self, stop: Stop, kit: Kit, plugin: str) -> None:
        self._stop = stop
        self._step: Callable[[], int] = lambda: kit.outbox.deliver(plugin, limit=PART)
        self._done = 0
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=f"outbox {plugin}", daemon=True)
        self._thread.start()

    def end(self) -> int:
        """Return how many events were handled, once the thread has ended; what it is telling comes again otherwise."""
        self._thread.join(LAST_WAIT)
        if self._error is not None:
            raise self._error
        return self._done

    def _run(self) -> None:
        try:
            self._done = _until(self._stop, self._step, once=False)
        except BaseException as error:  # noqa: BLE001 - the worker ends by it, where people see it
            self._error = error
            self._stop.set()


def _until(stop: Stops, step: Callable[[], int], *, once: bool) -> int:
    import structlog

    from corekit.errors import Busy, Unavailable

    log = structlog.get_logger("corekit.worker")
    done, wait = 0, LEAST_WAIT
    while not stop.is_set():
        try:
            number = step()
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
