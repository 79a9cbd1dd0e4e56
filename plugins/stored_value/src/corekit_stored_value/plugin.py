"""Stored value as a plugin: what it declares, what it reads, and what activities do to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from corekit import Activity, Batch, Declares, Effect, Facts, Lineage, MemberRows, Reader, Section, hookimpl
from corekit_stored_value import (
    approvals,
    cashback,
    declared,
    declared_reports,
    fees,
    leaving,
    loading,
    notices,
    persons,
    requests,
    spending,
    tables,
    topping,
)
from corekit_stored_value.close import CLOSE
from corekit_stored_value.derived import accounts, metrics
from corekit_stored_value.program import StoredValueSchema

if TYPE_CHECKING:
    from corekit_schema import Graph

REACTIONS: Mapping[str, Callable[[Activity, Facts], Iterator[Effect]]] = {
    declared.TOPPED_UP.name: topping.topped_up,
    declared.REQUESTED.name: topping.requested,
    declared.PAID.name: topping.paid,
    declared.CANCELLED.name: topping.cancelled,
    declared.LAPSED.name: topping.lapsed,
    declared.SPENT.name: spending.spent,
    declared.AUTHORISED.name: spending.authorised,
    "hold.placed": spending.held_otherwise,
    declared.WITHDRAWN.name: leaving.withdrawn,
    declared.CHARGED_BACK.name: leaving.charged_back,
    declared.ADJUSTED.name: leaving.adjusted,
    declared.APPROVED.name: approvals.approving,
    declared_reports.FEE_DUE.name: fees.due,
    declared_reports.FEE_CHARGED.name: fees.charged,
    declared_reports.FEE_WAIVED.name: fees.waived,
    "member.registered": fees.joined,
    "purchase": cashback.bought,
}
"""What each type of activity does."""


@hookimpl
def corekit_declare() -> Declares:
    """Declare what the plugin brings; accounts and metrics follow from the currencies of the program."""
    return Declares(
        lineage=Lineage(owner="stored_value", package="corekit_stored_value", metadata=tables.metadata),
        activities=(*declared.ACTIVITIES, *declared_reports.ACTIVITIES),
        reacts=tuple(REACTIONS),
        prepares=loading.TYPES,
        effects=[requests.AWAIT, requests.RESOLVE, approvals.APPROVE, approvals.USE_APPROVAL],
        members=[
            MemberRows(tables.request.c.member_id),
            # What was approved is what one member does.
            MemberRows(tables.approval.c.member_id, merge="stay"),
        ],
        sweeps=[fees.ANNUAL_FEES, notices.COMING_EXPIRY],
        jobs=[requests.REQUESTS, CLOSE],
        permissions=(*declared.PERMISSIONS, *declared_reports.PERMISSIONS),
        errors=(*declared.ERRORS, *declared_reports.ERRORS),
        tenders=[spending.TENDER],
        program=Section(schema=StoredValueSchema, accounts=accounts, metrics=metrics),
        budget=4,  # of a top-up that needs an approval, or of what is paid
    )


@hookimpl
def corekit_prepare(batch: Batch, read: Reader, facts: Facts) -> Mapping[str, Any]:
    """Read requests, approvals, and what was paid and spent, where the batch asks for it."""
    return loading.load(batch, read, facts)


@hookimpl
def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:
    """Let value come in and go out."""
    for activity in batch:
        reaction = REACTIONS.get(activity.type)
        if reaction is not None:
            yield from reaction(activity, facts)
        yield from spending.tendered(activity, facts)
        yield from notices.low(activity, facts)


@hookimpl
def corekit_export(member: str, read: Reader) -> Mapping[str, Any] | None:
    """Tell members what they were about to pay, and what was approved for them."""
    return persons.exported(member, read)


@hookimpl(optionalhook=True)  # its specification comes with corekit_schema, which need not be installed
def corekit_graph() -> Graph:
    """Add stored value to members, queries and mutations."""
    from corekit_stored_value.graph import graph

    return graph()
