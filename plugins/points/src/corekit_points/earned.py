"""What an activity earns by rules and tasks, and why not more."""

from __future__ import annotations

from collections.abc import Iterator

from corekit import Activity, Credit, Effect, Facts, Skipped
from corekit_points.budgets import within
from corekit_points.earning import judge
from corekit_points.pending import available_from
from corekit_points.rules import Book
from corekit_points.tasks import rewards


def earned(activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Yield the credit of each rule and task, and of each that gives less, or nothing, the reason."""
    book: Book = facts.program(activity)
    for found in judge(book, activity, facts):
        rule = found.rule
        if found.amount:
            credit = Credit(
                activity,
                rule=rule.name,
                account=rule.kind,
                amount=found.amount,
                shares=found.shares,
                available_from=available_from(rule.pending, activity, facts),
            )
            yield within(rule, credit, facts)
        if found.code is not None:
            yield Skipped(activity, rule=rule.name, code=found.code, parameters=found.parameters)
    yield from rewards(book, activity, facts)
