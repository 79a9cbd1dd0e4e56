"""The pool in GraphQL: a primary member lets another one have points of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from corekit import Activity
from corekit_points.graph_reports import book_of
from corekit_points.pool.declared import SHARE, SHARED
from corekit_schema import (
    ActivityPayload,
    AmountDigits,
    GlobalId,
    Info,
    Input,
    MutationField,
    Object,
    idempotency_key,
    permission,
    record,
)


class PointsShareInput(Input):
    """Points of a pool that a member of its group is to have."""

    member_id = GlobalId("Member", required=True, metadata={"description": "The primary member, whose account it is."})
    receiver_id = GlobalId("Member", required=True, metadata={"description": "The supplementary member."})
    amount = AmountDigits(required=True, metadata={"description": "How many, in minor units of the currency."})
    reason = fields.String(load_default="", validate=validate.Length(max=500), metadata={"description": "Why."})
    idempotency_key = idempotency_key()


def _share(info: Info, values: Mapping[str, Any]) -> Any:
    """Record it; where there is no pool, that is refused like everything that there is not."""
    pool = book_of(info).pool
    return record(
        info,
        Activity(
            type=SHARED.name,
            member=values["member_id"],
            members=(values["receiver_id"],),
            amount=values["amount"],
            unit="points" if pool is None else pool.kind,
            payload={"reason": values["reason"]},
            external_id=values["idempotency_key"],
            actor=info.context.viewer.actor,
        ),
    )


class PoolMutation(Object, abstract=True):
    """What the pool adds to the mutations."""

    points_share = MutationField(
        PointsShareInput,
        _share,
        payload=ActivityPayload,
        policy=permission(SHARE.name),
        description="Let a supplementary member have points of the pool of its group.",
    )
