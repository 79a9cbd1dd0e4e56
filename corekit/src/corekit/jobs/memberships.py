"""The core's job of memberships: they run out where their end and the grace after it have passed."""

from __future__ import annotations

from itertools import islice

from corekit.jobs.declared import Job, Work
from corekit.members.due import lapses

CHUNK = 1_000
"""Members after whom it says that it is alive."""


def _run(work: Work) -> None:
    due = lapses(work.kit, work.at)
    while some := list(islice(due, CHUNK)):
        settled = sum(outcome.settled for outcome in work.kit.record_many(some))
        # Refused is who renewed meanwhile.
        work.beat(found=len(some), settled=settled, refused=len(some) - settled)


MEMBERSHIPS = Job(
    name="memberships",
    run=_run,
    description="Lets memberships run out whose end and grace have passed; who renewed meanwhile stays.",
    schedule="10 0 * * *",
)
