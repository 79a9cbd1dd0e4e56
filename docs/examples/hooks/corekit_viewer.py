"""Staff who have logged in at the proxy before the server, which alone can set this header."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corekit import hookimpl

if TYPE_CHECKING:
    from starlette.requests import Request

    from corekit_schema import Viewer


@hookimpl
def corekit_viewer(request: Request) -> Viewer | None:
    """Say who it is, and that they may read members; None leaves the request to other plugins."""
    from corekit_schema import Viewer

    name = request.headers.get("x-remote-user")
    return Viewer(kind="staff", name=name, permissions=frozenset({"members.read"})) if name else None
