"""What plugins answer over HTTP themselves, each below its own name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import structlog
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Mount, Router
from starlette.types import Message, Receive, Scope, Send

from corekit.errors import PluginError
from corekit.log import raised_at

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from corekit import Kit

TAKEN = ("graphiql", "graphql", "healthz", "metrics", "readyz")
"""The first parts of the server's own paths."""
_log = structlog.get_logger("corekit.http")
_FAILED = {"code": "INTERNAL_SERVER_ERROR", "message": "Something went wrong; the log knows more."}


def plugin_routes(kit: Kit) -> list[Mount]:
    """Return the routes of all plugins that have some.

    Raises :class:`PluginError` where one raises, or is called like something that the server answers.
    """
    found: list[Mount] = []
    for plugin, routes in kit.hooks.each("corekit_routes", kit=kit):
        if plugin in TAKEN:
            message = f"plugin {plugin!r} brings routes, but the server answers /{plugin} itself; rename the plugin"
            raise PluginError(message)
        found.append(Mount(f"/{plugin}", _Guarded(plugin, routes)))
    return found


class _Guarded:
    """The routes of one plugin: where one raises, the log says whose it is, and nobody else notices."""

    def __init__(self, plugin: str, routes: Iterable[BaseRoute]) -> None:
        self._plugin = plugin
        self._router = Router(list(routes))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as an ASGI application."""
        began = False

        async def noting(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            await self._router(scope, receive, noting)
        except HTTPException:  # which Starlette answers, as it does for other methods than a route has
            raise
        except Exception as error:
            _log.error("plugin failed", hook="corekit_routes", plugin=self._plugin, **raised_at(error))
            if began:  # half an answer cannot be taken back: the connection ends, so that nobody takes it for a whole
                raise
            await JSONResponse(_FAILED, 500)(scope, receive, send)
