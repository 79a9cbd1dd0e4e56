"""Tokens for development: who a bearer is, signed with the secret of ``corekit.toml``.

They exist so that a developer can look around. They work only where ``development = true``; anywhere else a plugin
that implements ``corekit_viewer`` says who is asking.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from corekit.errors import SettingsError
from corekit.settings import Settings
from corekit_schema.viewer import Viewer

__all__ = ["BadToken", "issue", "read"]

ALGORITHM = "HS256"
AUDIENCE = "corekit-development"
LIFETIME = timedelta(hours=12)
SHORTEST_SECRET = 32
"""Characters: an HS256 key shorter than its hash can be guessed."""


class BadToken(Exception):
    """The token is not one of ours, or not any more."""


def issue(settings: Settings, viewer: Viewer, now: datetime, lifetime: timedelta = LIFETIME) -> str:
    """Return a token for a viewer of kind ``staff`` or ``member``; SettingsError where development is off."""
    expires = int((now + lifetime).timestamp())
    claims = {"aud": AUDIENCE, "sub": viewer.member or viewer.name, "kind": viewer.kind, "exp": expires}
    return jwt.encode({"alg": ALGORITHM}, claims, _imported(_secret(settings)))


def read(settings: Settings, token: str, now: datetime, permissions: Iterable[str]) -> Viewer:
    """Return the viewer that a token names; staff gets all the permissions given. Raises :class:`BadToken`."""
    checks = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        aud={"essential": True, "value": AUDIENCE},
        exp={"essential": True},
        sub={"essential": True},
        kind={"essential": True, "values": ["staff", "member"]},
    )
    try:
        claims = dict(_signed(_secret(settings), token))
        checks.validate(claims)
    except (JoseError, ValueError) as error:
        raise BadToken(type(error).__name__) from None
    subject = str(claims["sub"])
    if claims["kind"] == "member":
        return Viewer(kind="member", member=subject)
    return Viewer(kind="staff", name=subject, permissions=frozenset(permissions))


@lru_cache(maxsize=1024)
def _signed(secret: str, token: str) -> dict[str, Any]:
    """Return what a token claims that was signed with the secret; whether that holds now is another question.

    A client sends the same one again and again. Of what was not signed nothing is remembered.
    """
    return jwt.decode(token, _imported(secret), algorithms=[ALGORITHM]).claims


def _secret(settings: Settings) -> str:
    if not settings.development:
        raise SettingsError("corekit.toml has development = false, and without it there are no development tokens")
    secret = settings.secret or ""
    if len(secret) < SHORTEST_SECRET:
        raise SettingsError(
            f"corekit.toml needs a secret of at least {SHORTEST_SECRET} characters to sign tokens; "
            'set secret = "${COREKIT_SECRET}" and the variable'
        )
    return secret


@lru_cache(maxsize=8)
def _imported(secret: str) -> OctKey:
    return OctKey.import_key(secret)
