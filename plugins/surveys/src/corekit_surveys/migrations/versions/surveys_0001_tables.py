"""Surveys, who took part, drafts and answers, and what waits to be stored."""

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
        sa.Column("ticket", types.Id(), nullable=False),
        sa.Column("survey_id", types.Id(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("answers", types.Json(), nullable=True),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("saved_at", types.Instant, nullable=False),
        sa.CheckConstraint("(answers IS NULL) <> (sealed IS NULL)", name=op.f("ck_surveys_draft_sealed")),
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
        sa.Column("times", types.Whole, nullable=True),
        sa.Column("day", sa.Text(), nullable=True),
        sa.Column("was", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "what IN ('answer', 'draft', 'taken', 'both', 'shelf', 'comment')", name=op.f("ck_surveys_move_what")
        ),
        sa.PrimaryKeyConstraint("effect_id", "what", "row_id", name=op.f("pk_surveys_move")),
        sqlite_strict=True,
    )
    op.create_table(
        "surveys_named",
        sa.Column("survey_id", types.Id(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("survey_id", "what", "name", name=op.f("pk_surveys_named")),
        sqlite_strict=True,
    )
    op.create_table(
        "surveys_place",
        sa.Column("survey_id", types.Id(), nullable=False),
        sa.Column("taken", types.Whole, nullable=False),
        sa.PrimaryKeyConstraint("survey_id", name=op.f("pk_surveys_place")),
        sqlite_strict=True,
    )
    op.create_table(
        "surveys_shelf",
        sa.Column("effect_id", types.Id(), nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("ticket", types.Id(), nullable=False),
        sa.Column("survey_id", types.Id(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("owner_id", types.Id(), nullable=False),
        sa.Column("answers", types.Json(), nullable=True),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("saved_at", types.Instant, nullable=False),
        sa.PrimaryKeyConstraint("effect_id", "id", name=op.f("pk_surveys_shelf")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_surveys_shelf_member_id"), "surveys_shelf", ["member_id"])
    op.create_table(
        "surveys_survey",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", types.Whole, nullable=False),
        sa.Column("titles", types.Json(), nullable=False),
        sa.Column("sought", sa.Text(), nullable=False),
        sa.Column("show_on_home", types.Flag, nullable=False),
        sa.Column("opens_at", types.Instant, nullable=True),
        sa.Column("closes_at", types.Instant, nullable=True),
        sa.Column("audience", types.Json(), nullable=True),
        sa.Column("quota", types.Whole, nullable=True),
        sa.Column("most", types.Whole, nullable=True),
        sa.Column("pause_days", types.Whole, nullable=False),
        sa.Column("show_results", types.Flag, nullable=False),
        sa.Column("anonymous", types.Flag, nullable=False),
        sa.Column("created_at", types.Instant, nullable=False),
        sa.CheckConstraint("state IN ('draft', 'open', 'closed')", name=op.f("ck_surveys_survey_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surveys_survey")),
        sa.UniqueConstraint("code", name=op.f("uq_surveys_survey_code")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_surveys_survey_created_at_id"), "surveys_survey", ["created_at", "id"])
    op.create_table(
        "surveys_taken",
        sa.Column("survey_id", types.Id(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("times", types.Whole, nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("survey_id", "member_id", name=op.f("pk_surveys_taken")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_surveys_taken_member_id"), "surveys_taken", ["member_id"])
    op.create_table(
        "surveys_version",
        sa.Column("survey_id", types.Id(), nullable=False),
        sa.Column("number", types.Whole, nullable=False),
        sa.Column("definition", types.Json(), nullable=False),
        sa.Column("created_at", types.Instant, nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_surveys_version_number")),
        sa.PrimaryKeyConstraint("survey_id", "number", name=op.f("pk_surveys_version")),
        sqlite_strict=True,
    )
    op.create_table(
        "surveys_waiting",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("survey_id", types.Id(), nullable=False),
        sa.Column("version", types.Whole, nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surveys_waiting")),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_surveys_waiting_survey_id_version"), "surveys_waiting", ["survey_id", "version"])

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
