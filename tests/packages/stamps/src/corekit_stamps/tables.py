"""The stamps on the cards, the mugs in stock, who won one, and what changed hands when two members became one."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, MetaData, Text

from corekit import NAMING, Id, Whole, table

metadata = MetaData(naming_convention=NAMING)

stamp = table(
    "stamps_stamp",
    Column("effect_id", Id, primary_key=True),
    Column("member_id", Id, nullable=False),
    Index(None, "member_id"),
    meta=metadata,
)
stock = table(
    "stamps_stock",
    Column("prize", Text, primary_key=True),
    Column("pieces", Whole, nullable=False),
    CheckConstraint("pieces >= 0", name="pieces"),
    meta=metadata,
)
won = table(
    "stamps_won",
    Column("effect_id", Id, primary_key=True),
    Column("member_id", Id, nullable=False),
    Column("prize", Text, nullable=False),
    meta=metadata,
)
merge = table(
    "stamps_merge",
    Column("effect_id", Id, primary_key=True),
    Column("giver", Id, nullable=False),
    Column("taker", Id, nullable=False),
    meta=metadata,
)
moved = table(
    "stamps_moved",
    Column("effect_id", Id, primary_key=True),
    # The stamp or the prize, by its own effect.
    Column("what", Id, primary_key=True),
    meta=metadata,
)
