"""The tables of the stamp card."""

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
        "stamps_day",
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("poured", types.Whole, nullable=False),
        sa.CheckConstraint("poured >= 0", name=op.f("ck_stamps_day_poured")),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_stamps_day")),
        sqlite_strict=True,
    )
    op.create_table(
        "stamps_drink",
        sa.Column("effect_id", types.Id(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("drink", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("effect_id", name=op.f("pk_stamps_drink")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_stamps_drink_member_id"), "stamps_drink", ["member_id"])
    op.create_table(
        "stamps_move",
        sa.Column("effect_id", types.Id(), nullable=False),
        sa.Column("drink_id", types.Id(), nullable=False),
        sa.PrimaryKeyConstraint("effect_id", "drink_id", name=op.f("pk_stamps_move")),
        sqlite_strict=True,
    )
