"""What the ledger does not know of medals: who holds which, since when and why, and how many of an edition are out."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Integer, MetaData, Text, text

from corekit import NAMING, Flag, Id, Instant, Whole, table

metadata = MetaData(naming_convention=NAMING)

award = table(
    "medals_award",
    # The effect that awarded it.
    Column("id", Id, primary_key=True),
    Column("member_id", Id, nullable=False),
    Column("medal", Text, nullable=False),
    Column("level", Integer, nullable=False),
    # The definition by which it was awarded, such as regular@1.
    Column("rule", Text, nullable=False),
    Column("reason", Text, CheckConstraint("reason IN ('met', 'found', 'given')", name="reason"), nullable=False),
    # When what earned it occurred; when it was awarded, and by which activity.
    Column("since", Instant, nullable=False),
    Column("awarded_at", Instant, nullable=False),
    Column("activity_id", Id, nullable=False),
    # How it ended, if it did: when, why, and by which effect, or which activity that took another back.
    Column("ended_at", Instant),
    Column("end_reason", Text, CheckConstraint("end_reason IN ('returned', 'taken', 'undone')", name="end_reason")),
    Column("ended_by", Id),
    # Where the member shows it: its place, from 1, and whether it is pinned before the others.
    Column("place", Integer),
    Column("pinned", Flag, nullable=False),
    Index(None, "member_id"),
    Index(
        "uq_medals_award_held",
        "medal",
        "level",
        "member_id",
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
        sqlite_where=text("ended_at IS NULL"),
    ),
    Index(None, "activity_id"),
    Index(
        "ix_medals_award_ended_by",
        "ended_by",
        postgresql_where=text("ended_by IS NOT NULL"),
        sqlite_where=text("ended_by IS NOT NULL"),
    ),
    meta=metadata,
)
edition = table(
    "medals_edition",
    # How many of a limited medal are out; who has locked the row knows what is left.
    Column("medal", Text, primary_key=True),
    Column("level", Integer, primary_key=True),
    Column("given", Whole, CheckConstraint("given >= 0", name="given"), nullable=False),
    meta=metadata,
)
