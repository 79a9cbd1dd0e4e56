"""Surveys, who took part, drafts and answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from corekit.db import types

revision = "surveys_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "surveys_answer",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("survey_id", types.Id(), nullable=False),
        sa.Column("version", types.Whole, nullable=False),
        sa.Column("member_id", types.Id(), nullable=True),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("answers", types.Json(), nullable=False),
        sa.Column("skipped", types.Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surveys_answer")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_surveys_answer_member_id"), "surveys_answer", ["member_id"])
    op.create_index(op.f("ix_surveys_answer_survey_id_day"), "surveys_answer", ["survey_id", "day"])

    op.create_table(
        "surveys_draft",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("survey_id", types.Id(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("answers", types.Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surveys_draft")),
        sa.UniqueConstraint("survey_id", "member_id", name=op.f("uq_surveys_draft_survey_id_member_id")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_surveys_draft_member_id"), "surveys_draft", ["member_id"])

    op.create_table(
        "surveys_move",
        sa.Column("effect_id", types.Id(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("row_id", types.Id(), nullable=False),
        sa.CheckConstraint(
            "what IN ('answer', 'draft', 'taken', 'both', 'comment')", name=op.f("ck_surveys_move_what")
        ),
        sa.PrimaryKeyConstraint("effect_id", "what", "row_id", name=op.f("pk_surveys_move")),
        sqlite_strict=True,
    )
    op.create_table(
        "surveys_survey",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", types.Whole, nullable=False),
        sa.Column("created_at", types.Whole, nullable=False),
        sa.CheckConstraint("state IN ('draft', 'open', 'closed')", name=op.f("ck_surveys_survey_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surveys_survey")),
        sa.UniqueConstraint("code", name=op.f("uq_surveys_survey_code")),
        sqlite_strict=True,
    )
    op.create_table(
        "surveys_taken",
        sa.Column("survey_id", types.Id(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.PrimaryKeyConstraint("survey_id", "member_id", name=op.f("pk_surveys_taken")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_surveys_taken_member_id"), "surveys_taken", ["member_id"])

    op.create_table(
        "surveys_version",
        sa.Column("survey_id", types.Id(), nullable=False),
        sa.Column("number", types.Whole, nullable=False),
        sa.Column("definition", types.Json(), nullable=False),
        sa.Column("created_at", types.Whole, nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_surveys_version_number")),
        sa.PrimaryKeyConstraint("survey_id", "number", name=op.f("pk_surveys_version")),
        sqlite_strict=True,
    )

    op.create_table(
        "surveys_comment",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("survey_id", types.Id(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", types.Whole, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", types.Whole, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("state = 'pending' OR decided_at IS NOT NULL", name=op.f("ck_surveys_comment_decided")),
        sa.CheckConstraint("state IN ('pending', 'shown', 'hidden')", name=op.f("ck_surveys_comment_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surveys_comment")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_surveys_comment_member_id_created_at"), "surveys_comment", ["member_id", "created_at"])
    op.create_index(
        op.f("ix_surveys_comment_survey_id_state_created_at_id"),
        "surveys_comment",
        ["survey_id", "state", "created_at", "id"],
    )
