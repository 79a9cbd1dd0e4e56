"""Policies: who may see an object, read a field, or call a mutation. Each field has one.

A field's policy is asked in addition to those of everything above it in the operation, so a field of a payload or of
a page can be ``public``: whoever got that far may read it.
"""

from __future__ import annotations

from typing import Literal

from attrs import frozen
from graphql import GraphQLError

from corekit_schema.viewer import Viewer

Verdict = Literal["yes", "no", "own"]
"""``own``: yes for what belongs to the viewer, no for all else."""


@frozen
class Policy:
    """Who may. Use the values and functions of this module instead of making one."""

    kind: Literal["public", "authenticated", "internal", "owner", "permission", "owner_or_permission"]
    permission: str | None = None

    @property
    def by_owner(self) -> bool:
        """Whether the answer depends on whose object it is."""
        return self.kind in {"owner", "owner_or_permission"}

    def verdict(self, viewer: Viewer) -> Verdict:
        """Say what the policy answers to a viewer, as far as that depends on the viewer alone."""
        if self.kind == "public":
            return "yes"
        if self.kind == "authenticated":
            return "no" if viewer.kind == "anonymous" else "yes"
        if self.kind == "internal":
            return "yes" if viewer.kind in {"staff", "service"} else "no"
        if self.permission is not None and self.permission in viewer.permissions:
            return "yes"
        return "own" if self.by_owner and viewer.member is not None else "no"


public = Policy("public")
"""Everybody, also without a token."""
authenticated = Policy("authenticated")
"""Everybody who says who they are."""
internal = Policy("internal")
"""Staff and services, whatever else they may: what is no secret in the house, and none of a member's business."""
owner = Policy("owner")
"""The member whose object it is (the type says how to tell: ``Object(owner=...)``)."""


def permission(name: str) -> Policy:
    """Allow viewers who have a permission that the core or a plugin declares."""
    return Policy("permission", name)


def owner_or_permission(name: str) -> Policy:
    """Allow the member whose object it is, and viewers who have a permission."""
    return Policy("owner_or_permission", name)


def denial(viewer: Viewer) -> GraphQLError:
    """Return the error that says no: another token could help, or none was given."""
    if viewer.kind == "anonymous":
        return GraphQLError("Say who you are: send a token.", extensions={"code": "UNAUTHENTICATED"})
    return GraphQLError("You may not do this.", extensions={"code": "FORBIDDEN"})
