"""Amounts of account kinds: what a member has, what lapses, and the lines of a statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import graphene
from attrs import frozen

from corekit.ledger.read import Balance as BalanceValue
from corekit.ledger.read import EntryView
from corekit_schema.context import Info
from corekit_schema.core import activity as activities
from corekit_schema.fields import Field, Object, listed
from corekit_schema.policies import public
from corekit_schema.scalars import Amount, AmountValue, DateTime


class ExpiringAmount(Object, policy=public):
    """An amount that lapses, unless it is spent before."""

    at = Field(DateTime, required=True, description="The first instant at which it can no longer be spent.")
    amount = Field(Amount, required=True, description="How much.")


@frozen
class ExpiringValue:
    """The value behind :class:`ExpiringAmount`."""

    at: Any
    amount: AmountValue


class Balance(Object, policy=public):
    """What a member has of an account kind."""

    kind = Field(graphene.String, required=True, description="The account kind, such as `points`.")
    state = Field(graphene.String, required=True, description="`open`, or what keeps the account from being used.")
    balance = Field(Amount, required=True, description="What the books say.")
    available = Field(Amount, required=True, description="What may be spent now.")
    pending = Field(Amount, required=True, description="What is held.")
    due = Field(Amount, required=True, description="What is past its expiry, and not yet taken out of the books.")
    debt = Field(Amount, required=True, description="What the member owes.")
    expiring_next = Field(ExpiringAmount, description="What lapses next; null where nothing does.")

    @staticmethod
    def resolve_balance(parents: Sequence[BalanceValue], info: Info) -> list[AmountValue]:
        """Return what the books say."""
        return [AmountValue(each.balance, each.unit, each.scale) for each in parents]

    @staticmethod
    def resolve_available(parents: Sequence[BalanceValue], info: Info) -> list[AmountValue]:
        """Return what may be spent."""
        return [AmountValue(each.available, each.unit, each.scale) for each in parents]

    @staticmethod
    def resolve_pending(parents: Sequence[BalanceValue], info: Info) -> list[AmountValue]:
        """Return what is held."""
        return [AmountValue(each.pending, each.unit, each.scale) for each in parents]

    @staticmethod
    def resolve_due(parents: Sequence[BalanceValue], info: Info) -> list[AmountValue]:
        """Return what is due."""
        return [AmountValue(each.due, each.unit, each.scale) for each in parents]

    @staticmethod
    def resolve_debt(parents: Sequence[BalanceValue], info: Info) -> list[AmountValue]:
        """Return what is owed."""
        return [AmountValue(each.debt, each.unit, each.scale) for each in parents]

    @staticmethod
    def resolve_expiring_next(parents: Sequence[BalanceValue], info: Info) -> list[ExpiringValue | None]:
        """Return what lapses next."""
        return [
            ExpiringValue(each.next_at, AmountValue(each.next_amount, each.unit, each.scale))
            if each.next_at is not None
            else None
            for each in parents
        ]


class StatementEntry(Object, policy=public):
    """A line of a statement: what moved, by which rule of which activity, and what was left."""

    activity = Field(
        lambda: activities.Activity, description="The activity that moved it."
    )
    activity_type = Field(graphene.String, required=True, description="The type of that activity.")
    rule = Field(graphene.String, required=True, description="The rule and its version, such as `welcome@1`.")
    amount = Field(Amount, required=True, description="What moved; negative where it left.")
    balance_after = Field(Amount, required=True, description="What the books said then.")
    available_after = Field(Amount, required=True, description="What could be spent then.")
    recorded_at = Field(DateTime, required=True, description="When it was written into the books.")

    @staticmethod
    def resolve_activity(parents: Sequence[Entry], info: Info) -> list[Any]:
        """Return the activities, read together."""
        return activities.by_id([each.entry.activity for each in parents], info)

    @staticmethod
    def resolve_activity_type(parents: Sequence[Entry], info: Info) -> list[str]:
        """Return the types."""
        return [each.entry.activity_type for each in parents]

    @staticmethod
    def resolve_rule(parents: Sequence[Entry], info: Info) -> list[str]:
        """Return the rules."""
        return [each.entry.rule for each in parents]

    @staticmethod
    def resolve_amount(parents: Sequence[Entry], info: Info) -> list[AmountValue]:
        """Return what moved."""
        return [each.amount(each.entry.amount) for each in parents]

    @staticmethod
    def resolve_balance_after(parents: Sequence[Entry], info: Info) -> list[AmountValue]:
        """Return what the books said."""
        return [each.amount(each.entry.balance_after) for each in parents]

    @staticmethod
    def resolve_available_after(parents: Sequence[Entry], info: Info) -> list[AmountValue]:
        """Return what could be spent."""
        return [each.amount(each.entry.available_after) for each in parents]

    @staticmethod
    def resolve_recorded_at(parents: Sequence[Entry], info: Info) -> list[Any]:
        """Return the instants."""
        return [each.entry.recorded_at for each in parents]


@frozen
class Entry:
    """The value behind :class:`StatementEntry`: an entry and the balance of its account, which knows the unit."""

    entry: EntryView
    of: BalanceValue

    def amount(self, minor: int) -> AmountValue:
        """Return an amount of the account's unit."""
        return AmountValue(minor, self.of.unit, self.of.scale)
