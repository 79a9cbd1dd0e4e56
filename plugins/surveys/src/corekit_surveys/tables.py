"""Surveys and their versions, who took part, what is not finished, what was answered, and comments."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, MetaData, Text, UniqueConstraint

from corekit import NAMING, Flag, Id, Instant, Json, Whole, table

metadata = MetaData(naming_convention=NAMING)

survey = table(
    "surveys_survey",
    Column("id", Id, primary_key=True),
    # What people call it by, such as lunch-2026.
    Column("code", Text, nullable=False),
    Column("state", Text, CheckConstraint("state IN ('draft', 'open', 'closed')", name="state"), nullable=False),
    # The number of the version that is answered now, and its title: by language, and in one text to be searched.
    Column("version", Whole, nullable=False),
    Column("titles", Json, nullable=False),
    Column("sought", Text, nullable=False),
    Column("show_on_home", Flag, nullable=False),
    Column("opens_at", Instant),
    Column("closes_at", Instant),
    # A rule as data; null: everybody.
    Column("audience", Json),
    # Answers of all members at most; null: no end. So many of one member, and so many days between two of them.
    Column("quota", Whole),
    Column("most", Whole),
    Column("pause_days", Whole, nullable=False),
    Column("show_results", Flag, nullable=False),
    Column("anonymous", Flag, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("code"),
    Index(None, "created_at", "id"),
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
named = table(
    "surveys_named",
    # What the audience of a survey is made of, such as the tag vip, so that surveys are found by it.
    Column("survey_id", Id, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    meta=metadata,
)
place = table(
    "surveys_place",
    # How often a survey that has a quota was answered: whoever answers changes this row.
    Column("survey_id", Id, primary_key=True),
    Column("taken", Whole, nullable=False),
    meta=metadata,
)
draft = table(
    "surveys_draft",
    # Drawn anew each time it is saved, so that it says which answers were looked at, and nothing of them.
    Column("id", Id, primary_key=True),
    # Under which an anonymous answer waits once it is sent: another number drawn by chance, which no effect names.
    Column("ticket", Id, nullable=False),
    Column("survey_id", Id, nullable=False),
    Column("member_id", Id, nullable=False),
    # One of both: the answers, or of an anonymous survey what only who has the key can read.
    Column("answers", Json),
    Column("sealed", Text),
    Column("saved_at", Instant, nullable=False),
    CheckConstraint("(answers IS NULL) <> (sealed IS NULL)", name="sealed"),
    UniqueConstraint("survey_id", "member_id"),
    Index(None, "member_id"),
    meta=metadata,
)
shelf = table(
    "surveys_shelf",
    # The older of two drafts of members that became one, until they are two again; whose it was of both.
    Column("effect_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("ticket", Id, nullable=False),
    Column("survey_id", Id, nullable=False),
    Column("member_id", Id, nullable=False),
    Column("owner_id", Id, nullable=False),
    Column("answers", Json),
    Column("sealed", Text),
    Column("saved_at", Instant, nullable=False),
    Index(None, "member_id"),
    meta=metadata,
)
both = table(
    "surveys_both",
    # Where members that became one had both taken part: how often and when last the other had, and when last the one.
    Column("effect_id", Id, primary_key=True),
    Column("survey_id", Id, primary_key=True),
    Column("times", Whole, nullable=False),
    Column("day", Text, nullable=False),
    Column("was", Text, nullable=False),
    meta=metadata,
)
taken = table(
    "surveys_taken",
    Column("survey_id", Id, primary_key=True),
    Column("member_id", Id, primary_key=True),
    Column("times", Whole, nullable=False),
    # On which the member last did, on the program's clock, such as 2026-01-15.
    Column("day", Text, nullable=False),
    Index(None, "member_id"),
    meta=metadata,
)
waiting = table(
    "surveys_waiting",
    # Anonymous answers until there are enough of them. A table without row numbers lies in the order of its key.
    Column("id", Id, primary_key=True),
    Column("survey_id", Id, nullable=False),
    Column("version", Whole, nullable=False),
    Column("sealed", Text, nullable=False),
    Index(None, "survey_id", "version"),
    meta=metadata,
    sqlite_with_rowid=False,
)
answer = table(
    "surveys_answer",
    # That of the draft it was; of an anonymous answer a number drawn when it was stored.
    Column("id", Id, primary_key=True),
    Column("survey_id", Id, nullable=False),
    Column("version", Whole, nullable=False),
    # Null: nobody knows.
    Column("member_id", Id),
    # On the program's clock, such as 2026-01-15; of an anonymous answer the day on which it was stored.
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
