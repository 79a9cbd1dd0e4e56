"""What a request asks of a file, as RFC 9110 says it: which bytes of it, and of which one."""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrs import frozen

_RANGE = re.compile(r"\s*(?:(\d+)\s*-\s*(\d*)|-\s*(\d+))\s*", re.ASCII)
_UNIT = re.compile(r"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=(.*)", re.ASCII | re.DOTALL)
_TAG = re.compile(r'\s*((?:W/)?"[\x21\x23-\x7e\x80-\xff]*")\s*(?:,|\Z)', re.DOTALL)
_MOST = 20
"""Digits that are read of a number; no file is as long."""


class Malformed(Exception):
    """The range is none."""


class Outside(Exception):
    """No byte of the file is within the range."""


@frozen
class Part:
    """The bytes from ``start`` to before ``end`` of a file; ``whole`` says that nobody asked for a part."""

    start: int
    end: int
    whole: bool = False


def etag(checksum: str) -> str:
    """Return the tag of a file: strong, since it is what is in it."""
    return f'"{checksum}"'


def part(headers: Mapping[str, str], tag: str, size: int) -> Part:
    """Return which bytes of a file a request asks for.

    Other units than bytes, several ranges, and a range of another file (``If-Range``) are answered with the whole, as
    RFC 9110 leaves it to the server. Raises :class:`Malformed` and :class:`Outside`.
    """
    whole = Part(0, size, whole=True)
    text, only_if = headers.get("range"), headers.get("if-range")
    # A date is none of ours: no answer says when a file was last changed.
    if text is None or (only_if is not None and only_if.strip() != tag):
        return whole
    found = _UNIT.fullmatch(text)
    if found is None:
        raise Malformed
    if found[1].lower() != "bytes":
        return whole
    ranges = [_read(each) for each in found[2].split(",") if each.strip()]
    if not ranges:
        raise Malformed
    if len(ranges) > 1:
        return whole
    return _part(*ranges[0], size)


def is_other(headers: Mapping[str, str], tag: str) -> bool:
    """Say whether a request is about another file: ``If-Match`` does not name this one."""
    named = headers.get("if-match")
    return named is not None and named.strip() != "*" and tag not in _tags(named)


def is_known(headers: Mapping[str, str], tag: str) -> bool:
    """Say whether a client has the file already: ``If-None-Match`` names it."""
    named = headers.get("if-none-match")
    return named is not None and (named.strip() == "*" or tag in {each.removeprefix("W/") for each in _tags(named)})


def _read(text: str) -> tuple[int | None, int | None]:
    """Return the first and last byte, or None and how many there are at the end."""
    found = _RANGE.fullmatch(text)
    if found is None:
        raise Malformed
    first, last, suffix = (_number(each) if each else None for each in found.groups())
    if first is not None and last is not None and last < first:
        raise Malformed
    return (first, last) if first is not None else (None, suffix)


def _number(digits: str) -> int:
    """Return a number, or of a longer one than any file has bytes one that is as good."""
    plain = digits.lstrip("0")
    return int(plain or "0") if len(plain) <= _MOST else 10**_MOST


def _part(first: int | None, last: int | None, size: int) -> Part:
    if first is None:
        start, end = max(0, size - (last or 0)), size
    else:
        start, end = first, size if last is None else min(size, last + 1)
    if start >= size or start >= end:
        raise Outside
    return Part(start, end)


def _tags(text: str) -> set[str]:
    """Return the tags of a list; of one that cannot be read those before what cannot."""
    found: set[str] = set()
    at = 0
    while at < len(text) and (match := _TAG.match(text, at)) is not None:
        found.add(match[1])
        at = match.end()
    return found
