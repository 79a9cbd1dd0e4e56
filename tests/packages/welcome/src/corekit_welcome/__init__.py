"""Welcome bonus: a new member gets points once."""

from __future__ import annotations

from collections.abc import Iterator

from corekit import Batch, Credit, Declares, Effect, Facts, hookimpl


@hookimpl
def corekit_declare() -> Declares:
    """Say that this gives points."""
    return Declares(requires=["points"])


@hookimpl
def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:
    """Give the bonus."""
    for activity in batch.of("member.registered"):
        yield Credit(activity, account="points", amount=200, rule="welcome@1")
