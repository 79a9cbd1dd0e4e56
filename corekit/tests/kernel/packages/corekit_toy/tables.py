"""What is in stock, and who has a piece of it."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, MetaData, Text

from corekit.db.base import NAMING, table
from corekit.db.types import Id, Whole

metadata = MetaData(naming_convention=NAMING)

stock = table(
    "toy_stock",
    Column("item", Text, primary_key=True),
    Column("pieces", Whole, nullable=False),
    CheckConstraint("pieces >= 0", name="pieces"),
    meta=metadata,
)

holding = table(
    "toy_holding",
    Column("effect_id", Id, primary_key=True),
    Column("member_id", Id, nullable=False),
    Column("item", Text, nullable=False),
    Index(None, "member_id"),
    meta=metadata,
)
