"""Documents, their versions, and the links by which members download them."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, MetaData, Text, text

from corekit import NAMING, Id, Instant, Json, Whole, table

metadata = MetaData(naming_convention=NAMING)

document = table(
    "documents_document",
    # Its name, such as price-list.
    Column("code", Text, primary_key=True),
    Column("category", Text),
    # What it is called, by language.
    Column("titles", Json, nullable=False),
    # Who may download it, as rules; None is nobody.
    Column("audience", Json),
    # The first instant at which it is published, and the first at which it no longer is.
    Column("opens_at", Instant),
    Column("closes_at", Instant),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("opens_at < closes_at", name="window"),
    meta=metadata,
)
version = table(
    "documents_version",
    Column("id", Id, primary_key=True),
    Column("document", Text, nullable=False),
    Column("language", Text, nullable=False),
    # Counted per document and language, when the version is complete.
    Column("number", Whole),
    # The name of the file that was uploaded.
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    # In bytes. What is uploaded has to be as large as was said, where that was said, and so with its checksum.
    Column("size", Whole),
    Column("sha256", Text),
    # Where it lies in the store: drawn by chance, so that nobody can guess it.
    Column("key", Text),
    Column(
        "state",
        Text,
        CheckConstraint("state IN ('waiting', 'complete', 'withdrawn')", name="state"),
        nullable=False,
    ),
    Column("created_at", Instant, nullable=False),
    Column("completed_at", Instant),
    # The first instant at which it is too late to upload it.
    Column("expires_at", Instant, nullable=False),
    Column("actor", Text),
    CheckConstraint(
        "state = 'waiting' OR (number IS NOT NULL AND size IS NOT NULL AND sha256 IS NOT NULL AND key IS NOT NULL "
        "AND completed_at IS NOT NULL)",
        name="complete",
    ),
    Index(
        "uq_documents_version_number",
        "document",
        "language",
        "number",
        unique=True,
        postgresql_where=text("number IS NOT NULL"),
        sqlite_where=text("number IS NOT NULL"),
    ),
    Index("uq_documents_version_key", "key", unique=True),
    meta=metadata,
)
link = table(
    "documents_link",
    Column("id", Id, primary_key=True),
    Column("member_id", Id, nullable=False),
    Column("document", Text, nullable=False),
    Column("version_id", Id, nullable=False),
    Column("issued_at", Instant, nullable=False),
    # The first instant at which it opens nothing any more.
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    # When its first byte was sent, by an activity of that id: what is downloaded again by the same link counts once.
    Column("downloaded_at", Instant),
    Column("activity_id", Id),
    # Who made it.
    Column("actor", Text),
    CheckConstraint("(downloaded_at IS NULL) = (activity_id IS NULL)", name="downloaded"),
    Index(None, "member_id", "downloaded_at"),
    Index(None, "document", "downloaded_at"),
    Index(
        "ix_documents_link_downloaded_at",
        "downloaded_at",
        "id",
        postgresql_where=text("downloaded_at IS NOT NULL"),
        sqlite_where=text("downloaded_at IS NOT NULL"),
    ),
    meta=metadata,
)
