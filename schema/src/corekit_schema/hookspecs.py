"""The hooks of GraphQL, in the order of a server's life. Plugins implement them with ``corekit.hookimpl``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corekit.hookspecs import hookspec, since

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from corekit import Kit
    from corekit_schema.graph import Graph
    from corekit_schema.viewer import Viewer


@since("0.1")
@hookspec
def corekit_graph() -> Graph:
    """Say which GraphQL types, fields and examples the plugin brings.

    Called once for each schema that is assembled: when a server starts, and when the schema is printed. Import GraphQL
    inside it, so that a kit without a server needs none. When it raises, or what it returns clashes with another
    owner's, the schema is not served, and the message names both owners.
    """
    raise NotImplementedError


@since("0.1")
@hookspec(firstresult=True)
def corekit_viewer(request: Request, kit: Kit) -> Viewer | None:
    """Say who is asking.

    Called for each request, in the order of the plugins, before anything of it is looked at but its headers; ``kit`` is
    the one that serves. It is called in a worker thread, unless all plugins that implement it say that they do not
    block (:class:`Graph`): then it may be the thread of the event loop as well, and may be called once more in a worker
    thread where something of the request would block. Return None where the request carries nothing that the plugin
    knows; the first viewer returned counts. When it raises, the answer is 401. Where nobody answers, a request that
    carries a token is answered 401, and one without is anonymous.
    """
    raise NotImplementedError


@since("0.1")
@hookspec
def corekit_routes(kit: Kit) -> Sequence[BaseRoute]:
    """Say what else the plugin answers over HTTP: what is no GraphQL, such as a file or a call from a provider.

    Called once, when a server starts; ``kit`` is the one that serves. The routes stand below ``/`` and the plugin's
    name. Import Starlette inside it, so that a kit without a server needs none. What asks the database belongs into a
    thread (``starlette.concurrency.run_in_threadpool``): a route that waits holds up everybody. Where a route raises,
    the answer is 500 with the code ``INTERNAL_SERVER_ERROR``, and the log names the plugin. When it raises itself, the
    server does not start.
    """
    raise NotImplementedError
