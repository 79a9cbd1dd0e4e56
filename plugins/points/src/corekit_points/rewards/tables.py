"""What the ledger does not know of rewards: what is left of them, and what members redeemed."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Text, text

from corekit import Amount, Id, Instant, Whole, table
from corekit_points.tables import metadata

stock = table(
    "points_stock",
    Column("reward", Text, primary_key=True),
    # Pieces lie in many rows, so that those who redeem the same reward at once do not wait for each other.
    Column("shard", Text, primary_key=True),
    Column("pieces", Whole, CheckConstraint("pieces >= 0", name="pieces"), nullable=False),
    sqlite_with_rowid=False,
    meta=metadata,
)
restock = table(
    "points_restock",
    # The key of whoever asked for it: sent again it changes nothing.
    Column("key", Text, primary_key=True),
    Column("reward", Text, nullable=False),
    # How many more, or fewer where it is negative.
    Column("amount", Whole, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "reward", "at"),
    meta=metadata,
)
redemption = table(
    "points_redemption",
    # The activity that redeemed it.
    Column("id", Id, primary_key=True),
    Column("member_id", Id, nullable=False),
    Column("reward", Text, nullable=False),
    Column(
        "state",
        Text,
        CheckConstraint("state IN ('reserved', 'fulfilled', 'cancelled', 'expired')", name="state"),
        nullable=False,
    ),
    # SHA-256 of the code to show at the till; none where there is nothing to fetch, or no secret to make codes with.
    Column("code", Text),
    # On the program's clock, such as 2026-01-15; limits count by it.
    Column("day", Text, nullable=False),
    # What is to be paid besides the points.
    Column("money", Amount, nullable=False),
    Column("redeemed_at", Instant, nullable=False),
    Column("expires_at", Instant),
    # How the state came about that is no more reserved: when, by which activity, and where.
    Column("resolved_at", Instant),
    Column("resolved_by", Id),
    Column("store", Text),
    Index(None, "member_id", "reward"),
    Index(None, "resolved_by"),
    Index("uq_points_redemption_code", "code", unique=True),
    Index(
        None,
        "expires_at",
        postgresql_where=text("state = 'reserved'"),
        sqlite_where=text("state = 'reserved'"),
    ),
    meta=metadata,
)
