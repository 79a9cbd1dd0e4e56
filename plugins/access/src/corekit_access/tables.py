"""The tables of access: staff, roles, and keys of services."""

from __future__ import annotations

from sqlalchemy import Column, Index, MetaData, Text

from corekit import NAMING, Flag, Id, Instant, Json, table

metadata = MetaData(naming_convention=NAMING)

role = table(
    "access_role",
    Column("name", Text, primary_key=True),
    Column("permissions", Json, nullable=False),
    meta=metadata,
)

staff = table(
    "access_staff",
    Column("id", Id, primary_key=True),
    # It never changes: it stands in the audit trail.
    Column("name", Text, nullable=False),
    Column("active", Flag, nullable=False),
    # Names of roles.
    Column("roles", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index("uq_access_staff_name", "name", unique=True),
    meta=metadata,
)

key = table(
    "access_key",
    # Stands in the key itself, and finds the row.
    Column("prefix", Text, primary_key=True),
    Column("name", Text, nullable=False),
    # SHA-256 of the secret, which is nowhere.
    Column("hash", Text, nullable=False),
    Column("permissions", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("last_used_at", Instant),
    Column("revoked_at", Instant),
    meta=metadata,
)
