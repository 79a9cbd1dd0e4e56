"""The marks on cards, how many are left for all, and what was asked."""

from __future__ import annotations

from sqlalchemy import Column, Index, MetaData, Text

from corekit import NAMING, table
from corekit.db.types import Id, Whole

metadata = MetaData(naming_convention=NAMING)

mark = table(
    "card_mark",
    Column("effect_id", Id, primary_key=True),
    Column("member_id", Id, nullable=False),
    Column("note", Text, nullable=False),
    Index(None, "member_id"),
    meta=metadata,
)
pile = table("card_pile", Column("name", Text, primary_key=True), Column("left", Whole, nullable=False), meta=metadata)
