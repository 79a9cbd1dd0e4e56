"""Moving what members have of a plugin's account kinds, by an activity for each member and kind, in chunks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from corekit.activities.activity import Activity
from corekit.activities.reverse import CLOSED
from corekit.ledger.tables import account
from corekit.removal.survey import has_something, of_kind

if TYPE_CHECKING:
    from corekit.kit import Kit

CHUNK = 500
"""Members of one transaction."""
Progress = Callable[[int], object]


def close_accounts(kit: Kit, plugin: str, kind: str, to: str | None, progress: Progress) -> Counter[str]:
    """Close the accounts of a kind until nobody has anything; return why the rest could not be, by code.

    What was closed stays closed, so it may be called again after an interruption.
    """
    while True:
        settled, refused, after = 0, Counter[str](), None
        while rows := _next(kit, kind, after):
            outcomes = kit.settle_own(
                Activity(
                    type=CLOSED,
                    member=member,
                    # The accounts' count of entries: what comes to them later is closed by another activity.
                    external_id=f"{CLOSED}:{kind}:{member}:{entries}",
                    payload={"plugin": plugin, "account": kind, "to": to},
                )
                for member, entries in rows
            )
            after = rows[-1][0]
            done = sum(outcome.settled for outcome in outcomes)
            settled += done
            refused.update(outcome.code or outcome.outcome for outcome in outcomes if not outcome.settled)
            progress(done)
        if not settled:
            return refused


def _next(kit: Kit, kind: str, after: str | None) -> list[tuple[str, int]]:
    """Return members who have or owe something of a kind, with their accounts' count of entries."""
    chosen = select(account.c.member_id, func.sum(account.c.seq)).where(of_kind(kind))
    lacking = select(account.c.member_id).where(of_kind(kind), has_something())
    chosen = chosen.where(account.c.member_id.in_(lacking))
    if after is not None:
        chosen = chosen.where(account.c.member_id > after)
    with kit.read() as read:
        rows = read.all(chosen.group_by(account.c.member_id).order_by(account.c.member_id).limit(CHUNK))
    return [(row[0], int(row[1])) for row in rows]
