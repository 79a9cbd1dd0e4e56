"""The stamp card as a plugin: what it declares, what it reads, and what follows from what happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from acme_stamps import declared, drinks, rules, settings, tables
from corekit import (
    Activity,
    Batch,
    Credit,
    Debit,
    Declares,
    Effect,
    Facts,
    Lineage,
    MemberRows,
    Reader,
    Refusal,
    Skipped,
    hookimpl,
)

if TYPE_CHECKING:
    from corekit_schema import Graph


@hookimpl
def corekit_declare() -> Declares:
    """Declare everything that the plugin brings."""
    return Declares(
        requires=["points"],
        settings=settings.SettingsSchema,
        program=settings.PROGRAM,
        lineage=Lineage(owner="stamps", package="acme_stamps", metadata=tables.metadata),
        activities=[declared.REDEEMED, declared.POURED],
        reacts=["purchase", declared.REDEEMED.name, declared.POURED.name],
        effects=[drinks.DRINK],
        # How much was poured on a day stays: it tells of nobody.
        members=[MemberRows(tables.drink.c.member_id)],
        permissions=[declared.REDEEM],
        errors=declared.ERRORS,
        budget=8,
    )


@hookimpl
def corekit_prepare(batch: Batch, read: Reader, facts: Facts) -> Mapping[str, Any]:
    """Read how many free drinks those had who ask for one."""
    return drinks.had(batch, read, facts)


@hookimpl
def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:
    """Stamp the cards, and redeem full ones."""
    for activity in batch.of("purchase"):
        if facts.settings.count(activity.source):
            yield _stamp(activity, facts)
    for activity in batch.of(declared.REDEEMED.name):
        yield from _redeem(activity, facts)
    for activity in batch.of(declared.POURED.name):
        card: rules.Card = facts.program(activity)
        if card.points:
            yield Credit(activity, rule="drink@1", account="points", amount=card.points)


def _stamp(activity: Activity, facts: Facts) -> Effect:
    card: rules.Card = facts.program(activity)
    tier = facts.tier(activity)
    stamps = rules.earns(card, activity.amount, tier.benefits if tier is not None else {})
    if not stamps:
        told = {"minimum": str(card.minimum)}
        return Skipped(activity, rule="stamp@1", code=declared.BELOW_MINIMUM.code, parameters=told)
    return Credit(activity, rule="stamp@1", account=rules.CARD, amount=stamps)


def _redeem(activity: Activity, facts: Facts) -> Iterator[Effect]:
    card: rules.Card = facts.program(activity)
    day = drinks.day_of(activity, facts)
    had: Mapping[str, int] = facts.prepared(activity) or {}
    if missing := rules.missing(card, facts.balance(rules.CARD, activity)):
        raise Refusal(declared.NOT_FULL.code, missing=missing)
    if rules.has_had_enough(card, had.get(day, 0)):
        raise Refusal(declared.HAD_ENOUGH.code, most=card.drinks_each)
    yield Debit(activity, rule="card@1", account=rules.CARD, amount=card.size)
    # The last drink of the day may be gone by now, which only its table knows: then all of this is refused.
    yield drinks.Drink(activity, rule="card@1", drink=activity.payload["drink"], day=day, most=card.drinks_a_day)


@hookimpl
def corekit_export(member: str, read: Reader) -> Mapping[str, Any] | None:
    """Tell members which free drinks they had."""
    return drinks.exported(member, read)


@hookimpl(optionalhook=True)  # its specification comes with corekit_schema, which need not be installed
def corekit_graph() -> Graph:
    """Show the card in GraphQL."""
    from acme_stamps.graph import graph

    return graph()
