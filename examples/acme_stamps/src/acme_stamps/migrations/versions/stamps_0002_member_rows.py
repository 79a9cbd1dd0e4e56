"""Which rows passed to another member is noted by the kernel from now on, of earlier merges too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from corekit.migrations.member_rows import take_over

revision = "stamps_0002"
down_revision = "stamps_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    move = sa.table("stamps_move", sa.column("effect_id"), sa.column("drink_id"))
    notes = sa.select(move.c.effect_id, sa.literal("stamps_drink"), move.c.drink_id)
    take_over(op.get_bind(), "stamps.take_drinks", notes)
    op.drop_table("stamps_move")
