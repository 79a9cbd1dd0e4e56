"""What is left of rewards, and what members redeemed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from corekit.db import types

revision = "points_0002"
down_revision = "points_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "points_stock",
        sa.Column("reward", sa.Text(), nullable=False),
        sa.Column("shard", sa.Text(), nullable=False),
        sa.Column("pieces", types.Whole, nullable=False),
        sa.CheckConstraint("pieces >= 0", name=op.f("ck_points_stock_pieces")),
        sa.PrimaryKeyConstraint("reward", "shard", name=op.f("pk_points_stock")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "points_restock",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("reward", sa.Text(), nullable=False),
        sa.Column("amount", types.Whole, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", types.Instant, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_points_restock")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_points_restock_reward_at"), "points_restock", ["reward", "at"])
    op.create_table(
        "points_redemption",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("reward", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("money", types.Amount, nullable=False),
        sa.Column("redeemed_at", types.Instant, nullable=False),
        sa.Column("expires_at", types.Instant, nullable=True),
        sa.Column("resolved_at", types.Instant, nullable=True),
        sa.Column("resolved_by", types.Id(), nullable=True),
        sa.Column("store", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('reserved', 'fulfilled', 'cancelled', 'expired')", name=op.f("ck_points_redemption_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_redemption")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_points_redemption_member_id_reward"), "points_redemption", ["member_id", "reward"])
    op.create_index(op.f("ix_points_redemption_resolved_by"), "points_redemption", ["resolved_by"])
    op.create_index("uq_points_redemption_code", "points_redemption", ["code"], unique=True)
    op.create_index(
        op.f("ix_points_redemption_expires_at"),
        "points_redemption",
        ["expires_at"],
        postgresql_where=sa.text("state = 'reserved'"),
        sqlite_where=sa.text("state = 'reserved'"),
    )
    op.create_table(
        "points_redemption_move",
        sa.Column("effect_id", types.Id(), nullable=False),
        sa.Column("redemption_id", types.Id(), nullable=False),
        sa.PrimaryKeyConstraint("effect_id", "redemption_id", name=op.f("pk_points_redemption_move")),
        sqlite_strict=True,
    )
