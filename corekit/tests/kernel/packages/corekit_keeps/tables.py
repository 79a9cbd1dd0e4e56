"""Notes, of which a member has any number, tickets, of which it has one that is open of a kind, and seats by place."""

from __future__ import annotations

from sqlalchemy import Column, Index, MetaData, Text, text

from corekit.db.base import NAMING, table
from corekit.db.types import Flag, Id

metadata = MetaData(naming_convention=NAMING)

note = table(
    "keeps_note",
    Column("id", Id, primary_key=True),
    Column("member_id", Id),
    Column("text", Text, nullable=False),
    Index(None, "member_id"),
    meta=metadata,
)
ticket = table(
    "keeps_ticket",
    Column("id", Id, primary_key=True),
    Column("member_id", Id, nullable=False),
    Column("kind", Text),
    Column("over", Flag, nullable=False),
    Index(
        "uq_keeps_ticket_open",
        "kind",
        "member_id",
        unique=True,
        postgresql_where=text("NOT over"),
        sqlite_where=text("NOT over"),
    ),
    meta=metadata,
)
seat = table(
    "keeps_seat",
    Column("place_id", Id, primary_key=True),
    Column("member_id", Id, primary_key=True),
    Index(None, "member_id"),
    meta=metadata,
)
