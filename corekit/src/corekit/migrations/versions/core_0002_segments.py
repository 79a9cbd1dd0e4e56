"""Segments of postings: by what they are cut besides their accounts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from corekit.db import types

revision = "core_0002"
down_revision = "core_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "core_segment",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("undone", sa.Text(), nullable=True),
        sa.Column("dimensions", types.Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_segment")),
        sqlite_strict=True,
    )
    # Without a batch, which would make the tables anew. Whose kinds have dimensions fills in what was posted before.
    op.add_column("core_posting", sa.Column("segment_id", types.Id(), nullable=True))
    op.add_column("core_hold", sa.Column("dimensions", types.Json(), nullable=True))
