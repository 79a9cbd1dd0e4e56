"""Medals for those who met their criteria before: a sweep that finds them, at night and on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen
from sqlalchemy import SelectBase, func, select, true

from corekit import Bounds, Limits, Reader, Sweep, micros
from corekit_medals.catalogue import Catalogue
from corekit_medals.declared import QUALIFIED
from corekit_medals.sql import met

if TYPE_CHECKING:
    from corekit import Kit


def qualified(bounds: Bounds) -> SelectBase:
    """Select who met the criteria of a medal and does not hold it."""
    book: Catalogue | None = bounds.program
    return met(bounds, book if book is not None else Catalogue(medals={}, zone=bounds.zone))


SWEEP = Sweep(
    name="medals.backfill",
    activity_type=QUALIFIED.name,
    select=qualified,
    description="Awards medals to all who met their criteria before, such as those of a new medal.",
    schedule="40 3 * * *",
    limits=Limits(members=None, value=None),
)


@frozen
class Found:
    """How many members would be awarded a level of a medal now."""

    medal: str
    level: int
    members: int


def preview(kit: Kit, read: Reader) -> list[Found]:
    """Return how many members would be awarded each level of each medal by a back-fill now; nothing is written."""
    book: Catalogue = kit.program.sections["medals"]
    now = kit.now()
    numbers: dict[tuple[str, int], int] = {}
    if book.medals:
        if read.dialect == "postgresql":  # it looks at all members once, as the survey of a sweep does
            read.all(select(func.set_config("statement_timeout", "0", true())))
        chosen = qualified(Bounds(micros(now), program=book, zone=kit.zone)).subquery()
        key = (chosen.c.medal, chosen.c.level)
        rows = read.all(select(*key, func.count().label("members")).group_by(*key))
        numbers = {(row.medal, row.level): row.members for row in rows}
    return [
        Found(medal.id, level.number, numbers.get((medal.id, level.number), 0))
        for medal in book.medals.values()
        for level in medal.levels
    ]


def run(kit: Kit) -> int:
    """Award what is found until nothing more is, since medals may ask for others; return how many were awarded."""
    awarded = 0
    while True:
        done = kit.jobs.run(SWEEP.name)
        kit.work()
        awarded += done.found
        if not done.found or done.state == "held":
            return awarded
