"""What waits to be paid, and what was approved."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from corekit.db import types

revision = "stored_value_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stored_value_request",
        sa.Column("activity_id", types.Id(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("amount", types.Amount, nullable=False),
        sa.Column("lapses_at", types.Instant, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'paid', 'cancelled', 'lapsed')", name=op.f("ck_stored_value_request_state")
        ),
        sa.PrimaryKeyConstraint("activity_id", name=op.f("pk_stored_value_request")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_stored_value_request_member_id"), "stored_value_request", ["member_id"])
    op.create_index(op.f("ix_stored_value_request_state_lapses_at"), "stored_value_request", ["state", "lapses_at"])
    op.create_table(
        "stored_value_move",
        sa.Column("effect_id", types.Id(), nullable=False),
        sa.Column("request_id", types.Id(), nullable=False),
        sa.PrimaryKeyConstraint("effect_id", "request_id", name=op.f("pk_stored_value_move")),
        sqlite_strict=True,
    )
    op.create_table(
        "stored_value_approval",
        sa.Column("activity_id", types.Id(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("lapses_at", types.Instant, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'used', 'withdrawn')", name=op.f("ck_stored_value_approval_state")),
        sa.PrimaryKeyConstraint("activity_id", name=op.f("pk_stored_value_approval")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_stored_value_approval_member_id"), "stored_value_approval", ["member_id"])
