"""Keys of services: what one looks like, and what is kept of it.

A secret has 256 bits from the system's source of randomness, so that nobody can try them all: a slow hash, which makes
guessing a person's password dear, would only make each request slow.
"""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256

MARK = "ck"
"""What every key begins with, so that scanners of code find one that was published."""
_BYTES = 32


def new_key() -> tuple[str, str, str]:
    """Return a new key: its prefix, the whole of it, which is shown once, and what is kept of it."""
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(_BYTES)
    return prefix, f"{MARK}_{prefix}_{secret}", digest(secret)


def parts(text: str) -> tuple[str, str] | None:
    """Return prefix and secret of a key; None where the text is none."""
    mark, _, rest = text.partition("_")
    prefix, _, secret = rest.partition("_")
    return (prefix, secret) if mark == MARK and prefix and secret else None


def digest(secret: str) -> str:
    """Return what is kept of a secret."""
    return sha256(secret.encode()).hexdigest()


def matches(secret: str, kept: str) -> bool:
    """Say whether a secret is the one of which this was kept, in a time that tells nothing."""
    return hmac.compare_digest(digest(secret), kept)
