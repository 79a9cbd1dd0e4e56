"""Identifiers: UUIDv7 (RFC 9562) written as 32 hexadecimal digits.

They are made by the caller, so that a bulk write needs no read back, and they sort by the time they
were made, so that an index grows at its end.
"""

from __future__ import annotations

import re
import uuid

from uuid_utils import uuid7

_FORM = re.compile(r"[0-9a-f]{32}")


def new_id() -> str:
    """Return a new UUIDv7 as 32 lower-case hexadecimal digits."""
    return uuid7().hex


def named_id(name: str) -> str:
    """Return the identifier that belongs to a name for ever (UUIDv5), for rows that exist once by name."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"corekit:{name}").hex


def is_id(text: object) -> bool:
    """Say whether ``text`` has the form of an identifier."""
    return isinstance(text, str) and _FORM.fullmatch(text) is not None
