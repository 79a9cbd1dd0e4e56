"""Effects: what an activity gave or took, by which rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import graphene
from attrs import frozen

from corekit.activities.views import EffectView
from corekit_schema.context import Info
from corekit_schema.fields import Field, Object, listed
from corekit_schema.policies import public
from corekit_schema.scalars import JSON, Amount, AmountValue


class EffectState(graphene.Enum):
    """Whether an effect took place."""

    APPLIED = "applied"
    DROPPED = "dropped"


@frozen
class Share:
    """The value behind :class:`EffectShare`."""

    line: int
    amount: AmountValue


class EffectShare(Object, policy=public):
    """How much of an effect belongs to which line."""

    line = Field(graphene.Int, required=True, description="Number of the line.")
    amount = Field(Amount, required=True, description="How much.")


def amount_of(name: str) -> Callable[..., list[AmountValue | None]]:
    """Return the resolver of an amount that is an attribute of an effect; null where it is about no account."""
    get = attrgetter(name)

    def resolve(parents: Sequence[Any], info: Info) -> list[AmountValue | None]:
        return [_amount(each.account, get(each), info) for each in parents]

    return resolve


def _amount(account: str | None, minor: int, info: Info) -> AmountValue | None:
    return info.context.amount(minor, info.context.chart.unit_of(account)) if account is not None else None


class Effect(Object, policy=public):
    """What an activity gave or took. A dropped effect did not take place, and its code says why."""

    kind = Field(graphene.String, required=True, description="What was done, such as `credit`.")
    rule = Field(graphene.String, required=True, description="The rule and its version, such as `welcome@1`.")
    owner = Field(graphene.String, required=True, description="The plugin whose rule it is, or `core`.")
    account = Field(graphene.String, description="The account kind; null where it moves no value.")
    amount = Field(Amount, description="How much; null where it moves no value.", resolve=amount_of("amount"))
    undone = Field(Amount, description="How much of it was taken back.", resolve=amount_of("undone"))
    state = Field(EffectState, required=True, description="Whether it took place.")
    code = Field(graphene.String, description="Why it was dropped.")
    shares = Field(listed(EffectShare), description="How much of it belongs to which line.")
    data = Field(JSON, required=True, description="What else it says.")

    @staticmethod
    def resolve_shares(parents: Sequence[EffectView], info: Info) -> list[list[Share]]:
        """Return the shares, by number of the line."""
        return [_shares(each, info) for each in parents]

    @staticmethod
    def resolve_data(parents: Sequence[EffectView], _info: Info) -> list[dict[str, Any]]:
        """Return what else they say as JSON."""
        return [dict(each.data) for each in parents]


def _shares(effect: EffectView, info: Info) -> list[Share]:
    amounts = {no: _amount(effect.account, share, info) for no, share in sorted(effect.shares.items())}
    return [Share(no, amount) for no, amount in amounts.items() if amount is not None]
