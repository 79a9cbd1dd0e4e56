"""Global ids (Relay): one string that says the type and the identifier of an object."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from binascii import b2a_base64
from collections.abc import Sequence

from corekit.ids import is_id

_AT_ONCE = 3
"""Bytes that base 64 writes together: texts of a multiple of them can be written end to end, and cut up again."""
_URLSAFE = str.maketrans("+/", "-_")


def global_id(type_name: str, identifier: str) -> str:
    """Return the id under which clients know an object, opaque to them."""
    return _urlsafe(f"{type_name}:{identifier}")


def global_ids(type_name: str, identifiers: Sequence[str]) -> list[str]:
    """Return the ids of many objects of a type."""
    prefix = f"{type_name}:"
    whole, lengths = prefix + prefix.join(identifiers), set(map(len, identifiers))
    length = len(prefix) + max(lengths, default=0)
    if length % _AT_ONCE or len(lengths) != 1 or not whole.isascii():
        return [_urlsafe(prefix + identifier) for identifier in identifiers]
    encoded, step = _urlsafe(whole), length // 3 * 4
    return [encoded[start : start + step] for start in range(0, len(encoded), step)]


def _urlsafe(text: str) -> str:
    """Write text in base 64 for URLs (RFC 4648, 5), without padding."""
    encoded = b2a_base64(text.encode(), newline=False).decode().rstrip("=")
    return encoded.translate(_URLSAFE) if "+" in encoded or "/" in encoded else encoded


def read_global_id(text: str) -> tuple[str, str] | None:
    """Return the type and the identifier that a global id says, or None where it is none."""
    try:
        decoded = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)).decode("ascii")
    except ValueError:
        return None
    type_name, colon, identifier = decoded.partition(":")
    return (type_name, identifier) if colon and is_id(identifier) else None


def local_id(type_name: str, text: str) -> str | None:
    """Return the identifier that a global id of this type says, or None where it is no such id."""
    known = read_global_id(text)
    return known[1] if known is not None and known[0] == type_name else None
