"""Who is to be forgotten is on the list of guests, a table of the plugin's own, no longer."""

from __future__ import annotations

from sqlalchemy import Column, MetaData, Text, delete

from corekit import NAMING, Declares, Id, Lineage, PluginWrite, hookimpl, table

metadata = MetaData(naming_convention=NAMING)
guest = table(
    "guests_guest", Column("member_id", Id, primary_key=True), Column("note", Text, nullable=False), meta=metadata
)


@hookimpl
def corekit_declare() -> Declares:
    """Declare the table, which ``migrations/versions`` beside this module makes."""
    return Declares(lineage=Lineage(owner="guests", package="docs.examples.hooks", metadata=metadata))


@hookimpl
def corekit_erase(member: str, write: PluginWrite) -> None:
    """Take the member off the list; where that was done before, nothing happens."""
    write.execute(delete(guest).where(guest.c.member_id == member))
