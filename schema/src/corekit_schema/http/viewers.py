"""Finds out who is asking."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.requests import Request

from corekit_schema import tokens
from corekit_schema.http.message import BadRequest
from corekit_schema.viewer import ANONYMOUS, Viewer, permissions_of

if TYPE_CHECKING:
    from corekit import Kit


def viewer_of(kit: Kit, request: Request) -> Viewer:
    """Return who is asking: as a plugin says, else as a development token says, else nobody in particular.

    Raises :class:`BadRequest` (401) where the request carries a token and nobody knows it.
    """
    try:
        found = kit.hooks.first("corekit_viewer", request=request, kit=kit)
    except Exception as error:
        raise _unknown() from error
    if isinstance(found, Viewer):
        return found
    header = request.headers.get("authorization")
    if header is None:
        return ANONYMOUS
    scheme, _, token = header.partition(" ")
    if not kit.settings.development or scheme.lower() != "bearer":
        raise _unknown()
    try:
        return tokens.read(kit.settings, token.strip(), datetime.now(UTC), permissions_of(kit))
    except tokens.BadToken:
        raise _unknown() from None


def _unknown() -> BadRequest:
    return BadRequest("The token is not valid, or not any more.", 401, "UNAUTHENTICATED")
