"""Mutations that freeze accounts of members."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from marshmallow import fields

from corekit import Activity
from corekit_schema import permissions
from corekit_schema.context import Info
from corekit_schema.core.inputs import OfMember
from corekit_schema.core.payload import ActivityPayload, Recorded, record
from corekit_schema.mutations import MutationField
from corekit_schema.policies import permission


class FreezeAccountInput(OfMember):
    """An account from which nothing may be taken, and to which nothing comes in, until unfrozen."""

    account = fields.String(required=True, metadata={"description": "The account kind, such as `points`."})
    reason = fields.String(load_default="", metadata={"description": "Why."})
    debits_only = fields.Boolean(load_default=False, metadata={"description": "Whether value may still come in."})


class UnfreezeAccountInput(OfMember):
    """A frozen account that is to be open again."""

    account = fields.String(required=True, metadata={"description": "The account kind, such as `points`."})
    reason = fields.String(load_default="", metadata={"description": "Why."})


def _do(type_: str, names: tuple[str, ...], info: Info, values: Mapping[str, Any]) -> Recorded:
    activity = Activity(
        type=type_,
        member=values["member_id"],
        payload={name: values[name] for name in names},
        source="api",
        external_id=values["idempotency_key"],
        occurred_at=values["occurred_at"],
        actor=info.context.viewer.actor,
    )
    return record(info, activity)


FREEZE_ACCOUNT = MutationField(
    FreezeAccountInput,
    partial(_do, "account.frozen", ("account", "reason", "debits_only")),
    payload=ActivityPayload,
    policy=permission(permissions.FREEZE),
    description="Let nothing be taken from an account of a member, and nothing come in either, until it is unfrozen.",
)
UNFREEZE_ACCOUNT = MutationField(
    UnfreezeAccountInput,
    partial(_do, "account.unfrozen", ("account", "reason")),
    payload=ActivityPayload,
    policy=permission(permissions.FREEZE),
    description="Open a frozen account of a member again.",
)
