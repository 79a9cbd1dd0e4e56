"""Points as a plugin: what it declares, and what activities earn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from corekit import Batch, Credit, Debit, Declares, Effect, Facts, Section, hookimpl
from corekit_points import declared
from corekit_points.compiler import accounts, metrics
from corekit_points.program import PointsSchema
from corekit_points.rules import earnings

if TYPE_CHECKING:
    from corekit_schema import Graph


@hookimpl
def corekit_declare() -> Declares:
    """Declare the currencies and metrics of the program, the adjustment, and who may make one."""
    return Declares(
        activities=[declared.ADJUSTMENT],
        reacts=[declared.ADJUSTMENT.name],
        permissions=[declared.ADJUST],
        errors=[declared.CURRENCY_UNKNOWN],
        program=Section(schema=PointsSchema, accounts=accounts, metrics=metrics, reacts=lambda book: book.by_activity),
    )


@hookimpl
def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:
    """Credit what each activity earns; an adjustment is what it says."""
    for activity in batch:
        if activity.type == declared.ADJUSTMENT.name:
            move = Credit if activity.amount > 0 else Debit
            yield move(activity, rule="adjustment@1", account=str(activity.unit), amount=abs(activity.amount))
            continue
        for earned in earnings(facts.program(activity), activity, facts):
            rule = earned.rule
            yield Credit(activity, rule=rule.name, account=rule.kind, amount=earned.amount, shares=earned.shares)


@hookimpl(optionalhook=True)  # its specification comes with corekit_schema, which need not be installed
def corekit_graph() -> Graph:
    """Add points to members, queries and mutations."""
    from corekit_points.graph import graph

    return graph()
