"""The table of plugins that are or were suspended."""

from __future__ import annotations

from sqlalchemy import Column, Index, Text

from corekit.db.base import table
from corekit.db.types import Instant, Whole

suspension = table(
    "core_suspension",
    Column("plugin", Text, primary_key=True),
    # It rises with each change of any row: who knows the highest one knows them all.
    Column("change", Whole, nullable=False),
    # NULL where it is not suspended any more.
    Column("since", Instant),
    Column("reason", Text, nullable=False),
    # NULL where the breaker suspended it.
    Column("actor", Text),
    Index("uq_core_suspension_change", "change", unique=True),
)
