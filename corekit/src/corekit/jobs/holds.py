"""The core's own job beside expiry: holds lapse that nobody captured in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from corekit.clock import micros
from corekit.jobs.declared import Job, Work
from corekit.ledger.tables import account, hold

if TYPE_CHECKING:
    from corekit.kit import Kit

CHUNK = 1_000
"""Members of one transaction."""


def _run(work: Work) -> None:
    for members in overdue(work.kit, work.at):
        settled = work.kit.lapse(members, work.at, historical=work.historical)
        work.beat(found=len(members), settled=settled)


def overdue(kit: Kit, at: datetime) -> Iterator[list[str]]:
    """Yield the members, by id, who have holds that are due."""
    after = ""
    while True:
        chosen = (
            select(account.c.member_id)
            .distinct()
            .join(hold, hold.c.account_id == account.c.id)
            .where(hold.c.outcome.is_(None), hold.c.expires_at <= micros(at))
            .order_by(account.c.member_id)
            .limit(CHUNK)
        )
        if after:
            chosen = chosen.where(account.c.member_id > after)
        with kit.read() as read:
            found = [row.member_id for row in read.all(chosen)]
        if not found:
            return
        yield found
        after = found[-1]


HOLDS = Job(
    name="holds",
    run=_run,
    description="Lets holds lapse that nobody captured in time; reads leave them out in any case.",
    schedule="*/15 * * * *",
)
