"""Global ids (Relay): one string that says the type and the identifier of an object."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from binascii import b2a_base64
from collections.abc import Iterable

from corekit.ids import is_id

_AT_ONCE = 3
"""Bytes that base 64 writes together: texts of a multiple of them can be written end to end, and cut up again."""
_URLSAFE = str.maketrans("+/", "-_")


def global_id(type_name: str, identifier: str) -> str:
    """Return the id under which clients know an object, opaque to them."""
    return _urlsafe(f"{type_name}:{identifier}")


def global_ids(type_name: str, identifiers: Iterable[str]) -> list[str]:
    """Return the ids of many objects of a type."""
    texts = [f"{type_name}:{identifier}" for identifier in identifiers]
    whole, length = "".join(texts), len(texts[0]) if texts else 0
    if length % _AT_ONCE or set(map(len, texts)) != {length} or not whole.isascii():
        return list(map(_urlsafe, texts))
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
