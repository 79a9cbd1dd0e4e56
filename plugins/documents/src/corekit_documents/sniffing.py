"""Of which type a file is, by how it begins: whoever uploads it can say what they like."""

from __future__ import annotations

import codecs
from typing import Any, cast

import puremagic

HEAD = 8_192
"""Bytes that are looked at."""
_matches: Any = cast("Any", puremagic).magic_string  # whose types are not all there
_TEXT = "text/"
_CONTROL = frozenset(range(32)) - frozenset(b"\t\n\r\f\x1b")


def fits(head: bytes, media_type: str, *, whole: bool) -> bool:
    """Say whether a file that begins with ``head`` can be of a media type; ``whole`` says that this is all of it.

    What is text is not told by how it begins: it is UTF-8 without control characters.
    """
    if media_type.startswith(_TEXT):
        return _is_text(head, whole=whole)
    return media_type in types(head)


def types(head: bytes) -> frozenset[str]:
    """Return the media types of which a file can be that begins so; nothing where nobody knows."""
    try:
        found = _matches(head)
    except (puremagic.PureError, ValueError):
        return frozenset()
    return frozenset(each.mime_type for each in found if each.mime_type)


def _is_text(head: bytes, *, whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=whole)
    except UnicodeDecodeError:
        return False
    return _CONTROL.isdisjoint(head)
