"""What is said over HTTP of a file: under which name it is stored, of which type it is, and that nobody keeps it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from corekit_documents.documents import Version

NO_STORE = "no-store"
_SPACES = re.compile(" +")


def kept(version: Version) -> Mapping[str, str]:
    """Return what a bucket keeps with a file, and says itself where it sends it."""
    return {
        "Cache-Control": NO_STORE,
        "Content-Disposition": disposition(version.name),
        "Content-Type": content_type(version),
    }


def disposition(name: str) -> str:
    """Return the header that lets a browser store a file under its name (RFC 6266), whatever script it is written in.

    Old clients get what of the name is plain ASCII; ``filename*`` (RFC 8187) is the whole name.
    """
    plain = "".join(each if each.isascii() and each.isprintable() and each not in '"\\/%;' else "_" for each in name)
    plain = _SPACES.sub(" ", plain)  # S3 signs no more than one in a row
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='', errors='replace')}"


def content_type(version: Version) -> str:
    """Return the type; text is always UTF-8."""
    return f"{version.media_type}; charset=utf-8" if version.media_type.startswith("text/") else version.media_type
