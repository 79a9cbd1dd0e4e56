"""Documents as a plugin: what it declares, what it reads, and what a download does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from corekit import Batch, Declares, Effect, Facts, Lineage, MemberRows, Reader, Section, hookimpl
from corekit_documents import declared, downloading, persons, tables
from corekit_documents.program import ProgramSchema
from corekit_documents.settings import SettingsSchema

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from corekit import Kit
    from corekit_schema import Graph


@hookimpl
def corekit_declare() -> Declares:
    """Declare what the plugin brings."""
    return Declares(
        settings=SettingsSchema,
        lineage=Lineage(owner="documents", package="corekit_documents", metadata=tables.metadata),
        activities=declared.ACTIVITIES,
        reacts=(declared.DOWNLOADED.name,),
        effects=[downloading.USE],
        # What both downloaded counts for the one, and links that were made for the other go on working.
        members=[MemberRows(tables.link.c.member_id)],
        permissions=declared.PERMISSIONS,
        errors=declared.ERRORS,
        program=Section(schema=ProgramSchema),
        budget=4,  # of a download: its link, what was downloaded before, and marking it
    )


@hookimpl
def corekit_prepare(batch: Batch, read: Reader, facts: Facts) -> Mapping[str, Any]:
    """Read links and what was downloaded before, where somebody downloads."""
    return downloading.load(batch, read, facts)


@hookimpl
def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:
    """Let links be used."""
    for activity in batch.of(declared.DOWNLOADED.name):
        yield from downloading.downloaded(activity, facts)


@hookimpl
def corekit_export(member: str, read: Reader) -> Mapping[str, Any] | None:
    """Tell members what they downloaded."""
    return persons.exported(member, read)


@hookimpl(optionalhook=True)  # its specification comes with corekit_schema, which need not be installed
def corekit_routes(kit: Kit) -> Sequence[BaseRoute]:
    """Take files in, and send them."""
    from corekit_documents.serving import routes

    return routes(kit)


@hookimpl(optionalhook=True)
def corekit_graph() -> Graph:
    """Add documents to members, queries and mutations."""
    from corekit_documents.graph import graph

    return graph()
