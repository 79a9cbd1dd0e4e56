"""What the ledger does not know: which top-ups wait to be paid, what was approved, and which days are closed."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, MetaData, Text

from corekit import NAMING, Amount, Id, Instant, Json, Whole, table

metadata = MetaData(naming_convention=NAMING)

request = table(
    "stored_value_request",
    # The activity that asked for it.
    Column("activity_id", Id, primary_key=True),
    Column("member_id", Id, nullable=False),
    Column("unit", Text, nullable=False),
    Column("amount", Amount, nullable=False),
    # The first instant at which it is too late to pay.
    Column("lapses_at", Instant, nullable=False),
    Column(
        "state",
        Text,
        CheckConstraint("state IN ('waiting', 'paid', 'cancelled', 'lapsed')", name="state"),
        nullable=False,
    ),
    Index(None, "member_id"),
    Index(None, "state", "lapses_at"),
    meta=metadata,
)
approval = table(
    "stored_value_approval",
    # The activity that approved it.
    Column("activity_id", Id, primary_key=True),
    Column("member_id", Id, nullable=False),
    # Of what was approved, so that nothing else can be done by it.
    Column("hash", Text, nullable=False),
    Column("actor", Text, nullable=False),
    # The first instant at which it no longer holds.
    Column("lapses_at", Instant, nullable=False),
    Column("state", Text, CheckConstraint("state IN ('open', 'used', 'withdrawn')", name="state"), nullable=False),
    Index(None, "member_id"),
    meta=metadata,
)
closed_day = table(
    "stored_value_closed_day",
    # On the program's calendar, such as 2017-06-01.
    Column("day", Text, primary_key=True),
    Column("begins", Instant, nullable=False),
    Column("ends", Instant, nullable=False),
    Column("closed_at", Instant, nullable=False),
    # How far the outbox was final then, and up to where all of it belongs to this day or an earlier one.
    Column("upto", Whole, nullable=False),
    Column("resume", Whole, nullable=False),
    CheckConstraint("begins < ends AND resume <= upto", name="order"),
    meta=metadata,
)
close = table(
    "stored_value_close",
    Column("day", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    # Empty where activities name none.
    Column("store", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("opening", Amount, nullable=False),
    Column("ins", Amount, nullable=False),
    Column("outs", Amount, nullable=False),
    # What of that was recorded for days that were closed before.
    Column("late", Amount, nullable=False),
    Column("closing", Amount, nullable=False),
    # Ins and outs by activity type.
    Column("types", Json, nullable=False),
    CheckConstraint("ins >= 0 AND outs >= 0 AND closing = opening + ins - outs", name="sum"),
    sqlite_with_rowid=False,
    meta=metadata,
)
