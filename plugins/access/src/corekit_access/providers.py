"""Tokens of identity providers (OpenID Connect): who a bearer is, as somebody else says whom the settings trust."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError

from corekit_access.settings import Provider
from corekit_access.tokens import BadToken, header_of, unread_claims_of


def provider_of(providers: tuple[Provider, ...], token: str) -> Provider | None:
    """Return the provider that a token says it is of. Nothing is believed yet but whom to ask."""
    issuer = unread_claims_of(token).get("iss")
    return next((each for each in providers if each.issuer == issuer), None)


def read(provider: Provider, token: str, now: datetime) -> str:
    """Return what the provider's claim says. Raises :class:`BadToken`."""
    header = header_of(token)
    kid, algorithm = header.get("kid"), header.get("alg")
    if not isinstance(kid, str) or algorithm not in provider.algorithms:
        raise BadToken("header")
    key = provider.keys.key(kid, now)
    if key is None:
        raise BadToken("key")
    demands: dict[str, Any] = {
        "iss": {"essential": True, "value": provider.issuer},
        "aud": {"essential": True, "value": provider.audience},
        "exp": {"essential": True},
        "sub": {"essential": True},
    }
    checks = jwt.JWTClaimsRegistry(now=int(now.timestamp()), leeway=provider.leeway, **demands)
    try:
        claims = jwt.decode(token, key, algorithms=[str(algorithm)]).claims
        checks.validate(claims)
    except (JoseError, ValueError, TypeError) as error:
        raise BadToken(type(error).__name__) from None
    said = claims.get(provider.claim)
    if not isinstance(said, str) or not said:
        raise BadToken("claim")
    return said
