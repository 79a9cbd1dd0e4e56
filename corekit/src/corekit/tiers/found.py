"""Everybody whom the policy of a ladder concerns at an instant, found part by part, each on a snapshot of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from corekit.tiers import due
from corekit.tiers.due import Due
from corekit.tiers.ladder import Ladder
from corekit.tiers.policy import last_evaluation

if TYPE_CHECKING:
    from corekit.db.engine import Database


def ending(database: Database, zone: ZoneInfo, ladder: Ladder, at: int) -> Iterator[Due]:
    """Yield those whose validity is over, or who are to be warned of that, transaction by transaction."""
    after = (-1, "0" * 32)
    while True:
        with database.read() as read:
            rows = due.ending(read, ladder, at, zone, after)
        if not rows:
            return
        yield Due(tuple(member for _, member in rows), min(at, rows[0][0] - 1))
        after = rows[-1]


def rising(database: Database, zone: ZoneInfo, ladder: Ladder, at: int) -> Iterator[Due]:
    """Yield those who may have come to qualify for more, and those who were never looked at, range by range."""
    earliest = at if ladder.evaluate == "at_once" else last_evaluation(ladder.every, at, zone) - 1
    after = ""
    while True:
        with database.read() as read:
            last = due.ranges(read, after)
            if last is None:
                return
            span = (after, last)
            found = sorted({*due.rising(read, ladder, at, zone, span), *due.unassigned(read, ladder, at, zone, span)})
        for chunk in due.chunks(found):
            yield Due(tuple(chunk), earliest)
        after = last
