"""Staff, roles, and keys of services."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from corekit.db import types

revision = "access_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_role",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("permissions", types.Json(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_access_role")),
        sqlite_strict=True,
    )
    op.create_table(
        "access_staff",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("active", types.Flag, nullable=False),
        sa.Column("roles", types.Json(), nullable=False),
        sa.Column("created_at", types.Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_staff")),
        sqlite_strict=True,
    )
    op.create_index("uq_access_staff_name", "access_staff", ["name"], unique=True)
    op.create_table(
        "access_key",
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("permissions", types.Json(), nullable=False),
        sa.Column("created_at", types.Instant, nullable=False),
        sa.Column("expires_at", types.Instant, nullable=True),
        sa.Column("last_used_at", types.Instant, nullable=True),
        sa.Column("revoked_at", types.Instant, nullable=True),
        sa.PrimaryKeyConstraint("prefix", name=op.f("pk_access_key")),
        sqlite_strict=True,
    )
