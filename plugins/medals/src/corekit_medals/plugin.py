"""Medals as a plugin: what it declares, what it reads, and what follows from what happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from corekit import (
    Batch,
    Declares,
    Effect,
    Facts,
    Lineage,
    MemberRows,
    Reader,
    Section,
    hookimpl,
)
from corekit_medals import declared, judging, loading, reading, tables
from corekit_medals.awarding import EFFECTS
from corekit_medals.backfill import SWEEP
from corekit_medals.schema import MedalsSchema

if TYPE_CHECKING:
    from corekit_schema import Graph


@hookimpl
def corekit_declare() -> Declares:
    """Declare everything that the plugin brings."""
    return Declares(
        program=Section(schema=MedalsSchema, reacts=lambda book: book.reacts),
        lineage=Lineage(owner="medals", package="corekit_medals", metadata=tables.metadata),
        activities=declared.ACTIVITIES,
        reacts=judging.ALWAYS,
        effects=EFFECTS,
        # A medal that both hold stays with each. How many of an edition are out stays: it tells of nobody.
        members=[MemberRows(tables.award.c.member_id)],
        sweeps=[SWEEP],
        permissions=declared.PERMISSIONS,
        errors=declared.ERRORS,
        budget=9,
    )


@hookimpl
def corekit_prepare(batch: Batch, read: Reader, facts: Facts) -> Mapping[str, Any]:
    """Read what members did and hold who do what medals are about."""
    return loading.load(batch, read, facts)


@hookimpl
def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:
    """Award what is met, and do what is asked."""
    for activity in batch:
        yield from judging.react(activity, facts)


@hookimpl
def corekit_export(member: str, read: Reader) -> Mapping[str, Any] | None:
    """Tell members what they were awarded."""
    return reading.exported(member, read)


@hookimpl(optionalhook=True)  # its specification comes with corekit_schema, which need not be installed
def corekit_graph() -> Graph:
    """Show medals in GraphQL."""
    from corekit_medals.graph import graph

    return graph()
