"""Tiers that are set, asked for, made use of and previewed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import graphene
from graphql import GraphQLError
from marshmallow import fields, validate

from corekit import Activity, NotFound
from corekit.paging import MOST_ITEMS
from corekit.tiers.preview import Preview as PreviewValue
from corekit.tiers.preview import preview
from corekit.validation import WholeNumber
from corekit_schema import permissions
from corekit_schema.context import Info
from corekit_schema.core import member as members
from corekit_schema.core.inputs import OfMember
from corekit_schema.core.payload import ActivityPayload, Recorded, record
from corekit_schema.fields import Field, Object, listed
from corekit_schema.ids import local_id
from corekit_schema.inputs import Moment, as_of
from corekit_schema.mutations import MutationField
from corekit_schema.policies import permission, public
from corekit_schema.scalars import JSON, DateTime

_LADDER = {"description": "Code of the ladder."}


class SetTierInput(OfMember):
    """A member that is to be put into a tier."""

    ladder = fields.String(required=True, metadata=_LADDER)
    tier = fields.String(required=True, metadata={"description": "Code of the tier."})
    reason = fields.String(required=True, validate=validate.Length(1, 500), metadata={"description": "Why."})
    locked_until = Moment(
        load_default=None, metadata={"description": "Until then only the same viewer can change it again."}
    )


class RequestTierInput(OfMember):
    """A member that asks for the tier for which it qualifies."""

    ladder = fields.String(required=True, metadata=_LADDER)


class ClaimBenefitInput(OfMember):
    """A member that takes a benefit of its tier."""

    ladder = fields.String(required=True, metadata=_LADDER)
    benefit = fields.String(required=True, metadata={"description": "Name of the benefit."})
    quantity = WholeNumber(load_default=1, metadata={"description": "How often at once."})


def _do(type_: str, told: Sequence[str], info: Info, values: Mapping[str, Any]) -> Recorded:
    payload = {name: values[name] for name in told if values[name] is not None}
    if "locked_until" in payload:
        payload["locked_until"] = payload["locked_until"].isoformat()
    return record(
        info,
        Activity(
            type=type_,
            member=values["member_id"],
            source="api",
            external_id=values["idempotency_key"],
            occurred_at=values["occurred_at"],
            actor=info.context.viewer.actor,
            payload=payload,
        ),
    )


SET_TIER = MutationField(
    SetTierInput,
    partial(_do, "tier.set", ("ladder", "tier", "reason", "locked_until")),
    payload=ActivityPayload,
    policy=permission(permissions.SET_TIER),
    description="Put a member into a tier, whatever it qualifies for.",
)
REQUEST_TIER = MutationField(
    RequestTierInput,
    partial(_do, "tier.requested", ("ladder",)),
    payload=ActivityPayload,
    policy=permission(permissions.USE_TIER),
    description="Let a member rise to the tier for which it qualifies.",
)
CLAIM_BENEFIT = MutationField(
    ClaimBenefitInput,
    partial(_do, "tier.benefit_claimed", ("ladder", "benefit", "quantity")),
    payload=ActivityPayload,
    policy=permission(permissions.USE_TIER),
    description="Let a member take a benefit of its tier; refused where the quota is used up.",
)


class TierPreview(Object, policy=public):
    """What would become of a member on a ladder, if that were evaluated at a moment."""

    member = Field(lambda: members.Member, description="The member.")
    ladder = Field(graphene.String, required=True, description="Code of the ladder.")
    type = Field(graphene.String, required=True, description="The activity that would be recorded.")
    from_tier = Field(graphene.String, required=True, description="Code of the tier in which it stands.")
    to_tier = Field(graphene.String, description="Code of the tier in which it would stand; null where that one stays.")
    reason = Field(graphene.String, required=True, description="Why.")
    expires_at = Field(DateTime, description="Until when its tier would be valid, or, where it is warned, is valid.")
    measured = Field(JSON, required=True, description="What was measured to find it, by metric and window.")
    missing = Field(JSON, required=True, description="What it lacks to keep its tier, by metric and window.")

    @staticmethod
    def resolve_member(parents: Sequence[PreviewValue], info: Info) -> list[Any]:
        """Return the members."""
        return members.by_id([each.member for each in parents], info)

    @staticmethod
    def resolve_measured(parents: Sequence[PreviewValue], _info: Info) -> list[dict[str, int]]:
        """Return what was measured as JSON."""
        return [dict(each.measured) for each in parents]

    @staticmethod
    def resolve_missing(parents: Sequence[PreviewValue], _info: Info) -> list[dict[str, int]]:
        """Return what is missing as JSON."""
        return [dict(each.missing) for each in parents]


def _previews(
    _parents: Sequence[Any],
    info: Info,
    first: int,
    at: Any = None,
    ladder: str | None = None,
    member_ids: list[str] | None = None,
) -> list[list[PreviewValue]]:
    if not 0 <= first <= MOST_ITEMS or len(member_ids or ()) > MOST_ITEMS:
        code = {"code": "TOO_LARGE", "limit": MOST_ITEMS}
        raise GraphQLError(f"Ask for at most {MOST_ITEMS}.", extensions=code)
    ids = None if member_ids is None else [key for each in member_ids if (key := local_id("Member", each)) is not None]
    try:
        return [preview(info.context.kit, as_of(at), ladder=ladder, members=ids, first=first)]
    except NotFound as error:
        raise GraphQLError(error.message, extensions={"code": error.code}) from None


TIER_PREVIEW = Field(
    listed(TierPreview),
    at=graphene.Argument(DateTime, description="The moment; now where left out."),
    ladder=graphene.Argument(graphene.String, description="Only this ladder."),
    member_ids=graphene.Argument(graphene.List(graphene.NonNull(graphene.ID)), description="Only these members."),
    first=graphene.Argument(graphene.Int, required=True, default_value=100, description="How many."),
    policy=permission(permissions.READ),
    description="What would change if tiers were evaluated at a moment; nothing is changed.",
    resolve=_previews,
    blocking=True,
)
