"""Stored value as a plugin: what it declares, and what activities do to it."""

from __future__ import annotations

from collections.abc import Iterator

from corekit import Activity, Batch, Credit, Declares, Effect, Facts, Lineage, Section, hookimpl
from corekit_stored_value import cashback, declared, declared_reports, fees, notices, tables
from corekit_stored_value.close import CLOSE
from corekit_stored_value.derived import accounts, reacts
from corekit_stored_value.program import StoredValueSchema
from corekit_stored_value.rules import TOP_UP, Book


@hookimpl
def corekit_declare() -> Declares:
    """Declare what the plugin brings; accounts follow from the currencies of the program."""
    return Declares(
        lineage=Lineage(owner="stored_value", package="corekit_stored_value", metadata=tables.metadata),
        activities=[declared.TOPPED_UP, *declared_reports.ACTIVITIES],
        reacts=[declared.TOPPED_UP.name, declared_reports.FEE_DUE.name, declared_reports.FEE_CHARGED.name],
        sweeps=[fees.ANNUAL_FEES, notices.COMING_EXPIRY],
        jobs=[CLOSE],
        permissions=[declared.TOP_UP, *declared_reports.PERMISSIONS],
        errors=[*declared_reports.ERRORS],
        program=Section(schema=StoredValueSchema, accounts=accounts, reacts=reacts),
    )


@hookimpl
def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:
    """Credit what was paid, and the bonus that comes with it."""
    for activity in batch.of(declared.TOPPED_UP.name):
        yield from _paid_in(activity, facts)
    yield from cashback.react(batch, facts)
    yield from fees.react(batch, facts)
    yield from notices.react(batch, facts)


def _paid_in(activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Credit principal and bonus. Both are effects of one activity: that makes them a group."""
    book: Book = facts.program(activity)
    currency = book.currencies[str(activity.unit)]
    yield Credit(activity, rule=f"{TOP_UP}@1", account=currency.principal, amount=activity.amount)
    step = book.step(currency.unit.code, activity.amount)
    if step is not None and step.give:
        yield Credit(activity, rule=step.name, account=currency.bonus, amount=step.give)
