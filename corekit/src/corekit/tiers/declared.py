"""What the core declares for tiers: its activities, the kinds of benefits it brings, its codes; and its reactions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields, validate

from corekit.activities.activity import Batch
from corekit.activities.effects import ClaimBenefit, Debit, Effect, PlaceInTier, RequestTier, SetTier
from corekit.declares import ActivityType, BenefitKind, ErrorText
from corekit.validation import WholeNumber

RULE = "core@1"
_LONG = 500
_MOST_CLAIMED = 1_000


def _code() -> fields.String:
    return fields.String(required=True, validate=validate.Length(1, 40))


class _LadderSchema(Schema):
    ladder = _code()


class TierChangedSchema(_LadderSchema):
    """From which tier to which, why, until when, the measured values that decided it, and what re-rating takes."""

    from_tier = fields.String(required=True, allow_none=True)
    to_tier = fields.String(required=True)
    reason = fields.String(required=True)
    measured = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    expires_at = fields.AwareDateTime(load_default=None, allow_none=True)
    growth = fields.Integer(load_default=0)
    growth_account = fields.String(load_default=None, allow_none=True)


class TierExpiringSchema(_LadderSchema):
    """Which tier the member will lose when, and what is missing to keep it."""

    tier = fields.String(required=True)
    expires_at = fields.AwareDateTime(required=True)
    reason = fields.String(required=True)
    missing = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class TierCloseSchema(_LadderSchema):
    """Which tier is near, and what is missing for it."""

    tier = fields.String(required=True)
    next_tier = fields.String(required=True)
    percent = fields.Integer(required=True)
    missing = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class TierSetSchema(_LadderSchema):
    """Where the member is put, why, and until when nobody else may change it."""

    tier = _code()
    reason = fields.String(required=True, validate=validate.Length(1, _LONG))
    locked_until = fields.AwareDateTime(load_default=None, allow_none=True)


class TierRequestedSchema(_LadderSchema):
    """On which ladder the member wants to rise."""


class BenefitClaimedSchema(_LadderSchema):
    """Which benefit of its tier the member takes, and how often at once."""

    benefit = _code()
    quantity = WholeNumber(load_default=1, validate=validate.Range(1, _MOST_CLAIMED))


class ServiceSchema(Schema):
    """A service: what it is, and what it costs the member where it is not free."""

    text = fields.String(validate=validate.Length(1, 200))
    price = fields.String(validate=validate.Regexp(r"[0-9]{1,12}(\.[0-9]{1,6})?\Z"))


class SupportSchema(Schema):
    """A support channel of the tier's own: how to reach it."""

    channel = fields.String(required=True, validate=validate.Length(1, 200))


class DiscountSchema(Schema):
    """A discount in percent."""

    percent = fields.String(required=True, validate=validate.Regexp(r"(100|[0-9]{1,2}(\.[0-9]{1,4})?)\Z"))


ACTIVITIES = (
    ActivityType(
        name="tier.changed", description="The member stands in another tier.", schema=TierChangedSchema, internal=True
    ),
    ActivityType(
        name="tier.expiring",
        description="The member is about to lose its tier.",
        schema=TierExpiringSchema,
        internal=True,
    ),
    ActivityType(
        name="tier.close", description="The member has come close to a tier.", schema=TierCloseSchema, internal=True
    ),
    ActivityType(
        name="tier.set", description="Somebody puts the member into a tier.", schema=TierSetSchema, command=True
    ),
    ActivityType(
        name="tier.requested",
        description="The member asks for the tier for which it qualifies.",
        schema=TierRequestedSchema,
        command=True,
    ),
    ActivityType(
        name="tier.benefit_claimed",
        description="The member takes a benefit of its tier.",
        schema=BenefitClaimedSchema,
        command=True,
    ),
)

BENEFITS = (
    BenefitKind(name="service", description="A service, free or at a price.", schema=ServiceSchema, claimable=True),
    BenefitKind(name="support", description="A support channel of the tier's own.", schema=SupportSchema),
    BenefitKind(name="discount", description="A discount in percent.", schema=DiscountSchema),
)

ERRORS = (
    ErrorText("LADDER_UNKNOWN", "The program has no ladder {ladder}.", "方案中没有等级体系 {ladder}。"),
    ErrorText("TIER_UNKNOWN", "Ladder {ladder} has no tier {tier}.", "等级体系 {ladder} 中没有等级 {tier}。"),
    ErrorText(
        "TIER_LOCKED",
        "Tier {tier} of {ladder} is locked until {locked_until}.",
        "{ladder} 的等级 {tier} 已锁定至 {locked_until}。",
    ),
    ErrorText(
        "TIER_LOCK_PAST", "The lock would end at {locked_until}, which is over.", "锁定截止 {locked_until} 已过。"
    ),
    ErrorText(
        "TIER_MOVED_ON",
        "The member stands in tier {tier} of {ladder} by now.",
        "会员在 {ladder} 中的等级已变为 {tier}。",
    ),
    ErrorText(
        "TIER_NOT_QUALIFIED",
        "The member does not qualify for more than {tier} of {ladder}.",
        "会员尚未达到 {ladder} 中高于 {tier} 的等级。",
    ),
    ErrorText(
        "BENEFIT_UNKNOWN",
        "Tier {tier} of {ladder} has no benefit {benefit} to claim.",
        "{ladder} 的等级 {tier} 没有可领取的权益 {benefit}。",
    ),
    ErrorText(
        "BENEFIT_USED_UP",
        "{benefit} can be claimed {limit} times per {window}; {left} are left.",
        "权益 {benefit} 每 {window} 限 {limit} 次，剩余 {left} 次。",
    ),
)


def react(batch: Batch) -> Iterator[Effect]:
    """Yield what the activities of tiers do."""
    for activity in batch.of("tier.changed"):
        told: Any = activity.payload
        expires_at, account = told.get("expires_at"), told.get("growth_account")
        yield SetTier(
            activity,
            rule=RULE,
            otherwise="refuse" if account else None,  # the stay and what it takes stand or fall together
            ladder=told["ladder"],
            tier=told["to_tier"],
            reason=told["reason"],
            was=told["from_tier"],
            expires_at=None if expires_at is None else datetime.fromisoformat(expires_at),
            measured=told["measured"],
            growth=told.get("growth", 0),
        )
        if account:
            yield Debit(activity, rule="rerating@1", otherwise="refuse", account=account, amount=told["growth"])
    for activity in batch.of("tier.set"):
        said: Any = activity.payload
        until = said.get("locked_until")
        yield PlaceInTier(
            activity,
            rule=RULE,
            ladder=said["ladder"],
            tier=said["tier"],
            locked_until=None if until is None else datetime.fromisoformat(until),
        )
    for activity in batch.of("tier.requested"):
        wanted: Any = activity.payload
        yield RequestTier(activity, rule=RULE, ladder=wanted["ladder"])
    for activity in batch.of("tier.benefit_claimed"):
        asked: Any = activity.payload
        yield ClaimBenefit(
            activity, rule=RULE, ladder=asked["ladder"], benefit=asked["benefit"], quantity=asked["quantity"]
        )
