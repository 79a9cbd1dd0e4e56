"""What tells whoever runs the server how it is: health, and counts in the text form of Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from corekit.suspension.suspensions import read_suspensions

if TYPE_CHECKING:
    from corekit import Kit
    from corekit_schema.http.endpoint import Endpoint

_TEXT = "text/plain; version=0.0.4; charset=utf-8"


def health(kit: Kit) -> list[Route]:
    """Return the routes of health: ``/healthz`` says that the process lives, ``/readyz`` that its database answers.

    ``/readyz`` names the plugins that are suspended. The others are served, so that alone makes nobody unready.
    """

    async def alive(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(_: Request) -> Response:
        try:
            suspended = await run_in_threadpool(_suspended, kit)
        except Exception:  # noqa: BLE001 - whatever keeps the database from answering
            return JSONResponse({"status": "no database"}, 503)
        return JSONResponse({"status": "ok", "suspended": suspended})

    return [Route("/healthz", alive), Route("/readyz", ready)]


def metrics(kit: Kit, endpoint: Endpoint) -> list[Route]:
    """Return the route of ``/metrics``: what this process has counted since it began."""

    async def show(_: Request) -> Response:
        found = [
            *_counter("activities", "outcome", "Activities that were answered.", kit.outcomes.counted()),
            *_counter("plugin_failures", "plugin", "Calls at which a plugin failed.", kit.breaker.failed.counted()),
            *_counter("plugin_trips", "plugin", "Suspensions by the breaker.", kit.breaker.tripped.counted()),
            *_counter("http_operations", "status", "GraphQL requests.", endpoint.answered.counted()),
        ]
        try:
            suspended = await run_in_threadpool(_suspended, kit)
        except Exception:  # noqa: BLE001 - what is counted is told without a database as well
            suspended = kit.breaker.unreturned()
        numbers = {plugin.name: int(plugin.name in suspended) for plugin in kit.plugins}
        found += _family("plugin_suspended", "gauge", "plugin", "Whether a plugin is suspended.", numbers)
        return PlainTextResponse("".join(f"{line}\n" for line in found), media_type=_TEXT)

    return [Route("/metrics", show)]


def _suspended(kit: Kit) -> list[str]:
    with kit.read() as read:
        return sorted({*read_suspensions(read).plugins, *kit.breaker.unreturned()})


def _counter(name: str, label: str, help_: str, counted: Mapping[str, int]) -> Iterable[str]:
    return _family(f"{name}_total", "counter", label, help_, counted)


def _family(name: str, kind: str, label: str, help_: str, numbers: Mapping[str, int]) -> Iterable[str]:
    """Yield the lines of numbers by label; the labels are names, in which nothing is to be escaped."""
    yield f"# HELP corekit_{name} {help_}"
    yield f"# TYPE corekit_{name} {kind}"
    for value, number in numbers.items():
        yield f'corekit_{name}{{{label}="{value}"}} {number}'
