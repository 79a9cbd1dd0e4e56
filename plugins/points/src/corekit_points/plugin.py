"""Points as a plugin: what it declares, and what activities earn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from corekit import (
    Activity,
    Batch,
    Declares,
    Effect,
    Facts,
    Lineage,
    MemberNow,
    Offer,
    Reader,
    Section,
    hookimpl,
)
from corekit_points import by_hand, declared, granting, tables
from corekit_points.budget_report import BUDGETS
from corekit_points.derived import accounts, metrics
from corekit_points.draws import declared as draws_declared
from corekit_points.draws import drawing, reading
from corekit_points.draws.seeds import DRAWS
from corekit_points.draws.writing import MEMBERS, PULLS
from corekit_points.earned import earned
from corekit_points.notices import EXPIRING, NOTICES
from corekit_points.pool import declared as pool_declared
from corekit_points.pool import sharing
from corekit_points.prepared import joined, prepared
from corekit_points.program import PointsSchema
from corekit_points.rewards import declared as rewards
from corekit_points.rewards import paying, reacting, redeeming
from corekit_points.rewards.offers import offered
from corekit_points.rewards.settings import SettingsSchema
from corekit_points.rewards.sweeps import UNFETCHED
from corekit_points.rules import Book

if TYPE_CHECKING:
    from corekit_schema import Graph


def _of_rewards(activity: Activity, facts: Facts) -> Iterator[Effect]:
    return reacting.react(activity, prepared(activity, facts).rewards, facts)


def _pulled(activity: Activity, facts: Facts) -> Iterator[Effect]:
    return drawing.pull(facts.program(activity), activity, facts)


def _pooled(activity: Activity, facts: Facts) -> Effect:
    return sharing.moved(activity, prepared(activity, facts).places, facts)


BY_HAND: Mapping[str, Callable[[Activity, Facts], Effect]] = {
    declared.ADJUSTMENT.name: by_hand.adjusted,
    declared.CANCELLATION.name: by_hand.cancelled,
    declared.TRANSFER.name: by_hand.transferred,
    pool_declared.POOLED.name: _pooled,
    pool_declared.SHARED.name: _pooled,
}
"""What is done by hand, and earns nothing."""
ASKED: Mapping[str, Callable[[Activity, Facts], Iterator[Effect]]] = {
    **dict.fromkeys(reacting.TYPES, _of_rewards),
    draws_declared.DRAWN.name: _pulled,
}
"""What activities do besides what they earn."""


@hookimpl
def corekit_declare() -> Declares:
    """Declare the currencies and metrics of the program, the adjustment, and who may make one."""
    return Declares(
        settings=SettingsSchema,
        lineage=Lineage(owner="points", package="corekit_points", metadata=tables.metadata),
        effects=[granting.GRANT, *redeeming.EFFECTS, PULLS],
        members=[*redeeming.MEMBERS, *MEMBERS],
        jobs=[BUDGETS, DRAWS, sharing.POOL],
        sweeps=[UNFETCHED, NOTICES],
        activities=[
            declared.ADJUSTMENT,
            declared.CANCELLATION,
            declared.TRANSFER,
            *rewards.ACTIVITIES,
            draws_declared.DRAWN,
            EXPIRING,
            *pool_declared.ACTIVITIES,
        ],
        reacts=[*BY_HAND, *ASKED],
        prepares=[*reacting.TYPES, draws_declared.DRAWN.name, *(each.name for each in pool_declared.ACTIVITIES)],
        tenders=[paying.TENDER],
        permissions=[
            declared.ADJUST,
            declared.CANCEL,
            declared.GIVE,
            declared.REPORT,
            *rewards.PERMISSIONS,
            draws_declared.DRAW,
            pool_declared.SHARE,
        ],
        errors=[
            declared.CURRENCY_UNKNOWN,
            declared.TRANSFER_NOT_ALLOWED,
            declared.RECEIVER,
            *declared.SKIPS,
            *rewards.ERRORS,
            *draws_declared.ERRORS,
            *pool_declared.ERRORS,
        ],
        budget=10,  # of a pull that wins what there is a stock of
        program=Section(
            schema=PointsSchema,
            accounts=accounts,
            metrics=metrics,
            reacts=lambda book: book.activities,
            prepares=lambda book: book.activities if book.budgeted else (),
        ),
    )


@hookimpl
def corekit_prepare(batch: Batch, read: Reader, facts: Facts) -> Mapping[str, Any]:
    """Read what is left of budgets that stop a rule, and what rewards and draws need, where the batch asks for it."""
    return joined(
        granting.load(batch, read, facts),
        reacting.load(batch, read, facts),
        drawing.load(batch, read, facts),
        sharing.load(batch, read),
    )


@hookimpl
def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:
    """Do what each activity asks for, and credit what it earns."""
    for activity in batch:
        if (by_hand := BY_HAND.get(activity.type)) is not None:
            yield by_hand(activity, facts)
            continue
        if (asked := ASKED.get(activity.type)) is not None:
            yield from asked(activity, facts)
        yield from paying.paid(activity, facts)
        yield from earned(activity, facts)


@hookimpl
def corekit_offers(members: Sequence[MemberNow], read: Reader, at: datetime, program: Book) -> Iterator[Offer]:
    """Offer the rewards."""
    return offered(read, program, members, at)


@hookimpl
def corekit_export(member: str, read: Reader) -> Mapping[str, Any] | None:
    """Tell members what they redeemed and drew."""
    found = {**(redeeming.exported(member, read) or {}), **(reading.exported(member, read) or {})}
    return found or None


@hookimpl(optionalhook=True)  # its specification comes with corekit_schema, which need not be installed
def corekit_graph() -> Graph:
    """Add points to members, queries and mutations."""
    from corekit_points.graph import graph

    return graph()
