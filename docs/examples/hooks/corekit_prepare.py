"""A star with each purchase of who is on the list of guests, which is a table of the plugin's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Column, MetaData, Text, select

from corekit import (
    NAMING,
    AccountKind,
    Batch,
    Credit,
    Declares,
    Effect,
    Facts,
    Id,
    Lineage,
    Reader,
    Unit,
    any_of,
    hookimpl,
    table,
)

metadata = MetaData(naming_convention=NAMING)
guest = table(
    "guests_guest", Column("member_id", Id, primary_key=True), Column("note", Text, nullable=False), meta=metadata
)


@hookimpl
def corekit_declare() -> Declares:
    """Declare the account, and the table, which ``migrations/versions`` beside this module makes."""
    return Declares(
        accounts=[AccountKind(code="guests", unit=Unit("guests"))],
        lineage=Lineage(owner="guests", package="docs.examples.hooks", metadata=metadata),
    )


@hookimpl
def corekit_prepare(batch: Batch, read: Reader) -> Mapping[str, str]:
    """Look by one statement which of all who buy are guests."""
    buyers = {activity.member for activity in batch.of("purchase")}
    if not buyers:
        return {}
    listed = select(guest.c.member_id, guest.c.note).where(any_of(guest.c.member_id, buyers))
    return {row.member_id: row.note for row in read.all(listed)}


@hookimpl
def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:
    """Give the star."""
    for activity in batch.of("purchase"):
        if facts.prepared(activity) is not None:
            yield Credit(activity, account="guests", amount=1, rule="guest@1")
