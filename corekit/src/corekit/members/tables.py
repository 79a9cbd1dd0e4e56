"""Tables of members: what settlement needs of each (hot, narrow), and who the person is."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Text, text

from corekit.db.base import table
from corekit.db.types import Id, Instant, Json, Whole

member = table(
    "core_member",
    Column("id", Id, primary_key=True),
    Column("state", Text, nullable=False),
    # Each settled activity adds one, and nothing else changes what a member's next activity sees.
    Column("seq", Whole, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("joined_at", Instant, nullable=False),
    Index(None, "joined_at", "id"),
    Index(None, "state", "joined_at", "id"),
    postgresql_with={"fillfactor": 80},
)

profile = table(
    "core_profile",
    Column("member_id", Id, ForeignKey(member.c.id, ondelete="RESTRICT"), primary_key=True),
    Column("external_id", Text),
    Column("channel", Text, nullable=False),
    # Compared byte by byte on both databases, so that the index finds what begins with a prefix.
    Column("name", Text().with_variant(Text(collation="C"), "postgresql")),
    Column("email", Text),
    Column("phone", Text),
    Column("attributes", Json, nullable=False),
    Index(None, "channel", "member_id"),
    Index(None, "name"),
    Index(
        "uq_core_profile_external_id",
        "external_id",
        unique=True,
        postgresql_where=text("external_id IS NOT NULL"),
        sqlite_where=text("external_id IS NOT NULL"),
    ),
)
