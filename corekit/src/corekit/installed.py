"""What is installed: the distributions that offer something to corekit, read again only where that may be others."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from attrs import frozen
from packaging.utils import canonicalize_name

_OURS = "corekit"
"""The group of plugins, and what the names of all other groups begin with."""
_AT_ONCE = 50_000_000
"""Nanoseconds in which a folder may change again and look as it did."""


@frozen(eq=False)
class Distribution:
    """An installed distribution that has entry points for corekit; ``requires`` is written as in its metadata."""

    name: str
    version: str
    requires: Sequence[str]
    points: Sequence[metadata.EntryPoint]


def installed() -> Mapping[str, Distribution]:
    """Return the distributions that offer something to corekit, by normalised name, in the order of the path.

    One that is found twice on the path counts once. To ask costs little: all entry points of everything that is
    installed are read when the path, or what is in a folder of it, is not what it was.
    """
    folders = tuple(_seen(each) for each in sys.path)
    if time.time_ns() - max((changed for *_, changed in folders), default=0) < _AT_ONCE:
        return _read()
    return _known(folders)


def points(
    group: str, known: Mapping[str, Distribution] | None = None
) -> Iterator[tuple[metadata.EntryPoint, Distribution]]:
    """Yield the entry points of a group, each with the distribution that has it, of those ``known`` or installed."""
    for distribution in (installed() if known is None else known).values():
        for point in distribution.points:
            if point.group == group:
                yield point, distribution


def _seen(folder: str) -> tuple[int, int, int]:
    """Return what tells a folder from another one, and from itself before something in it came or went."""
    try:
        found = Path(folder).stat()
    except (OSError, ValueError):
        return (0, 0, 0)
    return (found.st_dev, found.st_ino, found.st_mtime_ns)


@lru_cache(maxsize=8)
def _known(_folders: object) -> Mapping[str, Distribution]:
    return _read()


def _read() -> Mapping[str, Distribution]:
    found: dict[str, Distribution] = {}
    for each in metadata.distributions():
        own = [point for point in each.entry_points if point.group == _OURS or point.group.startswith(f"{_OURS}.")]
        if own:
            distribution = Distribution(each.name, each.version, tuple(each.requires or ()), own)
            found.setdefault(canonicalize_name(each.name), distribution)
    return found
