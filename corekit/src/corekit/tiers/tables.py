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
)
