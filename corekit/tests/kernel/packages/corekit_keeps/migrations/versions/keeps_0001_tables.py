"""The tables of what it keeps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from corekit.db import types

revision = "keeps_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "keeps_note",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keeps_note")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_keeps_note_member_id"), "keeps_note", ["member_id"])
    op.create_table(
        "keeps_ticket",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("over", types.Flag, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keeps_ticket")),
        sqlite_strict=True,
    )
    open_ = sa.text("NOT over")
    op.create_index(
        "uq_keeps_ticket_open",
        "keeps_ticket",
        ["kind", "member_id"],
        unique=True,
        postgresql_where=open_,
        sqlite_where=open_,
    )
    op.create_table(
        "keeps_seat",
        sa.Column("place_id", types.Id(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.PrimaryKeyConstraint("place_id", "member_id", name=op.f("pk_keeps_seat")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_keeps_seat_member_id"), "keeps_seat", ["member_id"])
