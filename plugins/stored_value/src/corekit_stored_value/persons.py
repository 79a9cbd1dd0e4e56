"""What the plugin's own tables hold of a person: told."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from corekit import Reader, moment
from corekit_stored_value import requests
from corekit_stored_value.tables import approval


def exported(member: str, read: Reader) -> dict[str, Any] | None:
    """Return what is known of a member, as JSON."""
    asked = [
        {
            "request": each.id,
            "unit": each.unit,
            "amount": each.amount,
            "lapses_at": moment(each.lapses_at).isoformat(),
            "state": each.state,
        }
        for each in requests.of_members(read, [member]).get(member, ())
    ]
    theirs = select(approval).where(approval.c.member_id == member).order_by(approval.c.activity_id)
    approved = [
        {"activity": row.activity_id, "hash": row.hash, "by": row.actor, "state": row.state} for row in read.all(theirs)
    ]
    return {"requests": asked, "approvals": approved} if asked or approved else None
