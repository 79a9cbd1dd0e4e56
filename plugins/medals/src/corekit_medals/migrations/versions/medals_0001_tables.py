"""Awards, editions, and what changed hands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from corekit.db import types

revision = "medals_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "medals_award",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("medal", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", types.Instant, nullable=False),
        sa.Column("awarded_at", types.Instant, nullable=False),
        sa.Column("activity_id", types.Id(), nullable=False),
        sa.Column("ended_at", types.Instant, nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("ended_by", types.Id(), nullable=True),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("pinned", types.Flag, nullable=False),
        sa.CheckConstraint("reason IN ('met', 'found', 'given')", name=op.f("ck_medals_award_reason")),
        sa.CheckConstraint("end_reason IN ('returned', 'taken', 'undone')", name=op.f("ck_medals_award_end_reason")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_medals_award")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_medals_award_member_id"), "medals_award", ["member_id"])
    op.create_index(op.f("ix_medals_award_activity_id"), "medals_award", ["activity_id"])
    op.create_index(
        "ix_medals_award_ended_by",
        "medals_award",
        ["ended_by"],
        postgresql_where=sa.text("ended_by IS NOT NULL"),
        sqlite_where=sa.text("ended_by IS NOT NULL"),
    )
    op.create_index(
        "uq_medals_award_held",
        "medals_award",
        ["medal", "level", "member_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
        sqlite_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "medals_edition",
        sa.Column("medal", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("given", types.Whole, nullable=False),
        sa.CheckConstraint("given >= 0", name=op.f("ck_medals_edition_given")),
        sa.PrimaryKeyConstraint("medal", "level", name=op.f("pk_medals_edition")),
        sqlite_strict=True,
    )
    op.create_table(
        "medals_move",
        sa.Column("effect_id", types.Id(), nullable=False),
        sa.Column("award_id", types.Id(), nullable=False),
        sa.PrimaryKeyConstraint("effect_id", "award_id", name=op.f("pk_medals_move")),
        sqlite_strict=True,
    )
