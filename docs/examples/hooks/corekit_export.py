"""What the list of guests, a table of the plugin's own, says of a member goes with the member's data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, MetaData, Text, select

from corekit import NAMING, Declares, Id, Lineage, Reader, hookimpl, table

metadata = MetaData(naming_convention=NAMING)
guest = table(
    "guests_guest", Column("member_id", Id, primary_key=True), Column("note", Text, nullable=False), meta=metadata
)


@hookimpl
def corekit_declare() -> Declares:
    """Declare the table, which ``migrations/versions`` beside this module makes."""
    return Declares(lineage=Lineage(owner="guests", package="docs.examples.hooks", metadata=metadata))


@hookimpl
def corekit_export(member: str, read: Reader) -> Mapping[str, Any] | None:
    """Return what the list says, if the member is on it."""
    found = read.all(select(guest.c.note).where(guest.c.member_id == member))
    return {"note": found[0].note} if found else None
