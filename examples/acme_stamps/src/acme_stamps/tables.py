"""What the ledger does not know: how much was poured on a day, and who drank what."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, MetaData, Text

from corekit import NAMING, Id, Whole, table

metadata = MetaData(naming_convention=NAMING)

day = table(
    "stamps_day",
    # On the program's clock, such as 2026-01-15.
    Column("day", Text, primary_key=True),
    Column("poured", Whole, nullable=False),
    CheckConstraint("poured >= 0", name="poured"),
    meta=metadata,
)
drink = table(
    "stamps_drink",
    Column("effect_id", Id, primary_key=True),
    Column("member_id", Id, nullable=False),
    Column("day", Text, nullable=False),
    Column("drink", Text, nullable=False),
    Index(None, "member_id"),
    meta=metadata,
)
