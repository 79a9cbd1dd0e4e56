"""Rewards in GraphQL: the catalogue, what a member can have, and what members have redeemed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import graphene
from marshmallow import ValidationError, validate

from corekit import balances
from corekit_points.graph_reports import PointsCurrency, book_of
from corekit_points.rewards import codes, declared, redeeming, stock
from corekit_points.rewards.catalogue import Reward
from corekit_points.rewards.offers import Judged, judged, people
from corekit_points.rewards.paying import Payable, payable
from corekit_points.rewards.redeeming import Redemption
from corekit_points.rewards.settings import settings_of
from corekit_points.rules import Currency
from corekit_schema import (
    Amount,
    AmountDigits,
    AmountValue,
    DateTime,
    Digits,
    Field,
    Info,
    Node,
    Object,
    Reason,
    internal,
    invalid,
    listed,
    owner_or_permission,
    public,
    reasons,
)

_MOST = 100
_NAME = validate.Length(1, 200)

# The catalogue


def _words(name: str) -> Callable[..., list[str]]:
    def resolve(parents: Sequence[Reward], info: Info, language: str | None = None) -> list[str]:
        return [getattr(each.said(language or info.context.language), name) for each in parents]

    return resolve


def _language() -> graphene.Argument:
    return graphene.Argument(
        graphene.String, description="The language, such as `zh`; left out, the one in which the client is answered."
    )


class PointsRewardKind(graphene.Enum):
    """What a reward is."""

    GOODS = "goods"
    SERVICE = "service"
    DIGITAL = "digital"


class PointsReason(Object, policy=public):
    """Why somebody cannot have a reward."""

    code = Field(graphene.String, required=True, description="The code, such as `POINTS_REWARD_SOLD_OUT`.")
    message = Field(graphene.String, required=True, description="The sentence, in the client's language.")


class PointsReward(Object, policy=public):
    """Something that members can have for points."""

    code = Field(graphene.String, required=True, source="id", description="Its name in the program, such as `mug`.")
    kind = Field(PointsRewardKind, required=True, description="What it is.")
    name = Field(
        graphene.String, required=True, description="What it is called.", resolve=_words("name"), language=_language()
    )
    description = Field(
        graphene.String,
        required=True,
        description="What is said of it; empty where nothing is.",
        resolve=_words("description"),
        language=_language(),
    )
    pictures = Field(listed(graphene.String), description="The addresses of its pictures.")
    currency = Field(PointsCurrency, required=True, description="The currency of its price.")
    points = Field(Amount, required=True, description="What it costs.")
    money = Field(Amount, required=True, description="What is to be paid in money besides.")
    valid_from = Field(graphene.String, description="The first day on which it can be had; null: any.")
    valid_to = Field(graphene.String, description="The last day on which it can be had; null: any.")
    least_tier = Field(graphene.String, description="The code of the lowest tier that can have it; null: any.")
    collect_days = Field(
        graphene.Int, description="Within how many days after that of the redemption it is to be fetched; null: ever."
    )
    sold_out = Field(graphene.Boolean, required=True, description="Whether no piece is left.")
    left = Field(graphene.Int, policy=internal, description="How many pieces are left; null where nobody counts.")

    @staticmethod
    def resolve_currency(parents: Sequence[Reward], info: Info) -> list[Currency]:
        """Return the currencies."""
        known = book_of(info).currencies
        return [known[each.price.currency] for each in parents]

    @staticmethod
    def resolve_points(parents: Sequence[Reward], info: Info) -> list[AmountValue]:
        """Return the prices in points."""
        known = book_of(info).currencies
        return [AmountValue(it.price.points, it.price.account, known[it.price.currency].scale) for it in parents]

    @staticmethod
    def resolve_money(parents: Sequence[Reward], info: Info) -> list[AmountValue]:
        """Return the prices in money."""
        return [_money(each.price.money, info) for each in parents]

    @staticmethod
    def resolve_valid_from(parents: Sequence[Reward], _info: Info) -> list[str | None]:
        """Return the first days."""
        return [each.valid[0].isoformat() if each.valid[0] is not None else None for each in parents]

    @staticmethod
    def resolve_valid_to(parents: Sequence[Reward], _info: Info) -> list[str | None]:
        """Return the last days."""
        return [each.valid[1].isoformat() if each.valid[1] is not None else None for each in parents]

    @staticmethod
    def resolve_least_tier(parents: Sequence[Reward], _info: Info) -> list[str | None]:
        """Return the lowest tiers."""
        return [each.least_tier[0] if each.least_tier is not None else None for each in parents]

    @staticmethod
    def resolve_sold_out(parents: Sequence[Reward], info: Info) -> list[bool]:
        """Say of which nothing is left."""
        return [left == 0 for left in _left(parents, info)]

    @staticmethod
    def resolve_left(parents: Sequence[Reward], info: Info) -> list[int | None]:
        """Return what is left."""
        return _left(parents, info)


def _left(parents: Sequence[Reward], info: Info) -> list[int | None]:
    context = info.context
    counted = tuple(sorted({each.id for each in parents if each.stocked}))
    found = context.once(("points.stock", counted), lambda: stock.left(context.read, counted))
    return [found[each.id] if each.stocked else None for each in parents]


def _money(minor: int, info: Info) -> AmountValue:
    unit = info.context.kit.settings.currency
    return AmountValue(minor, unit.code, unit.scale)


class PointsOffer(Object, policy=public):
    """A reward, and whether somebody can have it now."""

    reward = Field(PointsReward, required=True, description="The reward.")
    can_have = Field(graphene.Boolean, required=True, description="Whether nothing speaks against it.")
    reasons = Field(listed(PointsReason), description="Everything that does.")

    @staticmethod
    def resolve_reasons(parents: Sequence[Judged], info: Info) -> list[list[Reason]]:
        """Return the reasons with their sentences."""
        return [reasons(info, each.reasons) for each in parents]


# Redemptions


class PointsRedemptionState(graphene.Enum):
    """What became of a redemption."""

    RESERVED = "reserved"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class PointsRedemption(
    Object,
    policy=owner_or_permission("members.read"),
    owner="member_id",
    interfaces=(Node,),
    possible_types=(Redemption,),
):
    """What a member took for points, and what became of it."""

    reward_code = Field(graphene.String, required=True, source="reward", description="The name of the reward.")
    reward = Field(PointsReward, description="The reward; null where the program has it no more.")
    state = Field(PointsRedemptionState, required=True, description="What became of it.")
    money = Field(Amount, required=True, description="What was to be paid in money besides.")
    redeemed_at = Field(DateTime, required=True, description="When it was redeemed.")
    expires_at = Field(DateTime, description="From when on it cannot be fetched; null: never.")
    resolved_at = Field(DateTime, description="When it was fulfilled, or taken back.")
    store = Field(graphene.String, description="Where it was fetched, or else asked for.")
    code = Field(
        graphene.String,
        policy=owner_or_permission(declared.REDEEM.name),
        description="The code to show at the till; null where there is nothing to fetch any more, or no code.",
    )
    qr = Field(
        graphene.String,
        policy=owner_or_permission(declared.REDEEM.name),
        description="The code as a QR code: SVG.",
        cost=1,
        blocking=True,
    )

    @staticmethod
    def resolve_reward(parents: Sequence[Redemption], info: Info) -> list[Reward | None]:
        """Return the rewards."""
        known = book_of(info).rewards
        return [known.get(each.reward) for each in parents]

    @staticmethod
    def resolve_money(parents: Sequence[Redemption], info: Info) -> list[AmountValue]:
        """Return what was to be paid."""
        return [_money(each.money, info) for each in parents]

    @staticmethod
    def resolve_code(parents: Sequence[Redemption], info: Info) -> list[str | None]:
        """Return the codes."""
        return [codes.shown(code) if (code := _code(each, info)) is not None else None for each in parents]

    @staticmethod
    def resolve_qr(parents: Sequence[Redemption], info: Info) -> list[str | None]:
        """Draw the codes."""
        return [codes.as_svg(code) if (code := _code(each, info)) is not None else None for each in parents]

    @staticmethod
    def load_nodes(identifiers: Sequence[str], info: Info) -> list[Redemption | None]:
        """Return the redemptions of these ids."""
        found = {each.id: each for each in redeeming.named(info.context.read, identifiers)}
        return [found.get(each) for each in identifiers]


def _code(each: Redemption, info: Info) -> str | None:
    return redeeming.code_of(each, settings_of(info.context.kit).code_secret)


def _some(type_: type[Object]) -> graphene.List:
    return graphene.List(graphene.NonNull(type_))


class PointsPayable(Object, policy=public):
    """How much of an order can be paid with points."""

    money = Field(Amount, required=True, description="So much of the order: what the tender `points` says.")
    points = Field(Amount, required=True, description="The points that this takes.")

    @staticmethod
    def resolve_money(parents: Sequence[Payable], info: Info) -> list[AmountValue]:
        """Return the money."""
        return [_money(each.money, info) for each in parents]

    @staticmethod
    def resolve_points(parents: Sequence[Payable], info: Info) -> list[AmountValue]:
        """Return the points."""
        scales = {each.kind: each.scale for each in book_of(info).currencies.values()}
        return [AmountValue(each.points, each.account, scales[each.account]) for each in parents]


def _order(amount: str) -> int:
    """Return the amount of an order."""
    try:
        order: int = cast("Any", AmountDigits()).deserialize(amount)
    except ValidationError as error:
        problem = cast("Any", error).messages[0]
        raise invalid(problem["code"], problem["message"], "amount") from None
    if order < 0:
        raise invalid("RANGE", "An order is 0 or more.", "amount", min=0)
    return order


class RewardsMember(Object, abstract=True):
    """What rewards add to a member."""

    points_offers = Field(
        _some(PointsOffer), description="The catalogue: what the member can have now, and why not the rest.", cost=10
    )
    points_redemptions = Field(
        _some(PointsRedemption),
        description="What the member redeemed, the newest first.",
        reads=("id",),
        cost=10,
        first=graphene.Int(required=True, default_value=20, description=f"How many, {_MOST} at most."),
    )

    points_payable = Field(
        PointsPayable,
        description="How much of an order the member can pay with points now; null where nobody can.",
        reads=("id",),
        amount=graphene.Argument(
            Digits, required=True, description="The amount of the order, in minor units of the program's currency."
        ),
    )

    @staticmethod
    def resolve_points_payable(parents: Sequence[Any], info: Info, amount: str) -> list[Payable | None]:
        """Return what each can pay."""
        context, pay = info.context, book_of(info).pay
        order = _order(amount)
        if pay is None:
            return [None] * len(parents)
        members = list(dict.fromkeys(member.id for member in parents))
        held = balances(context.read, members, context.now)
        available = {member: each.available for member in members for each in held[member] if each.kind == pay.account}
        return [payable(pay, order, available.get(member.id, 0)) for member in parents]

    @staticmethod
    def resolve_points_offers(parents: Sequence[Any], info: Info) -> list[Sequence[Judged]]:
        """Return the catalogue of each."""
        context = info.context
        members = list(dict.fromkeys(member.id for member in parents))
        who = people(context.read, context.kit.program, members, context.now)
        found = judged(context.read, book_of(info), who, context.now)
        return [found[member.id] for member in parents]

    @staticmethod
    def resolve_points_redemptions(parents: Sequence[Any], info: Info, first: int) -> list[Sequence[Redemption]]:
        """Return what each redeemed."""
        if not 0 <= first <= _MOST:
            raise invalid("RANGE", f"Ask for 0 to {_MOST} redemptions.", "first", min=0, max=_MOST)
        members = list(dict.fromkeys(member.id for member in parents))
        found = redeeming.redemptions_of(info.context.read, members, first)
        return [found.get(member.id, ()) for member in parents]


class RewardsActivity(Object, abstract=True):
    """What rewards add to an activity."""

    points_redemption = Field(
        PointsRedemption,
        description="The redemption that it made, or by which one was fulfilled, cancelled or let go.",
        reads=("id",),
    )

    @staticmethod
    def resolve_points_redemption(parents: Sequence[Any], info: Info) -> list[Redemption | None]:
        """Return the redemption of each: one statement for all."""
        found = redeeming.of_activities(info.context.read, [each.id for each in parents])
        return [found.get(each.id) for each in parents]


class RewardsQuery(Object, abstract=True):
    """What rewards add to the queries."""

    points_rewards = Field(_some(PointsReward), description="The catalogue, in the order of the program.")

    @staticmethod
    def resolve_points_rewards(parents: Sequence[Any], info: Info) -> list[list[Reward]]:
        """Return the rewards."""
        return [list(book_of(info).rewards.values()) for _ in parents]
