"""Amounts of account kinds: what a member has, what lapses, and the lines of a statement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

import graphene
from attrs import frozen

from corekit.ledger.read import OF_AVAILABLE, EntryView
from corekit.ledger.read import Balance as BalanceValue
from corekit_schema.context import Info
from corekit_schema.core import activity as activities
from corekit_schema.fields import Field, Object
from corekit_schema.policies import public
from corekit_schema.scalars import Amount, AmountValue, DateTime


@frozen
class ExpiringValue:
    """The value behind :class:`ExpiringAmount`."""

    at: datetime
    amount: AmountValue


class ExpiringAmount(Object, policy=public):
    """An amount that lapses, unless it is spent before."""

    at = Field(DateTime, required=True, description="The first instant at which it can no longer be spent.")
    amount = Field(Amount, required=True, description="How much.")


def _of_balance(name: str) -> Callable[..., list[AmountValue]]:
    """Return the resolver of an amount that is an attribute of a balance."""
    get = attrgetter(name)

    def resolve(parents: Sequence[BalanceValue], _info: Info) -> list[AmountValue]:
        return [AmountValue(get(each), each.unit, each.scale) for each in parents]

    return resolve


class Balance(Object, policy=public):
    """What a member has of an account kind."""

    kind = Field(graphene.String, required=True, description="The account kind, such as `points`.")
    state = Field(graphene.String, required=True, description="`open`, or what keeps the account from being used.")
    balance = Field(
        Amount, required=True, description="What the books say.", resolve=_of_balance("balance"), reads=("balance",)
    )
    available = Field(
        Amount,
        required=True,
        description="What may be spent now.",
        resolve=_of_balance("available"),
        reads=OF_AVAILABLE,
    )
    pending = Field(
        Amount, required=True, description="What is held.", resolve=_of_balance("pending"), reads=("pending",)
    )
    due = Field(
        Amount,
        required=True,
        description="What is past its expiry, and not yet taken out of the books.",
        resolve=_of_balance("due"),
        reads=("due",),
    )
    debt = Field(
        Amount, required=True, description="What the member owes.", resolve=_of_balance("debt"), reads=("debt",)
    )
    expiring_next = Field(
        ExpiringAmount, description="What lapses next; null where nothing does.", reads=("next_at", "next_amount")
    )

    @staticmethod
    def resolve_expiring_next(parents: Sequence[BalanceValue], _info: Info) -> list[ExpiringValue | None]:
        """Return what lapses next."""
        return [
            ExpiringValue(each.next_at, AmountValue(each.next_amount, each.unit, each.scale))
            if each.next_at is not None
            else None
            for each in parents
        ]


@frozen
class Entry:
    """The value behind :class:`StatementEntry`: an entry, and the unit of its account."""

    entry: EntryView
    unit: str
    scale: int


def _of_entry(name: str) -> Callable[..., list[AmountValue]]:
    """Return the resolver of an amount that is an attribute of an entry."""
    get = attrgetter(name)

    def resolve(parents: Sequence[Entry], _info: Info) -> list[AmountValue]:
        return [AmountValue(get(each.entry), each.unit, each.scale) for each in parents]

    return resolve


class StatementEntry(Object, policy=public):
    """A line of a statement: what moved, by which rule of which activity, and what was left."""

    activity = Field(lambda: activities.Activity, description="The activity that moved it.")
    activity_type = Field(
        graphene.String, required=True, source="entry.activity_type", description="The type of that activity."
    )
    rule = Field(
        graphene.String,
        required=True,
        source="entry.rule",
        description="The rule and its version, such as `welcome@1`.",
    )
    amount = Field(
        Amount,
        required=True,
        description="What moved; negative where it left.",
        resolve=_of_entry("amount"),
    )
    balance_after = Field(
        Amount, required=True, description="What the books said then.", resolve=_of_entry("balance_after")
    )
    available_after = Field(
        Amount, required=True, description="What could be spent then.", resolve=_of_entry("available_after")
    )
    recorded_at = Field(
        DateTime, required=True, source="entry.recorded_at", description="When it was written into the books."
    )

    @staticmethod
    def resolve_activity(parents: Sequence[Entry], info: Info) -> list[Any]:
        """Return the activities, read together."""
        return activities.by_id([each.entry.activity for each in parents], info)
