"""The activity types, permissions and codes of fees, notices and reports."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from corekit import ActivityType, ErrorText, Permission

_TEXT = validate.Length(1, 200)
FEE_KIND = validate.Regexp(
    r"(joining|annual|service|[a-z][a-z0-9_]*(\.[a-z0-9_]+)+)\Z",
    error="{input!r} is no kind of fee; use joining, annual, service, or such as cards.replacement of a plugin cards.",
)


class FeeDueSchema(Schema):
    """Which fee of the program, where, and by which channel it was paid if not from what is stored."""

    fee = fields.String(required=True, validate=_TEXT)
    channel = fields.String(validate=_TEXT)
    store = fields.String(validate=_TEXT)


class FeeChargedSchema(Schema):
    """Of which kind a fee is, where it was charged, and by which channel it was paid if not from what is stored."""

    kind = fields.String(required=True, validate=FEE_KIND)
    fee = fields.String(validate=_TEXT)
    channel = fields.String(validate=_TEXT)
    store = fields.String(validate=_TEXT)
    reason = fields.String(validate=validate.Length(1, 500))


class FeeWaivedSchema(Schema):
    """Why a fee is waived."""

    reason = fields.String(required=True, validate=validate.Length(1, 500))


class LowBalanceSchema(Schema):
    """What is left, and what the program calls little, in minor units."""

    currency = fields.String(required=True, validate=_TEXT)
    left = fields.Integer(required=True, strict=True)
    threshold = fields.Integer(required=True, strict=True)


class ExpiringSchema(Schema):
    """What lapses (minor units), of which account kind, when (UTC microseconds), and within how many days."""

    account = fields.String(required=True, validate=_TEXT)
    amount = fields.Integer(required=True, strict=True)
    at = fields.Integer(required=True, strict=True)
    days = fields.Integer(required=True, strict=True)


FEE_DUE = ActivityType(
    name="stored_value.fee_due",
    description="A fee that the program prices comes due.",
    schema=FeeDueSchema,
    command=True,
)
FEE_CHARGED = ActivityType(
    name="stored_value.fee_charged",
    description="A fee is charged: taken from what the member stored, unpaid where that is not enough.",
    schema=FeeChargedSchema,
    amount="money",
)
FEE_WAIVED = ActivityType(
    name="stored_value.fee_waived",
    description="A fee is waived, wholly or in part: what was paid of it from what is stored comes back.",
    schema=FeeWaivedSchema,
    reversal=True,
    command=True,
)
LOW_BALANCE = ActivityType(
    name="stored_value.low_balance",
    description="A spend left less than what the program calls little.",
    schema=LowBalanceSchema,
)
EXPIRING = ActivityType(
    name="stored_value.expiring",
    description="What a member has will lapse soon.",
    schema=ExpiringSchema,
    internal=True,
)
ACTIVITIES = (FEE_DUE, FEE_CHARGED, FEE_WAIVED, LOW_BALANCE, EXPIRING)

CHARGE_FEE = Permission(name="stored_value.charge_fee", description="Charge a member a fee.")
WAIVE_FEE = Permission(name="stored_value.waive_fee", description="Waive a fee, with a reason.")
REPORT = Permission(
    name="stored_value.report", description="See closes, liability, fees and slips, and every member's movements."
)
PERMISSIONS = (CHARGE_FEE, WAIVE_FEE, REPORT)

DAY_NOT_OVER = ErrorText(
    "STORED_VALUE_DAY_NOT_OVER",
    "{day} is not over yet on the program's clock; close it tomorrow.",
    "按计划时钟，{day} 尚未结束；请于次日日结。",
)
FEE_UNKNOWN = ErrorText(
    "STORED_VALUE_FEE_UNKNOWN",
    "The program has no fee {fee}; add it to [[stored_value.fees]], or charge an amount.",
    "计划中没有费用 {fee}；请在 [[stored_value.fees]] 中添加，或直接指定金额。",
)
NO_FEE = ErrorText(
    "STORED_VALUE_NO_FEE",
    "Activity {activity} is no fee that was charged, so there is nothing to waive.",
    "活动 {activity} 不是已收取的费用，无可减免。",
)
NO_SLIP = ErrorText(
    "STORED_VALUE_NO_SLIP",
    "Activity {activity} is no top-up, so there is no slip for it.",
    "活动 {activity} 不是储值，没有凭条。",
)
ERRORS = (DAY_NOT_OVER, FEE_UNKNOWN, NO_FEE, NO_SLIP)
"""The codes of fees and reports."""
