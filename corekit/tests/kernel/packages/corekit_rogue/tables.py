"""What the rogue keeps, and a view of the core's accounts that bears its name."""

from __future__ import annotations

from sqlalchemy import Column, MetaData

from corekit.db.base import NAMING, table
from corekit.db.types import Amount, Id

metadata = MetaData(naming_convention=NAMING)

mark = table(
    "rogue_mark", Column("effect_id", Id, primary_key=True), Column("member_id", Id, nullable=False), meta=metadata
)

view = table(
    "rogue_view", Column("id", Id, primary_key=True), Column("credits_posted", Amount, nullable=False), meta=metadata
)
