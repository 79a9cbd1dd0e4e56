"""Tables of the program: each version of its file as it was applied."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Text

from corekit.db.base import table
from corekit.db.types import Instant

program = table(
    "core_program",
    Column("version", Integer, primary_key=True),
    Column("content", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("applied_at", Instant, nullable=False),
)
