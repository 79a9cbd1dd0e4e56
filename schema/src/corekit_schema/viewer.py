"""Who is asking, and what there is that they may do. It needs no GraphQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from attrs import frozen

from corekit_schema.permissions import PERMISSIONS

if TYPE_CHECKING:
    from corekit import Kit

__all__ = ["ANONYMOUS", "Viewer", "ViewerKind", "permissions_of"]

ViewerKind = Literal["anonymous", "member", "staff", "service"]


@frozen(kw_only=True)
class Viewer:
    """Who is asking, and what they may do.

    ``member`` is the id of the member that a viewer of kind ``member`` is. ``permissions`` are names that the
    core and plugins declare, such as ``points.adjust``. ``name`` says who it is in activities and logs.
    """

    kind: ViewerKind
    name: str = ""
    member: str | None = None
    permissions: frozenset[str] = frozenset()

    @property
    def actor(self) -> str:
        """How an activity names who caused it, such as ``staff:mira`` or ``member:0190...``."""
        return f"{self.kind}:{self.member or self.name}"


ANONYMOUS = Viewer(kind="anonymous")
"""Nobody in particular: sees what is public."""


def permissions_of(kit: Kit) -> frozenset[str]:
    """Return the names of all permissions there are: the core's, and those that the plugins declare."""
    return frozenset(each.name for each in PERMISSIONS) | frozenset(kit.declared.permissions)
