"""Which rows of plugins' own tables passed from one member to another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from corekit.db import types

revision = "core_0003"
down_revision = "core_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "core_moved_row",
        sa.Column("effect_id", types.Id(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("row_id", types.Id(), nullable=False),
        sa.PrimaryKeyConstraint("effect_id", "relation", "row_id", name=op.f("pk_core_moved_row")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
        # For a short time the first revision made it.
        if_not_exists=True,
    )
