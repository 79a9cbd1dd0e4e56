"""The page beside the endpoint: GraphiQL, from the package's own files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from corekit_schema.assembly.examples import OwnedExample
from corekit_schema.http.endpoint import Endpoint
from corekit_schema.http.message import BadRequest
from corekit_schema.http.viewers import viewer_of
from corekit_schema.languages import language_of

FILES = Path(__file__).parent.parent / "graphiql"
"""Where the build puts GraphiQL; released wheels hold it."""

_POLICY = (
    "default-src 'self'; img-src 'self' data:; font-src 'self' data:; worker-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; "  # the editor writes its styles into the page
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""What the page may load and ask: nobody but the server that it came from."""

_NOT_BUILT = """<!doctype html><meta charset="utf-8"><title>GraphiQL is not built</title>
<h1>GraphiQL is not built</h1>
<p>This is a checkout in which the page has not been built yet: run <code>make dev</code>, then reload.
Released packages hold it. The API itself is at <a href="/graphql"><code>/graphql</code></a>.</p>
"""


class _Files(StaticFiles):
    """The files of the page, each with the page's policy: workers have one of their own."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update({"content-security-policy": _POLICY, "x-content-type-options": "nosniff"})
        return response


def graphiql(endpoint: Endpoint, files: Path = FILES) -> list[BaseRoute]:
    """Return the routes of GraphiQL under ``/graphiql/``, or of a page that says how to build it.

    ``/graphiql/config.json`` holds the examples, for those who may see the schema.
    """

    def examples(request: Request) -> Iterable[OwnedExample]:
        try:
            viewer = viewer_of(endpoint.kit, request)
        except BadRequest:
            return ()  # the page asks for the schema as well, and shows that the token is not valid
        return endpoint.schema.examples if endpoint.executor.may_introspect(viewer) else ()

    async def config(request: Request) -> Response:
        language = language_of(request.headers.get("accept-language"))
        shown = [
            {
                "owner": each.owner,
                "name": each.name,
                "title": each.example.zh if language == "zh" else each.example.en,
                "query": each.example.text,
                "variables": each.example.variables,
            }
            for each in await run_in_threadpool(examples, request)
        ]
        settings = {"endpoint": "/graphql", "language": language, "examples": shown}
        return JSONResponse(settings, headers={"vary": "Accept-Language, Authorization", "cache-control": "no-store"})

    async def not_built(_: Request) -> Response:
        return HTMLResponse(_NOT_BUILT, 503)

    async def slash(_: Request) -> Response:
        return RedirectResponse("/graphiql/")

    routes: list[BaseRoute] = [Route("/", slash), Route("/graphiql", slash)]
    if not (files / "index.html").is_file():
        return [*routes, Route("/graphiql/", not_built)]
    page = _Files(directory=files, html=True)
    return [*routes, Route("/graphiql/config.json", config), Mount("/graphiql", page)]
