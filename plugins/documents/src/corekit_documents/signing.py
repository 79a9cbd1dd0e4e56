"""Signed links: what a link is for, until when, and that nobody else made it.

A token is ``<key>.<body>``: the name of the signing key, and in base64url the id, the end and the HMAC of all that with
what the link is for. Nothing of it is secret but that nobody can make another. To rotate: put a new key first, and take
the old one away when the last link that it signed is over.
"""

from __future__ import annotations

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Literal

from attrs import frozen

from corekit_documents.settings import DocumentsSettings, SigningKey

Purpose = Literal["download", "upload"]
_ID, _END, _MAC = 16, 8, 32
_LENGTH = 75
"""Characters of the body, without padding."""


@frozen
class Signed:
    """What a link says: the id of what it opens, and the first instant (microseconds) at which it does no more."""

    id: str
    expires_at: int


def sign(settings: DocumentsSettings, purpose: Purpose, signed: Signed) -> str:
    """Return the token; there has to be a signing key."""
    key = settings.signing_keys[0]
    body = bytes.fromhex(signed.id) + signed.expires_at.to_bytes(_END, "big")
    told = urlsafe_b64encode(body + _mac(key, purpose, body)).rstrip(b"=").decode()
    return f"{key.id}.{told}"


def read(settings: DocumentsSettings, purpose: Purpose, token: str) -> Signed | None:
    """Return what a token says; None where we did not sign it for that purpose."""
    name, _, told = token.partition(".")
    key = next((key for key in settings.signing_keys if key.id == name), None)
    if key is None or len(told) != _LENGTH or not told.isascii():
        return None
    try:
        found = urlsafe_b64decode(told + "=" * (-len(told) % 4))
    except (ValueError, binascii.Error):
        return None
    body, mac = found[:-_MAC], found[-_MAC:]
    if len(body) != _ID + _END or not hmac.compare_digest(mac, _mac(key, purpose, body)):
        return None
    return Signed(body[:_ID].hex(), int.from_bytes(body[_ID:], "big"))


def _mac(key: SigningKey, purpose: Purpose, body: bytes) -> bytes:
    return hmac.new(key.secret.encode(), f"documents.{purpose}:{key.id}:".encode() + body, sha256).digest()
