"""Documents, their versions, links, and what merges moved."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from corekit.db import types

revision = "documents_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "documents_document",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("titles", types.Json(), nullable=False),
        sa.Column("audience", types.Json(), nullable=True),
        sa.Column("opens_at", types.Instant, nullable=True),
        sa.Column("closes_at", types.Instant, nullable=True),
        sa.Column("created_at", types.Instant, nullable=False),
        sa.CheckConstraint("opens_at < closes_at", name=op.f("ck_documents_document_window")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_documents_document")),
        sqlite_strict=True,
    )
    op.create_table(
        "documents_link",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("version_id", types.Id(), nullable=False),
        sa.Column("issued_at", types.Instant, nullable=False),
        sa.Column("expires_at", types.Instant, nullable=False),
        sa.Column("revoked_at", types.Instant, nullable=True),
        sa.Column("downloaded_at", types.Instant, nullable=True),
        sa.Column("activity_id", types.Id(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(downloaded_at IS NULL) = (activity_id IS NULL)", name=op.f("ck_documents_link_downloaded")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents_link")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_documents_link_document_downloaded_at"), "documents_link", ["document", "downloaded_at"])
    op.create_index(
        "ix_documents_link_downloaded_at",
        "documents_link",
        ["downloaded_at", "id"],
        postgresql_where=sa.text("downloaded_at IS NOT NULL"),
        sqlite_where=sa.text("downloaded_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_documents_link_member_id_downloaded_at"), "documents_link", ["member_id", "downloaded_at"])
    op.create_table(
        "documents_move",
        sa.Column("effect_id", types.Id(), nullable=False),
        sa.Column("link_id", types.Id(), nullable=False),
        sa.PrimaryKeyConstraint("effect_id", "link_id", name=op.f("pk_documents_move")),
        sqlite_strict=True,
    )
    op.create_table(
        "documents_version",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("number", types.Whole, nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", types.Whole, nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", types.Instant, nullable=False),
        sa.Column("completed_at", types.Instant, nullable=True),
        sa.Column("expires_at", types.Instant, nullable=False),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state = 'waiting' OR (number IS NOT NULL AND size IS NOT NULL AND sha256 IS NOT NULL AND key IS NOT NULL "
            "AND completed_at IS NOT NULL)",
            name=op.f("ck_documents_version_complete"),
        ),
        sa.CheckConstraint("state IN ('waiting', 'complete', 'withdrawn')", name=op.f("ck_documents_version_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents_version")),
        sqlite_strict=True,
    )
    op.create_index("uq_documents_version_key", "documents_version", ["key"], unique=True)
    op.create_index(
        "uq_documents_version_number",
        "documents_version",
        ["document", "language", "number"],
        unique=True,
        postgresql_where=sa.text("number IS NOT NULL"),
        sqlite_where=sa.text("number IS NOT NULL"),
    )
