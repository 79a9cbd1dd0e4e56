"""What is done to medals by hand, in GraphQL: they are given, taken and arranged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import fields, validate

from corekit import Activity
from corekit_medals import declared
from corekit_schema import (
    ActivityPayload,
    GlobalId,
    Info,
    Input,
    MutationField,
    Object,
    authenticated,
    idempotency_key,
    invalid,
    permission,
    record,
)

_NAME = validate.Length(1, 40)


class _OfMember(Input):
    member_id = GlobalId("Member", required=True, metadata={"description": "Whose medal."})
    idempotency_key = idempotency_key()


class MedalsAwardInput(_OfMember):
    """A medal that is given by hand."""

    medal = fields.String(required=True, validate=_NAME, metadata={"description": "The name of the medal."})
    level = fields.Integer(
        strict=True, load_default=1, validate=validate.Range(1, 100), metadata={"description": "The level."}
    )
    reason = fields.String(
        required=True, validate=validate.Length(1, 500), metadata={"description": "Why; the activity keeps it."}
    )


class MedalsRevokeInput(MedalsAwardInput):
    """A medal that is taken by hand."""


class MedalsArrangeInput(_OfMember):
    """How a member shows its medals; those that are not named follow, the newest first."""

    pinned = fields.List(
        fields.String(validate=_NAME), load_default=list, metadata={"description": "Which are pinned, in their order."}
    )
    others = fields.List(
        fields.String(validate=_NAME), load_default=list, metadata={"description": "Which follow, in their order."}
    )


def _by_hand(type_: str) -> Callable[[Info, Mapping[str, Any]], Any]:
    def run(info: Info, values: Mapping[str, Any]) -> Any:
        told = {name: values[name] for name in ("medal", "level", "reason")}
        return _recorded(info, type_, values, told)

    return run


def _arrange(info: Info, values: Mapping[str, Any]) -> Any:
    viewer = info.context.viewer
    if values["member_id"] != viewer.member and declared.ARRANGE.name not in viewer.permissions:
        raise invalid(declared.NOT_YOURS.code, declared.NOT_YOURS.en, "member_id")
    told = {"pinned": values["pinned"], "others": values["others"]}
    return _recorded(info, declared.ARRANGED.name, values, told)


def _recorded(info: Info, type_: str, values: Mapping[str, Any], payload: Mapping[str, Any]) -> Any:
    told = Activity(
        type=type_,
        member=values["member_id"],
        payload=payload,
        external_id=values["idempotency_key"],
        actor=info.context.viewer.actor,
    )
    return record(info, told)


class MedalsMutation(Object):
    """What the plugin adds to the mutations."""

    medals_award = MutationField(
        MedalsAwardInput,
        _by_hand(declared.AWARDED.name),
        payload=ActivityPayload,
        policy=permission(declared.AWARD.name),
        description="Give a member a medal.",
    )
    medals_revoke = MutationField(
        MedalsRevokeInput,
        _by_hand(declared.REVOKED.name),
        payload=ActivityPayload,
        policy=permission(declared.REVOKE.name),
        description="Take a medal from a member.",
    )
    medals_arrange = MutationField(
        MedalsArrangeInput,
        _arrange,
        payload=ActivityPayload,
        policy=authenticated,
        description="Pin medals and put them in order: the member its own, or whoever may for others.",
    )
