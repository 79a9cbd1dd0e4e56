"""Sweeps: what is done to many members at once, in chunks, resumable because what is done is no longer found."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from attrs import frozen
from sqlalchemy import and_, select, union

from corekit.activities.settle import Settlement
from corekit.db.engine import Database
from corekit.db.reader import any_of
from corekit.errors import NotFound
from corekit.ledger.tables import account, lot
from corekit.validation import suggest

EXPIRY = "expiry"
SWEEPS = {EXPIRY: "Lets lots lapse that are due, so that the books show what can be spent."}
"""The sweeps by name, with what they do."""
CHUNK = 1_000
"""Members of one transaction."""


@frozen
class SweepResult:
    """How many members a sweep found, and how many activities it took."""

    name: str
    members: int
    activities: int


def sweep(database: Database, settlement: Settlement, kinds: Collection[str], name: str, at: int) -> SweepResult:
    """Run a sweep over account kinds as of an instant; raise NotFound for a name that no sweep has."""
    if name not in SWEEPS:
        message = f"there is no sweep {name!r}{suggest(name, SWEEPS)}"
        raise NotFound(message, name=name)
    members = activities = 0
    after = ""
    while chunk := _due(database, kinds, at, after):
        members += len(chunk)
        activities += settlement.expire(chunk, at)
        after = chunk[-1]
    return SweepResult(name, members, activities)


def _due(database: Database, kinds: Iterable[str], at: int, after: str) -> list[str]:
    """Return the next members, by id, who have lots of these kinds that are due."""
    is_open = lot.c.issued > lot.c.consumed + lot.c.held + lot.c.expired
    of_kinds = (
        and_(any_of(account.c.kind, kinds), account.c.member_id > after) if after else any_of(account.c.kind, kinds)
    )
    joined = account.join(lot, lot.c.account_id == account.c.id)
    # Two searches, each by its own index.
    found = union(
        *(
            select(account.c.member_id).select_from(joined).where(is_open, lapsed, of_kinds)
            for lapsed in (lot.c.expires_at <= at, account.c.lapses_at <= at)
        )
    ).subquery()
    chosen = select(found.c.member_id).order_by(found.c.member_id).limit(CHUNK)
    with database.read() as read:
        return [row.member_id for row in read.all(chosen)]
