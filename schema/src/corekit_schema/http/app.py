"""The web application: one kit, one schema, a few routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.routing import Route

from corekit_schema.assembly.schema import assemble_for
from corekit_schema.execution.executor import Executor
from corekit_schema.execution.limits import Limits
from corekit_schema.http.endpoint import Endpoint
from corekit_schema.http.pages import Example, graphiql, health

if TYPE_CHECKING:
    from corekit import Kit


def build_app(kit: Kit, *, limits: Limits | None = None, example: Example | None = None) -> Starlette:
    """Return the application that serves a kit: ``/graphql``, ``/graphiql/``, ``/healthz``, ``/readyz``.

    ``example`` is what GraphiQL shows first. Raises :class:`SchemaConflict` where the schema cannot be assembled.
    """
    schema = assemble_for(kit)
    endpoint = Endpoint(kit, schema, Executor(schema.graphql, limits))
    routes = [Route("/graphql", endpoint.__call__, methods=["GET", "POST"]), *graphiql(example), *health(kit)]
    return Starlette(routes=routes)
