"""Which rows passed to another member is noted by the kernel from now on, of earlier merges too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from corekit.migrations.member_rows import take_over

revision = "points_0004"
down_revision = "points_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # For a short time there was no table of notes from the first: nothing is to be done then.
    if not sa.inspect(op.get_bind()).has_table("points_redemption_move"):
        return
    move = sa.table("points_redemption_move", sa.column("effect_id"), sa.column("redemption_id"))
    notes = sa.select(move.c.effect_id, sa.literal("points_redemption"), move.c.redemption_id)
    take_over(op.get_bind(), "points.take_redemptions", notes)
    op.drop_table("points_redemption_move")

    move = sa.table("points_draw_move", sa.column("effect_id"), sa.column("drawn_id"))
    notes = sa.select(move.c.effect_id, sa.literal("points_draw_result"), move.c.drawn_id)
    take_over(op.get_bind(), "points.take_pulls", notes)
    op.drop_table("points_draw_move")
