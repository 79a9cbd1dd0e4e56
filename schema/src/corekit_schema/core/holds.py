"""Holds: value of an account that is set aside, and what places, captures and releases it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import graphene
from marshmallow import fields, validate

from corekit.activities.effects import LONGEST_HOLD
from corekit.core import HOLD_WHICH
from corekit.ledger.holds import HoldView, holds
from corekit.members.read import Member as MemberValue
from corekit.validation import WholeNumber
from corekit_schema.context import Info
from corekit_schema.core import activity as activities
from corekit_schema.core.inputs import OfMember
from corekit_schema.fields import Field, Object
from corekit_schema.inputs import AmountDigits, GlobalId
from corekit_schema.mutations import invalid
from corekit_schema.policies import public
from corekit_schema.scalars import Amount, AmountValue, DateTime


class Hold(Object, policy=public):
    """Value of an account that is set aside: it can be captured or released."""

    hold_id = Field(graphene.String, required=True, source="id", description="By which it is captured or released.")
    kind = Field(graphene.String, required=True, description="The account kind, such as `points`.")
    amount = Field(Amount, required=True, description="How much.")
    expires_at = Field(DateTime, description="From when on it can no longer be captured; null where it does not lapse.")
    activity = Field(lambda: activities.Activity, description="The activity that placed it.")

    @staticmethod
    def resolve_amount(parents: Sequence[HoldView], _info: Info) -> list[AmountValue]:
        """Return the amounts with their units."""
        return [AmountValue(each.amount, each.unit, each.scale) for each in parents]

    @staticmethod
    def resolve_activity(parents: Sequence[HoldView], info: Info) -> list[Any]:
        """Return what placed them."""
        return activities.by_id([each.activity for each in parents], info)


def holds_of(parents: Sequence[MemberValue], info: Info) -> list[list[HoldView]]:
    """Return what is set aside of members' accounts."""
    found = holds(info.context.read, [each.id for each in parents], info.context.now)
    return [found[each.id] for each in parents]


class PlaceHoldInput(OfMember):
    """Value that is to be set aside."""

    account = fields.String(required=True, metadata={"description": "The account kind, such as `points`."})
    amount = AmountDigits(required=True, metadata={"description": "How much, in minor units of the account."})
    seconds = WholeNumber(
        load_default=None,
        allow_none=True,
        validate=validate.Range(1, LONGEST_HOLD),
        metadata={"description": "It lapses after so many seconds; never where left out."},
    )


class _WhichInput(OfMember):
    """Value that was set aside: a hold, or all that an activity set aside."""

    hold_id = fields.String(load_default=None, metadata={"description": "The hold."})
    activity_id = GlobalId(
        "Activity", load_default=None, metadata={"description": "Instead of a hold: all that this activity set aside."}
    )


class CaptureHoldInput(_WhichInput):
    """Value that was set aside and is to be spent."""

    amount = AmountDigits(
        load_default=0, metadata={"description": "How much of it, in minor units; all where left out."}
    )


class ReleaseHoldInput(_WhichInput):
    """Value that was set aside and is to be available again."""


def placed(info: Info, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an activity says that places a hold."""
    kind = info.context.kit.registry.kinds.get(values["account"])
    if kind is None:
        raise invalid(
            "ACCOUNT_UNKNOWN", f"There is no account kind {values['account']}.", "account", account=values["account"]
        )
    told = {"account": values["account"], "seconds": values["seconds"]}
    return {"type": "hold.placed", "amount": values["amount"], "unit": kind.unit.code, "payload": told}


def captured(info: Info, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an activity says that captures a hold, or all that an activity set aside."""
    member, amount, which = values["member_id"], values["amount"], _which(values)
    told: dict[str, Any] = {"type": "hold.captured", "payload": which}
    if amount:
        open_ = holds(info.context.read, [member], info.context.now)[member]
        named = set(which.values())
        unit = next((each.unit for each in open_ if {each.id, each.activity} & named), None)
        if unit is None:
            (hold,) = named
            raise invalid("HOLD_UNKNOWN", "The member has no such hold, or it was resolved.", "holdId", hold=hold)
        told |= {"amount": amount, "unit": unit}
    return told


def released(_info: Info, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an activity says that releases a hold, or all that an activity set aside."""
    return {"type": "hold.released", "payload": _which(values)}


def _which(values: Mapping[str, Any]) -> dict[str, str]:
    named = {"hold": values["hold_id"], "activity": values["activity_id"]}
    which = {name: value for name, value in named.items() if value is not None}
    if len(which) != 1:
        raise invalid(HOLD_WHICH.code, HOLD_WHICH.en, "holdId")
    return which
