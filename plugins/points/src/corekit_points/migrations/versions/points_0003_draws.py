"""What draws remember."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from corekit.db import types

revision = "points_0003"
down_revision = "points_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "points_draw_move",
        sa.Column("effect_id", types.Id(), nullable=False),
        sa.Column("drawn_id", types.Id(), nullable=False),
        sa.PrimaryKeyConstraint("effect_id", "drawn_id", name=op.f("pk_points_draw_move")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "points_draw_result",
        sa.Column("effect_id", types.Id(), nullable=False),
        sa.Column("no", types.Whole, nullable=False),
        sa.Column("draw", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("number", types.Whole, nullable=False),
        sa.Column("client_seed", sa.Text(), nullable=False),
        sa.Column("weights", types.Json(), nullable=False),
        sa.Column("prize", sa.Text(), nullable=False),
        sa.Column("guaranteed", types.Flag, nullable=False),
        sa.Column("hit", types.Flag, nullable=False),
        sa.Column("taken_back", types.Flag, nullable=False),
        sa.Column("member_id", types.Id(), nullable=True),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("drawn_at", types.Instant, nullable=False),
        sa.PrimaryKeyConstraint("effect_id", "no", name=op.f("pk_points_draw_result")),
        sa.UniqueConstraint(
            "draw", "period", "ticket", "number", name=op.f("uq_points_draw_result_draw_period_ticket_number")
        ),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_points_draw_result_member_id_draw_day"), "points_draw_result", ["member_id", "draw", "day"]
    )

    op.create_table(
        "points_draw_secret",
        sa.Column("draw", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("draw", "period", name=op.f("pk_points_draw_secret")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "points_draw_seed",
        sa.Column("draw", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("begins", types.Instant, nullable=False),
        sa.Column("ends", types.Instant, nullable=False),
        sa.Column("commitment", sa.Text(), nullable=False),
        sa.Column("published_at", types.Instant, nullable=False),
        sa.Column("seed", sa.Text(), nullable=True),
        sa.Column("revealed_at", types.Instant, nullable=True),
        sa.CheckConstraint("(seed IS NULL) = (revealed_at IS NULL)", name=op.f("ck_points_draw_seed_revealed")),
        sa.PrimaryKeyConstraint("draw", "period", name=op.f("pk_points_draw_seed")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "points_draw_standing",
        sa.Column("draw", sa.Text(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("dry", types.Whole, nullable=False),
        sa.CheckConstraint("dry >= 0", name=op.f("ck_points_draw_standing_dry")),
        sa.PrimaryKeyConstraint("draw", "member_id", name=op.f("pk_points_draw_standing")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "points_draw_stock",
        sa.Column("draw", sa.Text(), nullable=False),
        sa.Column("prize", sa.Text(), nullable=False),
        sa.Column("taken", types.Whole, nullable=False),
        sa.CheckConstraint("taken >= 0", name=op.f("ck_points_draw_stock_taken")),
        sa.PrimaryKeyConstraint("draw", "prize", name=op.f("pk_points_draw_stock")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
