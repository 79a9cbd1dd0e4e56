"""The demo as a plugin: at each basket a household spends what it had collected, by the five hundred."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from corekit import Batch, Debit, Declares, Effect, Facts, hookimpl
from corekit_demo.rules import spendable

if TYPE_CHECKING:
    from corekit_schema import Graph


@hookimpl
def corekit_declare() -> Declares:
    """Stand on points, whose accounts are debited."""
    return Declares(requires=["points"])


@hookimpl
def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:
    """Spend what the household had before this basket; what the basket itself earns waits for the next."""
    for activity in batch.of("purchase"):
        if amount := spendable(facts.balance("points", activity)):
            yield Debit(activity, rule="spend-500@1", account="points", amount=amount)


@hookimpl
def corekit_graph() -> Graph:
    """Let GraphiQL list the demo's own query."""
    from corekit_demo.graph import graph

    return graph()
