"""Our own tokens: who a bearer is, signed with the first of the signing keys, read with any of them.

To rotate: put a new key first, and take the old one away when the last token it signed is over.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, cast

import orjson
from attrs import frozen
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

if TYPE_CHECKING:
    from corekit_access.settings import AccessSettings, SigningKey

ALGORITHM = "HS256"
ISSUER = "corekit-access"
_PARTS = 3
Kind = Literal["staff", "member"]


class BadToken(Exception):
    """The token names a key of ours and is not good: forged, for somebody else, or over."""


@frozen
class Bearer:
    """Whom a token is for: the id of somebody of staff, or of a member."""

    kind: Kind
    id: str


def issue(settings: AccessSettings, bearer: Bearer, now: datetime, lifetime: timedelta) -> str:
    """Return a token; there has to be a signing key."""
    key = settings.signing_keys[0]
    issued = int(now.timestamp())
    claims = {
        "iss": ISSUER,
        "aud": settings.audience,
        "sub": bearer.id,
        "kind": bearer.kind,
        "iat": issued,
        "exp": issued + int(lifetime.total_seconds()),
    }
    return jwt.encode({"alg": ALGORITHM, "kid": key.id}, claims, _octets(key))


def read(settings: AccessSettings, token: str, now: datetime) -> Bearer | None:
    """Return whom a token is for; None where it names no key of ours. Raises :class:`BadToken`."""
    named = header_of(token).get("kid")
    key = next((key for key in settings.signing_keys if key.id == named), None)
    if key is None:
        return None
    checks = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": settings.audience},
        exp={"essential": True},
        sub={"essential": True},
        kind={"essential": True, "values": ["staff", "member"]},
    )
    try:
        claims = jwt.decode(token, _octets(key), algorithms=[ALGORITHM]).claims
        checks.validate(claims)
    except (JoseError, ValueError) as error:
        raise BadToken(type(error).__name__) from None
    kind: Kind = "staff" if claims["kind"] == "staff" else "member"
    return Bearer(kind, str(claims["sub"]))


def header_of(token: str) -> dict[str, Any]:
    """Return what a token says of itself, of which nothing is believed but which key to try."""
    return _part(token, 0)


def unread_claims_of(token: str) -> dict[str, Any]:
    """Return what a token claims, of which nothing is believed but whom to ask about it."""
    return _part(token, 1)


def _part(token: str, number: int) -> dict[str, Any]:
    parts = token.split(".")
    if len(parts) != _PARTS:
        return {}
    text = parts[number]
    try:
        found = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error):
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _octets(key: SigningKey) -> OctKey:
    return OctKey.import_key(key.secret)
