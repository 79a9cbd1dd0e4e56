"""The tables of the toy."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from corekit.db import types

revision = "toy_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "toy_stock",
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("pieces", types.Whole, nullable=False),
        sa.CheckConstraint("pieces >= 0", name=op.f("ck_toy_stock_pieces")),
        sa.PrimaryKeyConstraint("item", name=op.f("pk_toy_stock")),
        sqlite_strict=True,
    )
    op.create_table(
        "toy_holding",
        sa.Column("effect_id", types.Id(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("effect_id", name=op.f("pk_toy_holding")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_toy_holding_member_id"), "toy_holding", ["member_id"])
