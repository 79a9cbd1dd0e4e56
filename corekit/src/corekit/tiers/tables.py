"""Tables of tiers: who stood in which tier of which ladder, from when to when, and why."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Text, text

from corekit.db.base import table
from corekit.db.types import Id, Instant, Json

assignment = table(
    "core_tier_assignment",
    Column("id", Id, primary_key=True),
    Column("member_id", Id, nullable=False),
    Column("ladder", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("valid_from", Instant, nullable=False),
    Column("valid_to", Instant),
    Column("reason", Text, nullable=False),
    Column("activity_id", Id, nullable=False),
    Column("measured", Json, nullable=False),
    Column("program", Integer, nullable=False),
    # Until when the stay is valid; None is for ever. Nobody but who locked it changes it before it is unlocked.
    Column("expires_at", Instant),
    Column("locked_until", Instant),
    Column("locked_by", Text),
    # The activity that took back what began the stay; nobody falls back to such a stay.
    Column("undone_by", Id),
    Index(None, "member_id", "ladder", "valid_from"),
    Index(
        "uq_core_tier_assignment_current",
        "member_id",
        "ladder",
        unique=True,
        postgresql_where=text("valid_to IS NULL"),
        sqlite_where=text("valid_to IS NULL"),
    ),
    Index(
        "ix_core_tier_assignment_tier",
        "ladder",
        "tier",
        postgresql_where=text("valid_to IS NULL"),
        sqlite_where=text("valid_to IS NULL"),
    ),
    Index(
        "ix_core_tier_assignment_due",
        "ladder",
        "expires_at",
        "member_id",
        postgresql_where=text("valid_to IS NULL AND expires_at IS NOT NULL"),
        sqlite_where=text("valid_to IS NULL AND expires_at IS NOT NULL"),
    ),
)
