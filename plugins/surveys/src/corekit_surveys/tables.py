"""Surveys and their versions, who took part, what is not finished, what was answered, and comments."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, MetaData, Text, UniqueConstraint

from corekit import NAMING, Id, Instant, Json, Whole, table

metadata = MetaData(naming_convention=NAMING)

survey = table(
    "surveys_survey",
    Column("id", Id, primary_key=True),
    # What people call it by, such as lunch-2026.
    Column("code", Text, nullable=False),
    Column("state", Text, CheckConstraint("state IN ('draft', 'open', 'closed')", name="state"), nullable=False),
    # The number of the version that is answered now.
    Column("version", Whole, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("code"),
    meta=metadata,
)
version = table(
    "surveys_version",
    Column("survey_id", Id, primary_key=True),
    Column("number", Whole, primary_key=True),
    Column("definition", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("number >= 1", name="number"),
    meta=metadata,
)
draft = table(
    "surveys_draft",
    # Drawn anew each time it is saved, so that it says which answers were looked at, and nothing of them.
    Column("id", Id, primary_key=True),
    Column("survey_id", Id, nullable=False),
    Column("member_id", Id, nullable=False),
    Column("answers", Json, nullable=False),
    UniqueConstraint("survey_id", "member_id"),
    Index(None, "member_id"),
    meta=metadata,
)
move = table(
    "surveys_move",
    # Which merge let what pass to another member: an answer, a draft or a comment by its id, having taken part by the
    # survey.
    Column("effect_id", Id, primary_key=True),
    Column(
        "what",
        Text,
        CheckConstraint("what IN ('answer', 'draft', 'taken', 'both', 'comment')", name="what"),
        primary_key=True,
    ),
    Column("row_id", Id, primary_key=True),
    meta=metadata,
)
taken = table(
    "surveys_taken",
    Column("survey_id", Id, primary_key=True),
    Column("member_id", Id, primary_key=True),
    Index(None, "member_id"),
    meta=metadata,
)
answer = table(
    "surveys_answer",
    # That of the draft it was.
    Column("id", Id, primary_key=True),
    Column("survey_id", Id, nullable=False),
    Column("version", Whole, nullable=False),
    # None where nobody may know whose it is, and where it was imported.
    Column("member_id", Id),
    # On the program's clock, such as 2026-01-15.
    Column("day", Text, nullable=False),
    Column("answers", Json, nullable=False),
    # The names of the questions that were shown and left empty: statistics tell who saw a question.
    Column("skipped", Json, nullable=False),
    Index(None, "survey_id", "day"),
    Index(None, "member_id"),
    meta=metadata,
)
comment = table(
    "surveys_comment",
    Column("id", Id, primary_key=True),
    Column("survey_id", Id, nullable=False),
    Column("member_id", Id, nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("state", Text, CheckConstraint("state IN ('pending', 'shown', 'hidden')", name="state"), nullable=False),
    # Who decided last whether it is shown, when, and why.
    Column("decided_by", Text),
    Column("decided_at", Instant),
    Column("reason", Text),
    CheckConstraint("state = 'pending' OR decided_at IS NOT NULL", name="decided"),
    Index(None, "survey_id", "state", "created_at", "id"),
    Index(None, "member_id", "created_at"),
    meta=metadata,
)
