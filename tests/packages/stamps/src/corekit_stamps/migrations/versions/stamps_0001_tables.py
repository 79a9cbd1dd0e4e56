"""The tables of the stamp card, and two mugs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from corekit.db import types

revision = "stamps_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stamps_stamp",
        sa.Column("effect_id", types.Id(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.PrimaryKeyConstraint("effect_id", name=op.f("pk_stamps_stamp")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_stamps_stamp_member_id"), "stamps_stamp", ["member_id"])
    stock = op.create_table(
        "stamps_stock",
        sa.Column("prize", sa.Text(), nullable=False),
        sa.Column("pieces", types.Whole, nullable=False),
        sa.CheckConstraint("pieces >= 0", name=op.f("ck_stamps_stock_pieces")),
        sa.PrimaryKeyConstraint("prize", name=op.f("pk_stamps_stock")),
        sqlite_strict=True,
    )
    op.create_table(
        "stamps_won",
        sa.Column("effect_id", types.Id(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("prize", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("effect_id", name=op.f("pk_stamps_won")),
        sqlite_strict=True,
    )
    op.create_table(
        "stamps_merge",
        sa.Column("effect_id", types.Id(), nullable=False),
        sa.Column("giver", types.Id(), nullable=False),
        sa.Column("taker", types.Id(), nullable=False),
        sa.PrimaryKeyConstraint("effect_id", name=op.f("pk_stamps_merge")),
        sqlite_strict=True,
    )
    op.create_table(
        "stamps_moved",
        sa.Column("effect_id", types.Id(), nullable=False),
        sa.Column("what", types.Id(), nullable=False),
        sa.PrimaryKeyConstraint("effect_id", "what", name=op.f("pk_stamps_moved")),
        sqlite_strict=True,
    )
    op.bulk_insert(stock, [{"prize": "mug", "pieces": 2}])
