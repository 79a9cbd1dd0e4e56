"""The days that are closed, and what stood in them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from corekit.db import types

revision = "stored_value_0002"
down_revision = "stored_value_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stored_value_closed_day",
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("begins", types.Instant, nullable=False),
        sa.Column("ends", types.Instant, nullable=False),
        sa.Column("closed_at", types.Instant, nullable=False),
        sa.Column("upto", types.Whole, nullable=False),
        sa.Column("resume", types.Whole, nullable=False),
        sa.CheckConstraint("begins < ends AND resume <= upto", name=op.f("ck_stored_value_closed_day_order")),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_stored_value_closed_day")),
        sqlite_strict=True,
    )
    op.create_table(
        "stored_value_close",
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("opening", types.Amount, nullable=False),
        sa.Column("ins", types.Amount, nullable=False),
        sa.Column("outs", types.Amount, nullable=False),
        sa.Column("late", types.Amount, nullable=False),
        sa.Column("closing", types.Amount, nullable=False),
        sa.Column("types", types.Json(), nullable=False),
        sa.CheckConstraint(
            "ins >= 0 AND outs >= 0 AND closing = opening + ins - outs", name=op.f("ck_stored_value_close_sum")
        ),
        sa.PrimaryKeyConstraint("day", "kind", "store", "channel", name=op.f("pk_stored_value_close")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
