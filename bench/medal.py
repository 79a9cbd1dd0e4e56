"""A toy plugin for the benchmark of the intake: a medal for every fifth purchase, counted on an account of its own."""

from __future__ import annotations

from collections.abc import Iterator

from corekit import AccountKind, Batch, Credit, Declares, Effect, Facts, Unit, hookimpl

EVERY = 5


@hookimpl
def corekit_declare() -> Declares:
    """Declare the account on which medals are counted."""
    return Declares(accounts=[AccountKind(code="medal", unit=Unit("medals", 0, "counter"))])


@hookimpl
def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:
    """Give a medal with every fifth purchase."""
    for activity in batch.of("purchase"):
        if facts.metric("visits", activity) % EVERY == EVERY - 1:
            yield Credit(activity, rule="fifth@1", account="medal", amount=1)
