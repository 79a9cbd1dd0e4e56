"""The core's job of tiers: the policy of every ladder, applied to all members whom it concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corekit.clock import micros
from corekit.jobs.declared import Job, Work
from corekit.tiers.due import Due
from corekit.tiers.found import ending, rising

if TYPE_CHECKING:
    from corekit.tiers.ladder import Ladder


def _run(work: Work) -> None:
    """Rate members anew, ladder by ladder; what is done is no longer found."""
    kit, at = work.kit, micros(work.at)
    for ladder in kit.terms().program_at(at).ladders:
        _end(work, ladder, at)
        for found in rising(kit.database, kit.zone, ladder, at):
            _rated(work, ladder, found)
        _end(work, ladder, at)  # the first stay of who never had one is found among those who rise


def _end(work: Work, ladder: Ladder, at: int) -> None:
    """Rate those whose validity is over; the next one may be over as well, if the job is late."""
    while sum(_rated(work, ladder, found) for found in ending(work.kit.database, work.kit.zone, ladder, at)):
        pass


def _rated(work: Work, ladder: Ladder, found: Due) -> int:
    settled = work.kit.rerate(found.members, ladder.code, work.at, found.earliest, historical=work.historical)
    work.beat(found=len(found.members), settled=settled)
    return settled


TIERS = Job(
    name="tiers",
    run=_run,
    description="Renews, ends and warns of tiers whose validity is over, and lifts who has come to qualify.",
    schedule="20 0 * * *",
)
