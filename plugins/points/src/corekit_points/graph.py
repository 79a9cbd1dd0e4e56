"""Points in GraphQL: what a member has of a currency, the currencies, and adjustments by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple

import graphene
from attrs import frozen
from marshmallow import fields, validate

from corekit import OF_AVAILABLE, Balance, balances, expiring, suggest
from corekit import Activity as ActivityValue
from corekit_points.declared import ADJUST, ADJUSTMENT, CANCEL, CANCELLATION, GIVE, TRANSFER
from corekit_points.draws.graph import DrawsMember, DrawsMutation, DrawsQuery
from corekit_points.draws.graph_examples import EXAMPLES as DRAWS
from corekit_points.graph_examples import EXAMPLES
from corekit_points.graph_reports import PointsCurrency, PointsReports, book_of
from corekit_points.pool.graph import PoolMutation
from corekit_points.rewards.graph import RewardsActivity, RewardsMember, RewardsQuery
from corekit_points.rewards.graph_examples import EXAMPLES as REWARDS
from corekit_points.rewards.graph_mutations import RewardsMutation
from corekit_points.rules import CURRENCY, Currency
from corekit_schema import (
    Activity,
    ActivityPayload,
    Amount,
    AmountDigits,
    AmountValue,
    DateTime,
    Field,
    GlobalId,
    Graph,
    Info,
    Input,
    Member,
    Mutation,
    MutationField,
    Object,
    Query,
    idempotency_key,
    invalid,
    listed,
    owner_or_permission,
    permission,
    public,
    record,
)

_MOST_DAYS = 36_500


@frozen
class Lapsing:
    """An amount and the instant at which it lapses."""

    at: datetime
    amount: AmountValue


class PointsExpiry(Object, policy=public):
    """Points that lapse unless they are spent before."""

    at = Field(DateTime, required=True, description="The first instant at which they can no longer be spent.")
    amount = Field(Amount, required=True, description="How many.")


_NOTHING = Balance("", "", "", "", 0, "", 0, 0, 0, 0, None, 0)
"""The balance of whoever never had any."""


class Holding(NamedTuple):
    """What a member has of a currency."""

    member: str
    currency: Currency
    found: Balance


def _of_balance(name: str) -> Callable[..., list[AmountValue | None]]:
    """Return the resolver of an amount of a balance."""
    get = attrgetter(f"found.{name}")

    def resolve(parents: Sequence[Holding], info: Info) -> list[AmountValue | None]:
        return info.context.amounts(list(map(get, parents)), [each.currency.kind for each in parents])

    return resolve


class PointsBalance(Object, policy=public):
    """What a member has of a currency."""

    currency = Field(PointsCurrency, required=True, description="Of which currency.")
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
        Amount,
        required=True,
        description="What was earned and becomes available later.",
        resolve=_of_balance("awaited"),
        reads=("awaited",),
    )
    pending_until = Field(
        DateTime, description="When the first of it does; null where nothing is pending.", reads=("awaited_from",)
    )
    debt = Field(
        Amount, required=True, description="What the member owes.", resolve=_of_balance("debt"), reads=("debt",)
    )
    expiring_soon = Field(
        listed(PointsExpiry),
        description="What lapses within so many days, soonest first.",
        reads=(),
        within=graphene.Int(required=True, default_value=30, description="How many days to look ahead."),
    )

    @staticmethod
    def resolve_pending_until(parents: Sequence[Holding], _info: Info) -> list[datetime | None]:
        """Return when the first of it does."""
        return [holding.found.awaited_from for holding in parents]

    @staticmethod
    def resolve_expiring_soon(parents: Sequence[Holding], info: Info, within: int) -> list[list[Lapsing]]:
        """Return what lapses soon; one statement for each currency that is asked for."""
        if not 0 <= within <= _MOST_DAYS:
            raise invalid("RANGE", f"Look 0 to {_MOST_DAYS} days ahead.", "within", min=0, max=_MOST_DAYS)
        context = info.context
        until = context.now + timedelta(days=within)
        of_kind: dict[str, set[str]] = {}
        for holding in parents:
            of_kind.setdefault(holding.currency.kind, set()).add(holding.member)
        found = {
            kind: expiring(context.read, sorted(members), kind, until, context.now) for kind, members in of_kind.items()
        }
        return [
            [
                Lapsing(lot.at, AmountValue(lot.amount, holding.currency.kind, holding.currency.scale))
                for lot in found[holding.currency.kind][holding.member]
            ]
            for holding in parents
        ]


class PointsMember(DrawsMember, RewardsMember, policy=owner_or_permission("members.read")):
    """What this plugin adds to a member."""

    points = Field(
        PointsBalance,
        description="What the member has of a currency; null where there is no such currency.",
        reads=("id",),
        currency=graphene.String(required=True, default_value=CURRENCY, description="The code of the currency."),
    )

    @staticmethod
    def resolve_points(parents: Sequence[Any], info: Info, currency: str) -> list[Holding | None]:
        """Return what they have."""
        known = book_of(info).currencies.get(currency)
        if known is None:
            return [None] * len(parents)
        context = info.context
        ids = list(map(attrgetter("id"), parents))
        asked = tuple(dict.fromkeys(ids))
        only = info.needs()  # of a balance: that is what the fields below say that they read
        found = context.once(("points", asked, only), lambda: balances(context.read, asked, context.now, only=only))
        kind = known.kind
        of_kind = {each.member: each for kinds in found.values() for each in kinds if each.kind == kind}
        return [Holding(id_, known, of_kind.get(id_, _NOTHING)) for id_ in ids]


class PointsQuery(DrawsQuery, RewardsQuery, policy=public):
    """What this plugin adds to the queries."""

    points_reports = Field(PointsReports, description="Reports; null where the viewer may not see them.")

    points_currencies = Field(
        graphene.List(graphene.NonNull(PointsCurrency)), description="The currencies of the program."
    )

    @staticmethod
    def resolve_points_reports(parents: Sequence[Any], _info: Info) -> list[object]:
        """Return what the reports hang on."""
        return [object() for _ in parents]

    @staticmethod
    def resolve_points_currencies(parents: Sequence[Any], info: Info) -> list[list[Currency]]:
        """Return the currencies."""
        return [list(book_of(info).currencies.values()) for _ in parents]


class PointsAdjustInput(Input):
    """Points that are given or taken by hand."""

    member_id = GlobalId("Member", required=True, metadata={"description": "Whose points."})
    amount = AmountDigits(
        required=True, metadata={"description": "How many, in minor units of the currency; negative to take."}
    )
    currency = fields.String(load_default=CURRENCY, metadata={"description": "The code of the currency."})
    reason = fields.String(
        required=True, validate=validate.Length(1, 500), metadata={"description": "Why; the statement keeps it."}
    )
    idempotency_key = idempotency_key()


class PointsCancelInput(Input):
    """Points that were gained against the rules."""

    member_id = GlobalId("Member", required=True, metadata={"description": "Whose points."})
    activity_id = GlobalId("Activity", required=True, metadata={"description": "The activity that earned them."})
    amount = AmountDigits(
        load_default=0,
        metadata={"description": "How many, in minor units of the currency; left out, all that are left."},
    )
    currency = fields.String(load_default=CURRENCY, metadata={"description": "The code of the currency."})
    reason = fields.String(
        required=True, validate=validate.Length(1, 500), metadata={"description": "Why; the statement keeps it."}
    )
    idempotency_key = idempotency_key()


class PointsTransferInput(Input):
    """Points that a member gives to another one."""

    member_id = GlobalId("Member", required=True, metadata={"description": "Who gives them."})
    receiver_id = GlobalId("Member", required=True, metadata={"description": "Who gets them."})
    amount = AmountDigits(required=True, metadata={"description": "How many, in minor units of the currency."})
    currency = fields.String(load_default=CURRENCY, metadata={"description": "The code of the currency."})
    reason = fields.String(
        required=True, validate=validate.Length(1, 500), metadata={"description": "Why; the statement keeps it."}
    )
    idempotency_key = idempotency_key()


def _adjust(info: Info, values: Mapping[str, Any]) -> Any:
    """Record the adjustment."""
    return _recorded(info, values, ADJUSTMENT.name, {"reason": values["reason"]})


def _cancel(info: Info, values: Mapping[str, Any]) -> Any:
    """Record the cancellation."""
    return _recorded(info, values, CANCELLATION.name, {"activity": values["activity_id"], "reason": values["reason"]})


def _transfer(info: Info, values: Mapping[str, Any]) -> Any:
    """Record the transfer."""
    return _recorded(info, values, TRANSFER.name, {"reason": values["reason"]}, (values["receiver_id"],))


def _recorded(
    info: Info, values: Mapping[str, Any], type_: str, payload: Mapping[str, Any], others: Sequence[str] = ()
) -> Any:
    """Record an activity about points of the currency that is named."""
    currencies = book_of(info).currencies
    code = values["currency"]
    if code not in currencies:
        hint = suggest(code, currencies)
        raise invalid("POINTS_CURRENCY_UNKNOWN", f"There is no currency {code}{hint}.", "currency", currency=code)
    return record(
        info,
        ActivityValue(
            type=type_,
            member=values["member_id"],
            members=tuple(others),
            amount=values["amount"],
            unit=currencies[code].kind,
            payload=payload,
            external_id=values["idempotency_key"],
            actor=info.context.viewer.actor,
        ),
    )


class PointsMutation(DrawsMutation, PoolMutation, RewardsMutation):
    """What this plugin adds to the mutations."""

    points_adjust = MutationField(
        PointsAdjustInput,
        _adjust,
        payload=ActivityPayload,
        policy=permission(ADJUST.name),
        description="Give or take points by hand.",
    )
    points_cancel = MutationField(
        PointsCancelInput,
        _cancel,
        payload=ActivityPayload,
        policy=permission(CANCEL.name),
        description="Take back points that were gained against the rules.",
    )
    points_transfer = MutationField(
        PointsTransferInput,
        _transfer,
        payload=ActivityPayload,
        policy=permission(GIVE.name),
        description="Give points of a member to another one, where the program allows it.",
    )


class PointsActivity(RewardsActivity, policy=public):
    """What this plugin adds to an activity."""


def graph() -> Graph:
    """Return what this plugin adds to the schema."""
    extends: dict[type, type] = {
        Member: PointsMember,
        Activity: PointsActivity,
        Query: PointsQuery,
        Mutation: PointsMutation,
    }
    return Graph(extends=extends, examples=(*EXAMPLES, *REWARDS, *DRAWS), blocking=False)
