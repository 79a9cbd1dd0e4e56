"""The activity types, the permissions and the codes that the plugin brings."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from corekit import ActivityType, ErrorText, Permission

_REASON = validate.Length(1, 500)


class AdjustmentSchema(Schema):
    """The payload of an adjustment."""

    reason = fields.String(required=True, validate=_REASON)


ADJUSTMENT = ActivityType(
    name="points.adjustment",
    description="Points given or taken by hand; the unit says of which currency.",
    schema=AdjustmentSchema,
    amount="own",
    signed=True,
    command=True,
)
ADJUST = Permission(name="points.adjust", description="Give or take points by hand.")


class CancellationSchema(Schema):
    """The payload of a cancellation."""

    activity = fields.String(required=True, validate=validate.Regexp(r"[0-9a-f]{32}\Z", error="This is no id."))
    reason = fields.String(required=True, validate=_REASON)


CANCELLATION = ActivityType(
    name="points.cancelled",
    description=(
        "Points gained against the rules are taken back from the activity that earned them; an amount of 0 takes all "
        "that is left of them."
    ),
    schema=CancellationSchema,
    amount="own",
    command=True,
    target="activity",
)
CANCEL = Permission(name="points.cancel", description="Take back points that were gained against the rules.")


class TransferSchema(Schema):
    """The payload of a transfer."""

    reason = fields.String(required=True, validate=_REASON)


TRANSFER = ActivityType(
    name="points.transferred",
    description="Points for another member, whom it names in members; refused unless the program allows it.",
    schema=TransferSchema,
    amount="own",
    command=True,
)
GIVE = Permission(name="points.transfer", description="Give points of a member to another one.")
TRANSFER_NOT_ALLOWED = ErrorText(
    "POINTS_TRANSFER_NOT_ALLOWED",
    "The program does not allow {account} to be given to another member.",
    "本计划不允许将 {account} 转给其他会员。",
)
RECEIVER = ErrorText(
    "POINTS_RECEIVER",
    "Name in members the one member who gets them; {named} are named.",
    "请在 members 中指定唯一的接收会员；当前指定了 {named} 位。",
)
REPORT = Permission(name="points.report", description="See what the program owes its members in points.")

CURRENCY_UNKNOWN = ErrorText("POINTS_CURRENCY_UNKNOWN", "There is no currency {currency}.", "没有积分币种 {currency}。")

STORE = ErrorText("POINTS_STORE", "The rule is not for the store {store}.", "该规则不适用于门店 {store}。")
NOTHING_COUNTS = ErrorText(
    "POINTS_NOTHING_COUNTS", "Nothing that was bought counts for the rule.", "所购商品均不计入该规则。"
)
BELOW_MINIMUM = ErrorText(
    "POINTS_BELOW_MINIMUM",
    "What counts is {counted}, less than the minimum of {minimum} (in minor units).",
    "计入金额 {counted} 低于最低要求 {minimum}（最小单位）。",
)
FRACTION = ErrorText(
    "POINTS_FRACTION", "It comes to less than one unit, which earns nothing.", "不足一个单位，不计积分。"
)
CAP = ErrorText(
    "POINTS_CAP", "The cap by {cap} is reached; {cut} (minor units) are cut off.", "已达 {cap} 上限，削减 {cut}。"
)
BUDGET = ErrorText(
    "POINTS_BUDGET",
    "The budget that the rule has for all members is not enough; raise it in the program, or wait for its next window.",
    "该规则面向全体会员的预算已不足；请在计划中提高预算，或等待下一周期。",
)
GROUP = ErrorText(
    "POINTS_GROUP", "Of the group {group} only one rule earns, and that is {by}.", "{group} 组内只取一条规则：{by}。"
)
OUTSIDE_CALENDAR = ErrorText(
    "POINTS_OUTSIDE_CALENDAR", "None of the calendars {calendars} holds at that time.", "该时间不在 {calendars} 之内。"
)
TIER_TOO_LOW = ErrorText(
    "POINTS_TIER_TOO_LOW",
    "The rule is from tier {needed} on; the member is in {tier}.",
    "需 {needed} 级以上，当前为 {tier}。",
)
CLAIM_TOO_LATE = ErrorText(
    "POINTS_CLAIM_TOO_LATE",
    "This had to be reported within {hours} hours; it came {seconds} seconds after that.",
    "须在 {hours} 小时内申报，已超时 {seconds} 秒。",
)
LIMIT = ErrorText("POINTS_LIMIT", "The limit of {most} by {limit} is reached.", "已达 {limit} 次数上限 {most}。")
DONE_BEFORE = ErrorText(
    "POINTS_DONE_BEFORE",
    "It earns once per {field}; {value} was there before.",
    "每个 {field} 仅计一次，{value} 已计。",
)
SHORT = ErrorText(
    "POINTS_SHORT", "There is {missing} of {account} less than is to be taken.", "{account} 不足，差 {missing}。"
)

SKIPS = (
    STORE,
    NOTHING_COUNTS,
    BELOW_MINIMUM,
    FRACTION,
    CAP,
    BUDGET,
    GROUP,
    OUTSIDE_CALENDAR,
    TIER_TOO_LOW,
    CLAIM_TOO_LATE,
    LIMIT,
    DONE_BEFORE,
    SHORT,
)
"""Why a rule or a task gives nothing, or less."""
