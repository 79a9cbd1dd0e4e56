"""The tables of the card, and a pile."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from corekit.db import types

revision = "card_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "card_mark",
        sa.Column("effect_id", types.Id(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("effect_id", name=op.f("pk_card_mark")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_card_mark_member_id"), "card_mark", ["member_id"])
    pile = op.create_table(
        "card_pile",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("left", types.Whole, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_card_pile")),
        sqlite_strict=True,
    )
    op.bulk_insert(pile, [{"name": "marks", "left": 1_000}])
