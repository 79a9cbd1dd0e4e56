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
    # When it was applied, and so announced; NULL as `valid_from`: whatever no other version judges.
    Column("applied_at", Instant, nullable=False),
    Column("valid_from", Instant),
    Column("actor", Text),
    Column("reason", Text),
)
