"""A star for every full ten of money that a purchase costs, and one more on a birthday."""

from __future__ import annotations

from collections.abc import Iterator

from corekit import AccountKind, Batch, Credit, Declares, Effect, Facts, Unit, hookimpl


@hookimpl
def corekit_declare() -> Declares:
    """Declare the account."""
    return Declares(accounts=[AccountKind(code="stars", unit=Unit("stars"))])


@hookimpl
def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:
    """Count the stars; amounts are minor units, days those of the program's time zone."""
    for activity in batch.of("purchase"):
        if stars := activity.amount // 1000:
            yield Credit(activity, account="stars", amount=stars, rule="spend@1")
        born, today = facts.member(activity).birthday, facts.local(activity)
        if born and (born.month, born.day) == (today.month, today.day):
            yield Credit(activity, account="stars", amount=1, rule="birthday@1")
