"""The names that the plugin leaves outside itself: activity types, a permission, codes."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from corekit import ActivityType, ErrorText, Permission


class RedemptionSchema(Schema):
    """The payload of a redemption."""

    drink = fields.String(required=True, validate=validate.Length(1, 80))


REDEEMED = ActivityType(
    name="stamps.redeemed",
    description="A member asks for a free drink in return for a full card.",
    schema=RedemptionSchema,
    command=True,
)
POURED = ActivityType(
    name="stamps.poured", description="A free drink was poured; follows from the redemption that asked for it."
)

REDEEM = Permission(name="stamps.redeem", description="Redeem the full card of a member for a free drink.")

BELOW_MINIMUM = ErrorText(
    "STAMPS_BELOW_MINIMUM",
    "A purchase earns a stamp from {minimum} on (in minor units).",
    "消费满 {minimum}（最小单位）方可获得印花。",
)
NOT_FULL = ErrorText(
    "STAMPS_NOT_FULL",
    "The card is not full yet; stamps that are missing: {missing}.",
    "印花卡尚未集满，还差 {missing} 枚。",
)
HAD_ENOUGH = ErrorText(
    "STAMPS_HAD_ENOUGH",
    "A member gets {most} free drinks a day; come back tomorrow.",
    "每位会员每天可免费兑换 {most} 杯，请明天再来。",
)
SOLD_OUT = ErrorText(
    "STAMPS_SOLD_OUT",
    "The free drinks of the day are gone; come back tomorrow.",
    "今日免费饮品已兑完，请明天再来。",
)
ERRORS = (BELOW_MINIMUM, NOT_FULL, HAD_ENOUGH, SOLD_OUT)
