"""Tables of the ledger: double entry, one row per posting, and the lots that say what funds what.

Rows that one unit writes together carry no foreign keys among each other: parent and child are written by the same
statement, nothing can be deleted (triggers), and ``corekit verify`` proves that each has its other half.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Text, text

from corekit.db.base import table
from corekit.db.types import Amount, Flag, Id, Instant, Json, Whole
from corekit.members.tables import member

unit = table(
    "core_unit",
    Column("code", Text, primary_key=True),
    Column("scale", Integer, CheckConstraint("scale BETWEEN 0 AND 6", name="scale"), nullable=False),
    Column("class", Text, nullable=False),
)

account_kind = table(
    "core_account_kind",
    Column("code", Text, primary_key=True),
    Column("unit", Text, ForeignKey(unit.c.code, ondelete="RESTRICT"), nullable=False),
    Column("system", Flag, nullable=False),
    Column("lots", Flag, nullable=False),
    Column("clawback", Text, nullable=False),
    Column("owner", Text, nullable=False),
)

account = table(
    "core_account",
    Column("id", Id, primary_key=True),
    Column("kind", Text, ForeignKey(account_kind.c.code, ondelete="RESTRICT"), nullable=False),
    Column("member_id", Id, ForeignKey(member.c.id, ondelete="RESTRICT")),
    Column("state", Text, nullable=False, server_default="open"),
    Column("debits_posted", Amount, nullable=False),
    Column("credits_posted", Amount, nullable=False),
    Column("debits_pending", Amount, nullable=False),
    Column("credits_pending", Amount, nullable=False),
    # How far the balance may fall below zero; None: without limit (a debt account only ever grows downward).
    Column("overdraft_limit", Amount),
    Column("seq", Whole, nullable=False),
    Column("last_at", Instant, nullable=False),
    # When all that is left lapses, unless an entry is made before: of kinds that lapse after inactivity.
    Column("lapses_at", Instant),
    CheckConstraint(
        "debits_posted >= 0 AND credits_posted >= 0 AND debits_pending >= 0 AND credits_pending >= 0", name="counters"
    ),
    CheckConstraint(
        "overdraft_limit IS NULL OR credits_posted - debits_posted - debits_pending >= -overdraft_limit", name="floor"
    ),
    Index("uq_core_account_member_id_kind", "member_id", "kind", unique=True),
    Index(
        "ix_core_account_lapses_at",
        "lapses_at",
        postgresql_where=text("lapses_at IS NOT NULL"),
        sqlite_where=text("lapses_at IS NOT NULL"),
    ),
    postgresql_with={"fillfactor": 80},
)

segment = table(
    "core_segment",
    # That of what it says: who writes a posting knows it without asking.
    Column("id", Id, primary_key=True),
    Column("type", Text, nullable=False),
    # The type of the activity that those of the segment take back.
    Column("undone", Text),
    Column("dimensions", Json, nullable=False),
)

posting = table(
    "core_posting",
    # Read by activity nearly always: the key leads there, and no index beside it is written.
    Column("activity_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("effect_id", Id, nullable=False),
    Column("unit", Text, nullable=False),
    Column("debit_account_id", Id, nullable=False),
    Column("credit_account_id", Id, nullable=False),
    Column("amount", Amount, CheckConstraint("amount BETWEEN 1 AND 1000000000000000", name="amount"), nullable=False),
    # Of kinds that have dimensions.
    Column("segment_id", Id),
    Column("recorded_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

entry = table(
    "core_entry",
    Column("account_id", Id, primary_key=True),
    Column("seq", Whole, primary_key=True),
    Column("posting_id", Id, nullable=False),
    Column("activity_id", Id, nullable=False),
    Column("side", Text, CheckConstraint("side IN ('debit', 'credit')", name="side"), nullable=False),
    Column("amount", Amount, nullable=False),
    Column("balance_after", Amount, nullable=False),
    Column("available_after", Amount, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

lot = table(
    "core_lot",
    # That of the posting which issued it, so that the lots of an activity are found without an index of their own.
    Column("id", Id, primary_key=True),
    Column("account_id", Id, nullable=False),
    Column("activity_id", Id, nullable=False),
    Column("effect_id", Id, nullable=False),
    Column("issued", Amount, nullable=False),
    Column("consumed", Amount, nullable=False),
    Column("held", Amount, nullable=False),
    Column("expired", Amount, nullable=False),
    # The part of what is consumed that paid a debt instead of funding a spend.
    Column("repaid", Amount, nullable=False),
    Column("expires_at", Instant),
    Column("issued_at", Instant, nullable=False),
    Column("seq", Whole, nullable=False),
    # Until then nobody can spend it.
    Column("available_from", Instant),
    CheckConstraint("held >= 0 AND expired >= 0 AND repaid >= 0 AND consumed >= repaid", name="parts"),
    CheckConstraint("consumed + held + expired <= issued", name="whole"),
    Index(
        "ix_core_lot_open",
        "account_id",
        "expires_at",
        postgresql_where=text("issued > consumed + held + expired"),
        sqlite_where=text("issued > consumed + held + expired"),
    ),
    Index(
        "ix_core_lot_awaited",
        "account_id",
        "available_from",
        postgresql_where=text("available_from IS NOT NULL"),
        sqlite_where=text("available_from IS NOT NULL"),
    ),
    Index(
        "ix_core_lot_due",
        "expires_at",
        postgresql_where=text("issued > consumed + held + expired"),
        sqlite_where=text("issued > consumed + held + expired"),
    ),
    Index("ix_core_lot_repaid", "account_id", postgresql_where=text("repaid > 0"), sqlite_where=text("repaid > 0")),
    sqlite_with_rowid=False,
)

hold = table(
    "core_hold",
    # That of the effect which placed it.
    Column("id", Id, primary_key=True),
    Column("activity_id", Id, nullable=False),
    Column("account_id", Id, nullable=False),
    Column("amount", Amount, CheckConstraint("amount > 0", name="amount"), nullable=False),
    Column("expires_at", Instant),
    Column("outcome", Text, CheckConstraint("outcome IN ('captured', 'released', 'expired')", name="outcome")),
    Column("captured", Amount, nullable=False),
    Column("resolved_by", Id),
    Column("resolved_at", Instant),
    # What the activity that placed it says of its kind's dimensions: whatever resolves it may say nothing.
    Column("dimensions", Json),
    CheckConstraint("captured BETWEEN 0 AND amount", name="captured"),
    Index(
        "ix_core_hold_open",
        "account_id",
        postgresql_where=text("outcome IS NULL"),
        sqlite_where=text("outcome IS NULL"),
    ),
    Index(
        "ix_core_hold_due",
        "expires_at",
        postgresql_where=text("outcome IS NULL"),
        sqlite_where=text("outcome IS NULL"),
    ),
    sqlite_with_rowid=False,
)

lot_movement = table(
    "core_lot_movement",
    Column("lot_id", Id, primary_key=True),
    Column("seq", Whole, primary_key=True),
    Column("activity_id", Id, nullable=False),
    Column("effect_id", Id, nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount", Amount, CheckConstraint("amount > 0", name="amount"), nullable=False),
    # The effect that spends what is consumed here, or that gets it back.
    Column("spend_id", Id),
    # When the lot was to lapse before, where it was given back after that and lives on: its state as of earlier.
    Column("expiry_before", Instant),
    Index(
        "ix_core_lot_movement_spend_id",
        "spend_id",
        postgresql_where=text("spend_id IS NOT NULL"),
        sqlite_where=text("spend_id IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)
