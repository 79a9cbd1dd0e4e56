"""Which rows passed to another member is noted by the kernel from now on, of earlier merges too.

Where both had taken part, that stays with the plugin, in a table of its own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from corekit.db import types
from corekit.migrations.member_rows import take_over

revision = "surveys_0002"
down_revision = "surveys_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # For a short time there was no table of notes from the first: nothing is to be done then.
    if not sa.inspect(op.get_bind()).has_table("surveys_move"):
        return
    both = op.create_table(
        "surveys_both",
        sa.Column("effect_id", types.Id(), nullable=False),
        sa.Column("survey_id", types.Id(), nullable=False),
        sa.Column("times", types.Whole, nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("was", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("effect_id", "survey_id", name=op.f("pk_surveys_both")),
        sqlite_strict=True,
    )
    move = sa.table("surveys_move", *map(sa.column, ("effect_id", "what", "row_id", "times", "day", "was")))
    joined = sa.select(*(move.c[name] for name in ("effect_id", "row_id", "times", "day", "was")))
    op.execute(sa.insert(both).from_select(both.c.keys(), joined.where(move.c.what == "both")))
    # What passed was named by its table, without the plugin's name.
    notes = sa.select(move.c.effect_id, "surveys_" + sa.cast(move.c.what, sa.Text), move.c.row_id)
    take_over(op.get_bind(), "surveys.take_answers", notes.where(move.c.what != "both"))
    op.drop_table("surveys_move")
