"""The core's job of tiers: the policy of every ladder, applied to all members whom it concerns."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from corekit.clock import micros
from corekit.jobs.declared import Job, Work
from corekit.tiers.due import Due
from corekit.tiers.found import ending, rising

if TYPE_CHECKING:
    from corekit.tiers.ladder import Ladder

AT_A_TIME = 2
"""Transactions of members that a run has open: while the database writes one, the next is planned."""


def _run(work: Work) -> None:
    """Rate members anew, ladder by ladder; what is done is no longer found."""
    kit, at = work.kit, micros(work.at)
    for ladder in kit.terms().program_at(at).ladders:
        _end(work, ladder, at)
        _rated(work, ladder, rising(kit.database, kit.zone, ladder, at))
        _end(work, ladder, at)  # the first stay of who never had one is found among those who rise


def _end(work: Work, ladder: Ladder, at: int) -> None:
    """Rate those whose validity is over; the next one may be over as well, if the job is late."""
    while _rated(work, ladder, ending(work.kit.database, work.kit.zone, ladder, at)):
        pass


def _rated(work: Work, ladder: Ladder, due: Iterable[Due]) -> int:
    """Rate those who are due, some transactions at a time; return how many of them that changed something for."""
    kit, done = work.kit, 0

    def rate(part: Due) -> int:
        return kit.rerate(part.members, ladder.code, work.at, part.earliest, historical=work.historical)

    pool = ThreadPoolExecutor(AT_A_TIME if kit.database.dialect == "postgresql" else 1)
    begun = deque[tuple[int, Future[int]]]()

    def finish() -> int:
        found, settled = begun.popleft()
        work.beat(found=found, settled=settled.result())
        return settled.result()

    try:
        for part in due:
            begun.append((len(part.members), pool.submit(rate, part)))
            if len(begun) > AT_A_TIME:  # one waits, so that nobody waits for the next to be found
                done += finish()
        while begun:
            done += finish()
    finally:  # where one failed, or another runner has taken over, the one that waits does not begin
        pool.shutdown(cancel_futures=True)
    return done


TIERS = Job(
    name="tiers",
    run=_run,
    description="Renews, ends and warns of tiers whose validity is over, and lifts who has come to qualify.",
    schedule="20 0 * * *",
)
