"""Proof since an instant: what was recorded since belongs to members who did something since, whom it looks at."""

from __future__ import annotations

from corekit.proof.invariants import SINCE
from corekit.proof.search import Search

_WRITTEN = """core_activity id member_id recorded_at
core_posting id activity_id recorded_at
core_entry posting_id account_id recorded_at
core_lot id account_id issued_at
core_hold id account_id resolved_at
core_tier_assignment id member_id valid_from
core_account id member_id last_at
core_outbox activity_id member_id recorded_at
core_request activity_id member_id recorded_at"""
"""Table, what is shown of it, whose it is, and the instant at which a row was written."""

_OWNERS = {
    "member_id": "",
    "activity_id": "JOIN core_activity o ON o.id = w.activity_id",
    "account_id": "JOIN core_account o ON o.id = w.account_id",
}


def search(instant: int) -> Search:
    """Return the search for what was recorded at an instant or after it, of members who had done nothing since."""
    rows = " UNION ALL ".join(_stray(each, instant) for each in _WRITTEN.split("\n"))
    return Search(SINCE, "written id member", rows)


def _stray(written: str, instant: int) -> str:
    table, shown, owner, at = written.split()
    whose = "w.member_id" if owner == "member_id" else "o.member_id"
    answered = " AND w.outcome = 'settled'" if table == "core_request" else ""
    return (
        f"SELECT '{table}' AS written, w.{shown} AS id, {whose} AS member FROM {table} w {_OWNERS[owner]} "
        f"JOIN core_member m ON m.id = {whose} WHERE w.{at} >= {instant:d} AND m.last_at < {instant:d}{answered}"
    )
