"""The activity types, the permissions and the codes of rewards."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from corekit import ActivityType, ErrorText, Permission

_NAME = validate.Length(1, 200)
_ID = validate.Regexp(r"[0-9a-f]{32}\Z", error="This is no id.")


class RedeemedSchema(Schema):
    """The payload of a redemption: which reward, and where it was asked for."""

    reward = fields.String(required=True, validate=_NAME)
    store = fields.String(validate=_NAME)


class FulfilledSchema(Schema):
    """The payload of a fulfilment: the code that was shown, or which redemption it is; and where."""

    code = fields.String(validate=_NAME)
    redemption = fields.String(validate=_ID)
    store = fields.String(validate=_NAME)

    @validates_schema
    def one(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a fulfilment of nothing, and one of two things."""
        if ("code" in data) == ("redemption" in data):
            raise ValidationError("Say the code or the redemption, one of them.", "code")


class CancelledSchema(Schema):
    """The payload of a cancellation."""

    reason = fields.String(load_default="", validate=validate.Length(max=500))


REDEEMED = ActivityType(
    name="points.redeemed",
    description="A member takes a reward for points; the amount is what is paid in money besides.",
    schema=RedeemedSchema,
    amount="money",
    command=True,
    tenders=True,
)
FULFILLED = ActivityType(
    name="points.redemption_fulfilled",
    description="A redeemed reward is handed over, to whoever shows its code.",
    schema=FulfilledSchema,
    command=True,
    kept=("redemption", "store"),
)
CANCELLED = ActivityType(
    name="points.redemption_cancelled",
    description="A redemption that was not fulfilled is taken back: points and piece return.",
    schema=CancelledSchema,
    reversal=True,
    command=True,
)
EXPIRED = ActivityType(
    name="points.redemption_expired",
    description="Nobody came for a redeemed reward in time: points and piece return.",
    reversal=True,
    command=True,
    internal=True,
)
ACTIVITIES = (REDEEMED, FULFILLED, CANCELLED, EXPIRED)

REDEEM = Permission(name="points.redeem", description="Redeem points of a member for rewards, and cancel that.")
FULFIL = Permission(name="points.fulfil", description="Hand over redeemed rewards to whoever shows the code.")
RESTOCK = Permission(name="points.restock", description="Say how many pieces of a reward there are.")
PERMISSIONS = (REDEEM, FULFIL, RESTOCK)

REWARD_UNKNOWN = ErrorText("POINTS_REWARD_UNKNOWN", "There is no reward {reward}.", "没有奖品 {reward}。")
NOT_YET = ErrorText("POINTS_REWARD_NOT_YET", "It can be had from {first} on.", "自 {first} 起可兑换。")
OVER = ErrorText("POINTS_REWARD_OVER", "It could be had until {last}.", "兑换已于 {last} 截止。")
TIER = ErrorText(
    "POINTS_REWARD_TIER", "It is from tier {needed} on; the member is in {tier}.", "需 {needed} 级以上，当前为 {tier}。"
)
LIMIT = ErrorText(
    "POINTS_REWARD_LIMIT",
    "A member gets it {most} times at most by {limit}, and has had it so often.",
    "每位会员按 {limit} 最多兑换 {most} 次，已达上限。",
)
MISSING = ErrorText(
    "POINTS_REWARD_MISSING",
    "It costs {needed} of {account}; {missing} are missing.",
    "需要 {account} {needed}，还差 {missing}。",
)
SOLD_OUT = ErrorText("POINTS_REWARD_SOLD_OUT", "It is sold out.", "已兑完。")
PRICE = ErrorText(
    "POINTS_REWARD_PRICE",
    "It costs {expected} (minor units of money) besides the points, not {asked}.",
    "除积分外须支付 {expected}（最小货币单位），而非 {asked}。",
)
CODE_UNKNOWN = ErrorText("POINTS_CODE_UNKNOWN", "No reward was redeemed under this code.", "没有此兑换码的奖品。")
REDEMPTION_UNKNOWN = ErrorText(
    "POINTS_REDEMPTION_UNKNOWN", "The member has no redemption {redemption}.", "该会员没有兑换 {redemption}。"
)
ALREADY_FULFILLED = ErrorText(
    "POINTS_REDEMPTION_FULFILLED",
    "It was handed over at {at} (store: {store}).",
    "已于 {at} 领取（门店：{store}）。",
)
ALREADY_CANCELLED = ErrorText("POINTS_REDEMPTION_CANCELLED", "It was cancelled at {at}.", "已于 {at} 取消。")
TOO_LATE = ErrorText("POINTS_REDEMPTION_EXPIRED", "It had to be fetched before {at}.", "须在 {at} 之前领取，已过期。")
STOCK_SHORT = ErrorText(
    "POINTS_STOCK_SHORT",
    "There are {left} left, so {asked} cannot be taken away.",
    "仅剩 {left} 件，不能减少 {asked} 件。",
)
NOT_STOCKED = ErrorText(
    "POINTS_NOT_STOCKED",
    "There is no end to reward {reward}: write stocked = true in the program first.",
    "奖品 {reward} 不限量；请先在计划中写明 stocked = true。",
)
PAY_OFF = ErrorText("POINTS_PAY_OFF", "Nothing can be paid with points.", "不支持积分抵扣。")
PAY_LEAST = ErrorText(
    "POINTS_PAY_LEAST",
    "At least {least} is paid with points (minor units of money), not {asked}.",
    "积分抵扣至少 {least}（最小货币单位），而非 {asked}。",
)
PAY_SHARE = ErrorText(
    "POINTS_PAY_SHARE",
    "Of this at most {most} can be paid with points (minor units of money), not {asked}.",
    "此单最多可用积分抵扣 {most}（最小货币单位），而非 {asked}。",
)
ERRORS = (
    PAY_OFF,
    PAY_LEAST,
    PAY_SHARE,
    REWARD_UNKNOWN,
    NOT_YET,
    OVER,
    TIER,
    LIMIT,
    MISSING,
    SOLD_OUT,
    PRICE,
    CODE_UNKNOWN,
    REDEMPTION_UNKNOWN,
    ALREADY_FULFILLED,
    ALREADY_CANCELLED,
    TOO_LATE,
    STOCK_SHORT,
    NOT_STOCKED,
)
