"""The sweep of tiers: every ladder's policy, applied as of an instant to all members for whom it means something."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from corekit.tiers import due
from corekit.tiers.due import Due
from corekit.tiers.policy import last_evaluation

if TYPE_CHECKING:
    from corekit.activities.settle import Settlement
    from corekit.activities.terms import Terms
    from corekit.db.engine import Database
    from corekit.tiers.ladder import Ladder


def sweep_tiers(database: Database, settlement: Settlement, terms: Terms, at: int) -> tuple[int, int]:
    """Apply the policies of all ladders; return how many members were looked at, and how many activities that took.

    It can be run again at any time: what is done is no longer found.
    """
    members = activities = 0
    for ladder in terms.ladders:
        settled = 1
        while settled:  # of a stay whose validity is over the next one may be over as well, if the sweep is late
            settled = 0
            for found in ending(database, terms, ladder, at):
                members += len(found.members)
                settled += settlement.rerate(found.members, ladder.code, at, found.earliest)
            activities += settled
        for found in rising(database, terms, ladder, at):
            members += len(found.members)
            activities += settlement.rerate(found.members, ladder.code, at, found.earliest)
    return members, activities


def ending(database: Database, terms: Terms, ladder: Ladder, at: int) -> Iterator[Due]:
    """Yield those whose validity is over, or who are to be warned of that, transaction by transaction."""
    after = (-1, "0" * 32)
    while True:
        with database.read() as read:
            rows = due.ending(read, ladder, at, terms.zone, after)
        if not rows:
            return
        yield Due(tuple(member for _, member in rows), min(at, rows[0][0] - 1))
        after = rows[-1]


def rising(database: Database, terms: Terms, ladder: Ladder, at: int) -> Iterator[Due]:
    """Yield those who may have come to qualify for more, and those who were never looked at, range by range."""
    earliest = at if ladder.evaluate == "at_once" else last_evaluation(ladder.every, at, terms.zone) - 1
    after = ""
    while True:
        with database.read() as read:
            last = due.ranges(read, after)
            if last is None:
                return
            span = (after, last)
            found = sorted(
                {*due.rising(read, ladder, at, terms.zone, span), *due.unassigned(read, ladder, at, terms.zone, span)}
            )
        for chunk in due.chunks(found):
            yield Due(tuple(chunk), earliest)
        after = last
