"""Tables of members: what settlement needs of each (hot, narrow), and who the person is."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Text, text

from corekit.db.base import table
from corekit.db.types import Flag, Id, Instant, Json, Whole


def _known(name: str) -> Index:
    """Return the index by which one member at most is known."""
    where = text(f"{name} IS NOT NULL")
    return Index(f"uq_core_profile_{name}", name, unique=True, postgresql_where=where, sqlite_where=where)


member = table(
    "core_member",
    Column("id", Id, primary_key=True),
    Column("state", Text, nullable=False),
    # Each settled activity adds one, and nothing else changes what a member's next activity sees.
    Column("seq", Whole, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("joined_at", Instant, nullable=False),
    # Of whom a merged member is a part now; that one may be merged itself.
    Column("merged_into", Id),
    Index(None, "joined_at", "id"),
    Index(None, "state", "joined_at", "id"),
    Index(
        "ix_core_member_merged_into",
        "merged_into",
        postgresql_where=text("merged_into IS NOT NULL"),
        sqlite_where=text("merged_into IS NOT NULL"),
    ),
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
    Column("number", Text),
    Column("kind", Text, nullable=False),
    Column("birthday", Text),
    # Identity, occupation, lifestyle and preferences.
    Column("sections", Json, nullable=False),
    Column("valid_until", Instant),
    Index(None, "channel", "member_id"),
    Index(None, "name"),
    Index(None, "kind", "member_id"),
    Index(
        "ix_core_profile_valid_until",
        "valid_until",
        "member_id",
        postgresql_where=text("valid_until IS NOT NULL"),
        sqlite_where=text("valid_until IS NOT NULL"),
    ),
    _known("external_id"),
    _known("number"),
    _known("phone"),
    _known("email"),
)

external_id = table(
    "core_external_id",
    Column("source", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("member_id", Id, ForeignKey(member.c.id, ondelete="RESTRICT"), nullable=False),
    Index(None, "member_id"),
    sqlite_with_rowid=False,
)
"""What other systems call members."""

profile_change = table(
    "core_profile_change",
    Column("activity_id", Id, primary_key=True),
    Column("member_id", Id, ForeignKey(member.c.id, ondelete="RESTRICT"), nullable=False),
    # By path: the value before and the value after.
    Column("changes", Json, nullable=False),
    Index(None, "member_id", "activity_id"),
    sqlite_with_rowid=False,
)
"""What an activity changed of a profile. It tells of a person, so, unlike activities, it can be erased."""

tag = table(
    "core_member_tag",
    Column("member_id", Id, ForeignKey(member.c.id, ondelete="RESTRICT"), primary_key=True),
    Column("tag", Text, primary_key=True),
    Index(None, "tag", "member_id"),
    sqlite_with_rowid=False,
)

consent = table(
    "core_consent",
    Column("member_id", Id, ForeignKey(member.c.id, ondelete="RESTRICT"), primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("granted", Flag, nullable=False),
    Column("activity_id", Id, nullable=False),
    Column("since", Instant, nullable=False),
    sqlite_with_rowid=False,
)
"""The last word of a member on a purpose and a channel."""

group_member = table(
    "core_group_member",
    Column("member_id", Id, ForeignKey(member.c.id, ondelete="RESTRICT"), primary_key=True),
    Column("code", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("role", Text, CheckConstraint("role IN ('primary', 'supplementary')", name="role"), nullable=False),
    Index(None, "code", "member_id"),
    Index(
        "uq_core_group_member_primary",
        "code",
        unique=True,
        postgresql_where=text("role = 'primary'"),
        sqlite_where=text("role = 'primary'"),
    ),
    sqlite_with_rowid=False,
)
"""Who belongs to which family or company: one primary member and any number of supplementary ones."""

erasure = table(
    "core_erasure",
    Column("id", Id, primary_key=True),
    Column("member_id", Id, ForeignKey(member.c.id, ondelete="RESTRICT"), nullable=False),
    Column("state", Text, CheckConstraint("state IN ('open', 'done')", name="state"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", Text),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    # Why it is still open.
    Column("obstacle", Text),
    Index(
        "uq_core_erasure_open",
        "member_id",
        unique=True,
        postgresql_where=text("state = 'open'"),
        sqlite_where=text("state = 'open'"),
    ),
)
"""Requests to forget who a member is. One stays open until every plugin has done its part."""
