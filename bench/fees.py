"""A plugin whose members earn coins, which a ladder counts, and pay a fee every year by a sweep."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import SelectBase, Text, cast, func, literal, select

from corekit import (
    AccountKind,
    ActivityType,
    Batch,
    Bounds,
    Credit,
    Debit,
    Declares,
    Effect,
    Facts,
    Limits,
    Metric,
    Sweep,
    Unit,
    hookimpl,
    member,
)
from corekit.clock import moment

FEE = 10


def yearly(bounds: Bounds) -> SelectBase:
    """Select every member, with the fee of the year."""
    name = literal(f"{moment(bounds.at).year}:").concat(func.replace(cast(member.c.id, Text), "-", ""))
    columns = (member.c.id.label("member_id"), name.label("key"))
    return select(*columns, literal(FEE).label("amount"), literal("fee@1").label("rule")).where(
        bounds.within(member.c.id)
    )


@hookimpl
def corekit_declare() -> Declares:
    """Declare coins that lapse, and the fee."""
    return Declares(
        accounts=[AccountKind(code="fees", unit=Unit("coins"), lots=True)],
        activities=[
            ActivityType(name="fees.earn", amount="coins"),
            ActivityType(name="fees.pay", amount="coins", command=True),
            ActivityType(name="fees.fee", amount="coins", internal=True),
        ],
        metrics=[Metric(name="fees.earned", activities=("fees.earn",))],
        sweeps=[
            Sweep(
                name="fees.yearly",
                activity_type="fees.fee",
                select=yearly,
                effect="Debit",
                account="fees",
                limits=Limits(value=None),
            )
        ],
        reacts=("fees.earn", "fees.pay"),
    )


@hookimpl
def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:  # noqa: ARG001 - a hook takes what it is given
    """Credit what is earned, for as many days as it is coins, and debit what is paid."""
    for activity in batch.of("fees.earn"):
        if activity.occurred_at is not None:
            lapses = activity.occurred_at + timedelta(days=activity.amount)
            yield Credit(activity, rule="earn@1", account="fees", amount=activity.amount, expires_at=lapses)
    for activity in batch.of("fees.pay"):
        yield Debit(activity, rule="pay@1", account="fees", amount=activity.amount)
