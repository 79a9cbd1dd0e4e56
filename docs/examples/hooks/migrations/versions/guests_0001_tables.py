"""The list of guests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from corekit.db import types

revision = "guests_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "guests_guest",
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_guests_guest")),
        sqlite_strict=True,
    )
