"""Surveys as a plugin: what it declares, what it reads, and what follows where a member takes part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from corekit import Batch, Declares, Effect, Facts, Lineage, PluginWrite, Reader, Section, hookimpl
from corekit_surveys import answering, declared, declared_statistics, merging, persons, tables, taking
from corekit_surveys.program import ProgramSchema
from corekit_surveys.settings import SettingsSchema
from corekit_surveys.storing import STORE

if TYPE_CHECKING:
    from corekit_schema import Graph


@hookimpl
def corekit_declare() -> Declares:
    """Declare what the plugin brings."""
    return Declares(
        settings=SettingsSchema,
        lineage=Lineage(owner="surveys", package="corekit_surveys", metadata=tables.metadata),
        activities=[declared.ANSWERED],
        reacts=[declared.ANSWERED.name],
        effects=[taking.TAKE_PART, taking.TAKE_PLACE],
        members=merging.MEMBERS,
        jobs=[STORE],
        permissions=[*declared.PERMISSIONS, *declared_statistics.PERMISSIONS],
        errors=(*declared.ERRORS, *declared_statistics.ERRORS),
        program=Section(schema=ProgramSchema),
        budget=12,  # of one who takes part in an anonymous survey with a quota
    )


@hookimpl
def corekit_prepare(batch: Batch, read: Reader, facts: Facts) -> Mapping[str, Any]:
    """Read what those have saved who take part."""
    return answering.load(batch, read, facts)


@hookimpl
def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:
    """Let members take part."""
    for activity in batch.of(declared.ANSWERED.name):
        yield from answering.answered(activity, facts)


@hookimpl
def corekit_export(member: str, read: Reader) -> Mapping[str, Any] | None:
    """Tell members what they answered."""
    return persons.exported(member, read)


@hookimpl
def corekit_erase(member: str, write: PluginWrite) -> None:
    """Forget what merges noted; the rows that are the member's are declared."""
    merging.forget(member, write)


@hookimpl(optionalhook=True)  # its specification comes with corekit_schema, which need not be installed
def corekit_graph() -> Graph:
    """Add surveys to members, queries and mutations."""
    from corekit_surveys.graph import graph

    return graph()
