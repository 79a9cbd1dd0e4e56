"""How many members there are, as a line of text, for the screen in the hall that reads no GraphQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from corekit import Kit, hookimpl

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute


@hookimpl
def corekit_routes(kit: Kit) -> Sequence[BaseRoute]:
    """Answer ``/hall/members``, since the plugin's name is ``hall``."""
    from sqlalchemy import func, select
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    from corekit import member

    def members(_: Request) -> Response:  # no coroutine, so Starlette calls it in a thread
        with kit.read() as read:
            number = read.scalar(select(func.count()).select_from(member))
        return PlainTextResponse(f"{number} members\n")

    return [Route("/members", members)]
