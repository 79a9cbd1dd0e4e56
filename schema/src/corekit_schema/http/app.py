"""The web application: one kit, one schema, a few routes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from corekit_schema.assembly.schema import assemble_for
from corekit_schema.execution.executor import Executor
from corekit_schema.execution.limits import Limits
from corekit_schema.http.endpoint import Endpoint
from corekit_schema.http.health import health, metrics
from corekit_schema.http.pages import graphiql
from corekit_schema.http.plugins import plugin_routes
from corekit_schema.http.rate import Rate
from corekit_schema.http.trusted import TrustedDocuments, read_manifest
from corekit_schema.settings import ServerSettings

if TYPE_CHECKING:
    from corekit import Kit

GRAPHQL = "/graphql"
METHODS = ("GET", "POST")


class Application(Starlette):
    """The routes; a question for GraphQL goes past all that lies before one, since its endpoint answers every error."""

    def __init__(self, endpoint: Endpoint, routes: Sequence[BaseRoute]) -> None:
        super().__init__(routes=[Route(GRAPHQL, endpoint, methods=METHODS), *routes])
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as an ASGI application."""
        is_question = scope["type"] == "http" and scope["path"] == GRAPHQL and scope["method"] in METHODS
        if is_question and not scope.get("root_path"):
            scope["app"] = self
            await self._endpoint(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def build_app(kit: Kit, *, limits: Limits | None = None) -> Starlette:
    """Return the application that serves a kit: ``/graphql``, ``/graphiql/``, ``/healthz``, ``/readyz``.

    And ``/metrics``, where the settings say so, and what plugins answer below their names. ``limits`` are those of the
    settings where nothing is said. Raises :class:`SchemaConflict` where the schema cannot be assembled,
    :class:`SettingsError`, and :class:`PluginError` where a plugin's routes cannot be had.
    """
    schema = assemble_for(kit)
    settings = ServerSettings.of(kit.settings)
    introspection = settings.introspection or ("public" if kit.settings.development else "authenticated")
    endpoint = Endpoint(
        kit,
        schema,
        Executor(schema.graphql, limits or settings.limits, introspection=introspection),
        rate=Rate(settings.rate) if settings.rate is not None else None,
        trusted=TrustedDocuments(settings.trusted, read_manifest(settings.manifest) if settings.manifest else {}),
    )
    routes = [*graphiql(endpoint), *health(kit)]
    if settings.metrics:
        routes += metrics(kit, endpoint)
    return Application(endpoint, [*routes, *plugin_routes(kit)])
