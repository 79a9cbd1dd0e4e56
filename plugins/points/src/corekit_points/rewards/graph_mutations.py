"""Rewards in GraphQL: what is done with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import graphene
from marshmallow import ValidationError, fields, validate, validates_schema

from corekit import Activity
from corekit_points.rewards import codes, declared, redeeming, restocking
from corekit_points.rewards.redeeming import Redemption
from corekit_schema import (
    ActivityPayload,
    AmountDigits,
    Field,
    GlobalId,
    Info,
    Input,
    MutationField,
    Object,
    Payload,
    idempotency_key,
    invalid,
    permission,
    public,
    record,
)

_NAME = validate.Length(1, 200)


class PointsRedeemRewardInput(Input):
    """A reward that a member takes for points."""

    member_id = GlobalId("Member", required=True, metadata={"description": "Whose points."})
    reward = fields.String(required=True, validate=_NAME, metadata={"description": "The name of the reward."})
    money = AmountDigits(
        load_default=0, metadata={"description": "What is paid in money besides, in minor units: its price says."}
    )
    tenders = fields.Raw(
        load_default=None,
        metadata={"description": 'What of the money is paid with which tender, such as `{"stored_value": 500}`.'},
    )
    store = fields.String(load_default=None, validate=_NAME, metadata={"description": "Where it is asked for."})
    idempotency_key = idempotency_key()


class PointsFulfilRedemptionInput(Input):
    """A redeemed reward that is handed over."""

    code = fields.String(load_default=None, validate=_NAME, metadata={"description": "The code that was shown."})
    redemption_id = GlobalId(
        "PointsRedemption", load_default=None, metadata={"description": "The redemption, where no code is shown."}
    )
    store = fields.String(load_default=None, validate=_NAME, metadata={"description": "Where."})
    idempotency_key = idempotency_key()

    @validates_schema
    def one(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a fulfilment of nothing, and one of two things."""
        if (data["code"] is None) == (data["redemption_id"] is None):
            raise ValidationError("Say code or redemptionId, one of them.", "code")


class PointsCancelRedemptionInput(Input):
    """A redemption that is taken back before it is fulfilled."""

    redemption_id = GlobalId("PointsRedemption", required=True, metadata={"description": "The redemption."})
    reason = fields.String(
        load_default="", validate=validate.Length(max=500), metadata={"description": "Why; the activity keeps it."}
    )
    idempotency_key = idempotency_key()


class PointsRestockRewardInput(Input):
    """Pieces of a reward that came, or went."""

    reward = fields.String(required=True, validate=_NAME, metadata={"description": "The name of the reward."})
    amount = fields.Integer(
        strict=True,
        required=True,
        validate=validate.Range(-(10**9), 10**9),
        metadata={"description": "How many more, or fewer where it is negative."},
    )
    reason = fields.String(required=True, validate=validate.Length(1, 500), metadata={"description": "Why."})
    idempotency_key = idempotency_key()


class PointsStockPayload(Payload, policy=public):
    """What is left of the reward."""

    reward = Field(graphene.String, description="The name of the reward.")
    left = Field(graphene.Int, description="How many pieces are left.")


def _redeem(info: Info, values: Mapping[str, Any]) -> Any:
    told = {"reward": values["reward"], **_given(store=values["store"], tenders=values["tenders"])}
    return _recorded(info, declared.REDEEMED.name, values, values["member_id"], told, amount=values["money"])


def _fulfil(info: Info, values: Mapping[str, Any]) -> Any:
    code, named = values["code"], values["redemption_id"]
    found = _found(info, named, code)
    told = _given(code=code, redemption=named, store=values["store"])
    return _recorded(info, declared.FULFILLED.name, values, found.member_id, told)


def _cancel(info: Info, values: Mapping[str, Any]) -> Any:
    found = _found(info, values["redemption_id"], None)
    told = {"reason": values["reason"]}
    return _recorded(info, declared.CANCELLED.name, values, found.member_id, told, reverses=found.id)


def _restock(info: Info, values: Mapping[str, Any]) -> Any:
    key = values["idempotency_key"]
    context = info.context
    actor = context.viewer.actor
    return restocking.restock(context.kit, actor, values["reward"], values["amount"], values["reason"], key)


def _given(**told: Any) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value is not None}


def _found(info: Info, named: str | None, code: str | None) -> Redemption:
    """Return the redemption that is meant: whose it is decides about whom the activity is."""
    hashes = [codes.digest(codes.read(code))] if code is not None else []
    found = redeeming.named(info.context.read, [named] if named is not None else [], hashes)
    if found:
        return found[0]
    text = declared.CODE_UNKNOWN if code is not None else declared.REDEMPTION_UNKNOWN
    raise invalid(text.code, text.en.format(redemption=named), "code" if code is not None else "redemption_id")


def _recorded(
    info: Info, type_: str, values: Mapping[str, Any], member: str, payload: Mapping[str, Any], **more: Any
) -> Any:
    return record(
        info,
        Activity(
            type=type_,
            member=member,
            payload=payload,
            external_id=values["idempotency_key"],
            actor=info.context.viewer.actor,
            **more,
        ),
    )


class RewardsMutation(Object, abstract=True):
    """What rewards add to the mutations."""

    points_redeem_reward = MutationField(
        PointsRedeemRewardInput,
        _redeem,
        payload=ActivityPayload,
        policy=permission(declared.REDEEM.name),
        description="Take a reward for points of a member.",
    )
    points_fulfil_redemption = MutationField(
        PointsFulfilRedemptionInput,
        _fulfil,
        payload=ActivityPayload,
        policy=permission(declared.FULFIL.name),
        description="Hand over a redeemed reward to whoever shows its code.",
    )
    points_cancel_redemption = MutationField(
        PointsCancelRedemptionInput,
        _cancel,
        payload=ActivityPayload,
        policy=permission(declared.REDEEM.name),
        description="Take back a redemption that is not fulfilled: points and piece return.",
    )
    points_restock_reward = MutationField(
        PointsRestockRewardInput,
        _restock,
        payload=PointsStockPayload,
        policy=permission(declared.RESTOCK.name),
        description="Say that pieces of a reward came, or went.",
    )
