"""What the ledger does not know: which top-ups wait to be paid, and what was approved."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, MetaData, Text

from corekit import NAMING, Amount, Id, Instant, table

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
move = table(
    "stored_value_move",
    # Which merge let which request pass to another member.
    Column("effect_id", Id, primary_key=True),
    Column("request_id", Id, primary_key=True),
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
