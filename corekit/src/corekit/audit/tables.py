"""The table of the audit trail."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Text

from corekit.db.base import table
from corekit.db.types import Id, Instant, Json

audit = table(
    "core_audit",
    Column("id", Id, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column(
        "kind", Text, CheckConstraint("kind IN ('member', 'staff', 'service', 'operator')", name="kind"), nullable=False
    ),
    # A dotted name, such as program.applied.
    Column("what", Text, nullable=False),
    # What was changed, as whoever changes it calls it.
    Column("subject", Text, nullable=False),
    Column("parameters", Json, nullable=False),
    Index(None, "at", "id"),
    Index(None, "actor", "at", "id"),
    Index(None, "what", "at", "id"),
)
