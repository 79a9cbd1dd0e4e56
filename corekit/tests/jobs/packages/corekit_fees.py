"""A plugin with declared sweeps: a yearly fee, a gift, and a note; all of them are data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from types import ModuleType
from typing import Any

from sqlalchemy import SelectBase, Text, case, cast, func, literal, select

from corekit import (
    AccountKind,
    ActivityType,
    Batch,
    Bounds,
    Credit,
    Debit,
    Declares,
    Effect,
    Expiry,
    Facts,
    Limits,
    Metric,
    Sweep,
    Unit,
    hookimpl,
    member,
    moment,
)
from corekit.tables import account

UNIT = Unit("coins")
FEE = 40
EVERYTHING = Limits(members=100, value=100)


def key() -> Any:
    """Return the id of a member as a text."""
    return func.replace(cast(member.c.id, Text), "-", "")


def yearly(bounds: Bounds) -> SelectBase:
    """Select every member that has not left, with the fee; who has much pays double by another rule."""
    balance = account.c.credits_posted - account.c.debits_posted
    rich = func.coalesce(balance, 0) >= 10 * FEE
    year = f"{moment(bounds.at).year}:"
    return (
        select(
            member.c.id.label("member_id"),
            literal(year).concat(key()).label("key"),
            case((rich, 2 * FEE), else_=FEE).label("amount"),
            case((rich, "fee.rich@1"), else_="fee@1").label("rule"),
        )
        .outerjoin(account, (account.c.member_id == member.c.id) & (account.c.kind == "fees"))
        .where(bounds.within(member.c.id), member.c.state != "cancelled")
    )


def gifts(bounds: Bounds) -> SelectBase:
    """Select every member, with a gift."""
    columns = (member.c.id.label("member_id"), key().label("key"))
    return select(*columns, literal(7).label("amount"), literal("gift@1").label("rule")).where(
        bounds.within(member.c.id)
    )


def notes(bounds: Bounds) -> SelectBase:
    """Select every member, with a note."""
    return select(
        member.c.id.label("member_id"), key().label("key"), literal(0).label("amount"), literal("note@1").label("rule")
    ).where(bounds.within(member.c.id))


def fee(**changes: Any) -> Sweep:
    """Return the yearly fee, perhaps otherwise declared."""
    given: dict[str, Any] = {
        "name": "fees.yearly",
        "activity_type": "fees.fee",
        "select": yearly,
        "description": "Takes the yearly fee.",
        "effect": "Debit",
        "account": "fees",
        "schedule": "0 3 1 1 *",
        "limits": EVERYTHING,
    }
    return Sweep(**(given | changes))


GIFT = Sweep(
    name="fees.gift", activity_type="fees.gift", select=gifts, effect="Credit", account="fees", limits=EVERYTHING
)
NOTE = Sweep(name="fees.note", activity_type="fees.note", select=notes, limits=EVERYTHING)
TYPES = (
    ActivityType(name="fees.earn", amount="coins"),
    ActivityType(name="fees.plain", amount="coins"),
    ActivityType(name="fees.spend", amount="coins", command=True),
    ActivityType(name="fees.fee", amount="coins", internal=True),
    ActivityType(name="fees.gift", amount="coins", internal=True),
    ActivityType(name="fees.note", internal=True),
)


def plugin(
    *sweeps: Sweep,
    reacts: tuple[str, ...] | None = ("fees.earn", "fees.plain", "fees.spend"),
    types: Sequence[ActivityType] = TYPES,
    **more: Any,
) -> ModuleType:
    """Return the plugin; with ``reacts=None`` it might react to everything, so nothing is written without asking it."""
    module = ModuleType("fees")
    declares = Declares(
        accounts=[
            AccountKind(code="fees", unit=UNIT, lots=True, expiry=Expiry(24), dimensions=("store",)),
            AccountKind(code="fees.plain", unit=UNIT, dimensions=("store",)),
        ],
        activities=types,
        metrics=[
            Metric(name="fees.paid", activities=("fees.fee",)),
            Metric(name="fees.times", activities=("fees.fee",), measure="count"),
            Metric(name="fees.got", credits="fees"),
        ],
        sweeps=sweeps or (fee(), GIFT, NOTE),
        reacts=reacts,
        **more,
    )

    def react(batch: Batch, facts: Facts) -> Iterator[Effect]:
        for activity in batch.of("fees.earn"):
            days = activity.amount % 10
            lapses = activity.occurred_at + timedelta(days=30 * days) if activity.occurred_at and days else None
            yield Credit(activity, rule="earn@1", account="fees", amount=activity.amount, expires_at=lapses)
        for activity in batch.of("fees.plain"):
            yield Credit(activity, rule="earn@1", account="fees.plain", amount=activity.amount)
        for activity in batch.of("fees.spend"):
            yield Debit(activity, rule="spend@1", account="fees", amount=activity.amount)

    vars(module)["corekit_declare"] = hookimpl(lambda: declares)
    react.__name__ = "corekit_react"
    vars(module)["corekit_react"] = hookimpl(react)
    return module
