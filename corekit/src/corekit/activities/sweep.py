"""Sweeps: what is done to many members at once, in chunks, resumable because what is done is no longer found."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen
from sqlalchemy import select

from corekit.activities.settle import Settlement
from corekit.activities.terms import Terms
from corekit.activities.tier_sweep import sweep_tiers
from corekit.db.engine import Database
from corekit.db.reader import any_of
from corekit.errors import NotFound
from corekit.ledger.tables import account, lot
from corekit.validation import suggest

EXPIRY = "expiry"
TIERS = "tiers"
SWEEPS = {
    EXPIRY: "Lets lots lapse that are due, so that the books show what can be spent.",
    TIERS: "Renews, ends and warns of tiers whose validity is over, and lifts who has come to qualify.",
}
"""The sweeps by name, with what they do."""
CHUNK = 1_000
"""Members of one transaction."""


@frozen
class SweepResult:
    """How many members a sweep found, and how many activities it took."""

    name: str
    members: int
    activities: int


def sweep(database: Database, settlement: Settlement, terms: Terms, name: str, at: int) -> SweepResult:
    """Run a sweep as of an instant; raise NotFound for a name that no sweep has."""
    if name not in SWEEPS:
        message = f"there is no sweep {name!r}{suggest(name, SWEEPS)}"
        raise NotFound(message, name=name)
    if name == TIERS:
        return SweepResult(name, *sweep_tiers(database, settlement, terms, at))
    members = activities = 0
    after = ""
    while chunk := _due(database, terms.chart.books, at, after):
        members += len(chunk)
        activities += settlement.expire(chunk, at)
        after = chunk[-1]
    return SweepResult(name, members, activities)


def _due(database: Database, kinds: Iterable[str], at: int, after: str) -> list[str]:
    """Return the next members, by id, who have lots of these kinds that are due."""
    is_open = lot.c.issued > lot.c.consumed + lot.c.held + lot.c.expired
    chosen = (
        select(account.c.member_id)
        .distinct()
        .join(lot, lot.c.account_id == account.c.id)
        .where(is_open, lot.c.expires_at <= at, any_of(account.c.kind, kinds))
        .order_by(account.c.member_id)
        .limit(CHUNK)
    )
    if after:
        chosen = chosen.where(account.c.member_id > after)
    with database.read() as read:
        return [row.member_id for row in read.all(chosen)]
