"""The activity types, the permission and the codes of the pool."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from corekit import ActivityType, ErrorText, Permission


class PoolSchema(Schema):
    """Why."""

    reason = fields.String(load_default="", validate=validate.Length(max=500))


POOLED = ActivityType(
    name="points.pooled",
    description="Points of a supplementary member go to the primary member of its group, whom it names in members.",
    schema=PoolSchema,
    amount="own",
    command=True,
    afresh=True,
)
SHARED = ActivityType(
    name="points.shared",
    description="A primary member lets a supplementary one, whom it names in members, have points of the pool.",
    schema=PoolSchema,
    amount="own",
    command=True,
    afresh=True,
)
SHARE = Permission(name="points.share", description="Let a member have points of the pool of its group.")
NO_POOL = ErrorText(
    "POINTS_NO_POOL",
    "The program has no pool of {account}, or the members are not primary and supplementary member of one group of it.",
    "本计划没有 {account} 的共享账户，或双方并非同一共享群组的主会员与附属会员。",
)
POOL_LIMIT = ErrorText(
    "POINTS_POOL_LIMIT",
    "By {limit} {most} may be shared (in minor units); {left} are left.",
    "每 {limit} 最多可共享 {most}（最小单位），剩余 {left}。",
)
ACTIVITIES = (POOLED, SHARED)
ERRORS = (NO_POOL, POOL_LIMIT)
