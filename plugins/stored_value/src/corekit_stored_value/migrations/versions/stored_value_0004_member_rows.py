"""Which rows passed to another member is noted by the kernel from now on, of earlier merges too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from corekit.migrations.member_rows import take_over

revision = "stored_value_0004"
down_revision = "stored_value_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # For a short time there was no table of notes from the first: nothing is to be done then.
    if not sa.inspect(op.get_bind()).has_table("stored_value_move"):
        return
    move = sa.table("stored_value_move", sa.column("effect_id"), sa.column("request_id"))
    notes = sa.select(move.c.effect_id, sa.literal("stored_value_request"), move.c.request_id)
    take_over(op.get_bind(), "stored_value.take_requests", notes)
    op.drop_table("stored_value_move")
