"""What the plugin's own tables hold of a person: told."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from corekit import Reader, moment
from corekit_documents.tables import link


def exported(member: str, read: Reader) -> dict[str, Any] | None:
    """Return what is known of a member, as JSON."""
    theirs = select(link).where(link.c.member_id == member).order_by(link.c.issued_at, link.c.id)
    found = [
        {
            "document": row.document,
            "version": row.version_id,
            "issued_at": _shown(row.issued_at),
            "expires_at": _shown(row.expires_at),
            "revoked_at": _shown(row.revoked_at),
            "downloaded_at": _shown(row.downloaded_at),
            "by": row.actor,
        }
        for row in read.all(theirs)
    ]
    return {"links": found} if found else None


def _shown(instant: int | None) -> str | None:
    return moment(instant).isoformat() if instant is not None else None
