"""Access as a plugin: what it declares, and who is asking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corekit import Declares, Lineage, hookimpl
from corekit_access import declared, tables
from corekit_access.settings import AccessSchema

if TYPE_CHECKING:
    from starlette.requests import Request

    from corekit import Kit
    from corekit_schema import Graph, Viewer


@hookimpl
def corekit_declare() -> Declares:
    """Declare the tables, and who may see and change them."""
    return Declares(
        settings=AccessSchema,
        lineage=Lineage(owner="access", package="corekit_access", metadata=tables.metadata),
        permissions=[declared.READ, declared.MANAGE, declared.ISSUE],
        errors=declared.ERRORS,
        reacts=[],
    )


@hookimpl
def corekit_viewer(request: Request, kit: Kit) -> Viewer | None:
    """Say whose key or token it is."""
    from corekit_access.viewers import viewer_of

    return viewer_of(kit, request)


@hookimpl
def corekit_graph() -> Graph:
    """Add staff, roles and keys to queries and mutations."""
    from corekit_access.graph import graph

    return graph()
