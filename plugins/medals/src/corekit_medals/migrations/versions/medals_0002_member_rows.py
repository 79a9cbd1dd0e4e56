"""Which rows passed to another member is noted by the kernel from now on, of earlier merges too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from corekit.migrations.member_rows import take_over

revision = "medals_0002"
down_revision = "medals_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # For a short time there was no table of notes from the first: nothing is to be done then.
    if not sa.inspect(op.get_bind()).has_table("medals_move"):
        return
    move = sa.table("medals_move", sa.column("effect_id"), sa.column("award_id"))
    notes = sa.select(move.c.effect_id, sa.literal("medals_award"), move.c.award_id)
    take_over(op.get_bind(), "medals.take_awards", notes)
    op.drop_table("medals_move")
