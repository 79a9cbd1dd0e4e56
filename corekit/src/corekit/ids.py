"""Identifiers: UUIDv7 (RFC 9562) written as 32 hexadecimal digits.

They are made by the caller, so that a bulk write needs no read back, and they sort by the time they
were made, so that an index grows at its end.
"""

from __future__ import annotations

import re
import uuid
from hashlib import sha256

from uuid_utils import uuid7

_FORM = re.compile(r"[0-9a-f]{32}")


def new_id() -> str:
    """Return a new UUIDv7 as 32 lower-case hexadecimal digits."""
    return uuid7().hex


def named_id(name: str) -> str:
    """Return the identifier that belongs to a name for ever (UUIDv5), for rows that exist once by name."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"corekit:{name}").hex


def child_id(parent: str, name: str) -> str:
    """Return the identifier of what follows from something under a name: always the same, and as old as its parent."""
    drawn = sha256(f"{parent}:{name}".encode()).hexdigest()
    return f"{parent[:12]}7{drawn[:3]}{8 + int(drawn[3], 16) % 4:x}{drawn[4:19]}"


def is_id(text: object) -> bool:
    """Say whether ``text`` has the form of an identifier."""
    return isinstance(text, str) and _FORM.fullmatch(text) is not None
