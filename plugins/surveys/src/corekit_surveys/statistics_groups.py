"""Groups of answers that are large enough to be shown, so that nobody finds out by subtraction what is withheld.

In the terms of statistical disclosure control a group below the least size is suppressed, and complementary
suppression withholds more of them until what is withheld is large enough itself.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from attrs import frozen

G = TypeVar("G", bound=Hashable)


def withheld(sizes: Mapping[G, int], least: int, hidden: Iterable[G] = ()) -> frozenset[G]:
    """Return the groups that are not shown: ``hidden`` ones, those too small, and the next until together they are not.

    The whole may be known, so what is withheld can be had by subtraction, but only all of it together.
    """
    found = set(hidden)
    together = sum(sizes[group] for group in found)
    for group in sorted((group for group in sizes if sizes[group] and group not in found), key=sizes.__getitem__):
        if sizes[group] >= least and not 0 < together < least:
            break
        found.add(group)
        together += sizes[group]
    return frozenset(found)


@frozen
class Cell:
    """Answers of a day to a version, and how many there are."""

    day: str
    version: int
    number: int


def blocks(cells: Sequence[Cell], least: int) -> list[list[Cell]]:
    """Return days in their order, as many together as hold ``least`` answers; none where all of them hold fewer.

    What is left at the end belongs to the last. Whatever is asked by days and versions is made of whole blocks, so what
    two such questions differ in is as well.
    """
    found: list[list[Cell]] = []
    open_: list[Cell] = []
    for cell in sorted(cells, key=lambda each: (each.day, each.version)):
        open_.append(cell)
        if sum(each.number for each in open_) >= least:
            found.append(open_)
            open_ = []
    if open_ and found:
        found[-1] += open_
    return found
