"""What rules have granted of their budgets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from corekit.db import types

revision = "points_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "points_budget",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("span", sa.Text(), nullable=False),
        sa.Column("since", types.Instant, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("amount", types.Whole, nullable=False),
        sa.CheckConstraint("what IN ('granted', 'returned')", name=op.f("ck_points_budget_what")),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_points_budget_amount")),
        sa.PrimaryKeyConstraint("rule", "span", "since", "what", name=op.f("pk_points_budget")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
