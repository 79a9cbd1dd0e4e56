"""The pages around the endpoint: GraphiQL from the package's own files, and health."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen
from sqlalchemy import literal, select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from corekit import Kit

FILES = Path(__file__).parent.parent / "graphiql"
"""Where the build puts GraphiQL; released wheels hold it."""

_NOT_BUILT = """<!doctype html><meta charset="utf-8"><title>GraphiQL is not built</title>
<h1>GraphiQL is not built</h1>
<p>This is a checkout in which the page has not been built yet: run <code>make dev</code>, then reload.
Released packages hold it. The API itself is at <a href="/graphql"><code>/graphql</code></a>.</p>
"""


@frozen
class Example:
    """The operation that GraphiQL shows first."""

    query: str
    variables: dict[str, Any] = field(factory=dict[str, Any])


def graphiql(example: Example | None, files: Path = FILES) -> list[BaseRoute]:
    """Return the routes of GraphiQL under ``/graphiql/``, or of a page that says how to build it."""

    async def config(_: Request) -> Response:
        settings: dict[str, Any] = {"endpoint": "/graphql"}
        if example is not None:
            settings |= {"query": example.query, "variables": example.variables}
        return JSONResponse(settings)

    async def not_built(_: Request) -> Response:
        return HTMLResponse(_NOT_BUILT, 503)

    async def slash(_: Request) -> Response:
        return RedirectResponse("/graphiql/")

    routes: list[BaseRoute] = [Route("/", slash), Route("/graphiql", slash)]
    if not (files / "index.html").is_file():
        return [*routes, Route("/graphiql/", not_built)]
    page = StaticFiles(directory=files, html=True)
    return [*routes, Route("/graphiql/config.json", config), Mount("/graphiql", page)]


def health(kit: Kit) -> list[BaseRoute]:
    """Return the routes of health: ``/healthz`` says that the process lives, ``/readyz`` that its database answers."""

    async def alive(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    def look() -> None:
        with kit.read() as read:
            read.scalar(select(literal(1)))

    async def ready(_: Request) -> Response:
        try:
            await run_in_threadpool(look)
        except Exception:  # noqa: BLE001 - whatever keeps the database from answering
            return JSONResponse({"status": "no database"}, 503)
        return JSONResponse({"status": "ok"})

    return [Route("/healthz", alive), Route("/readyz", ready)]
