"""How far the outbox is delivered: a cursor per plugin, and what could not be delivered in its turn."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Integer, Text, text

from corekit.db.base import table
from corekit.db.types import Id, Instant, Json, Whole

cursor = table(
    "core_outbox_cursor",
    Column("plugin", Text, primary_key=True),
    # Everything up to here was delivered, or has a letter.
    Column("position", Whole, nullable=False),
    sqlite_with_rowid=False,
)

letter = table(
    "core_outbox_letter",
    Column("plugin", Text, primary_key=True),
    Column("position", Whole, primary_key=True, autoincrement=False),
    Column("member_id", Id, nullable=False),
    # What waits is tried again, or stands behind an earlier letter of its member; a dead one waits for a person.
    Column("state", Text, CheckConstraint("state IN ('waiting', 'dead')", name="state"), nullable=False),
    Column("attempts", Integer, nullable=False),
    # None: as soon as nothing of the member stands before it.
    Column("next_at", Instant),
    Column("failed_at", Instant),
    Column("reason", Json),
    Index(
        "ix_core_outbox_letter_waiting",
        "plugin",
        "member_id",
        "position",
        postgresql_where=text("state = 'waiting'"),
        sqlite_where=text("state = 'waiting'"),
    ),
    sqlite_with_rowid=False,
)
