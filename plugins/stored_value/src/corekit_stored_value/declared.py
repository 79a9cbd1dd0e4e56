"""The activity types, the permissions and the codes that the plugin brings."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from corekit import ActivityType, ErrorText, Permission

_TEXT = validate.Length(1, 200)
_REASON = validate.Length(1, 500)
_ID = validate.Regexp(r"[0-9a-f]{32}\Z", error="This is no id.")
_HASH = validate.Regexp(r"[0-9a-f]{64}\Z", error="This is no hash.")
_LONGEST_HOLD = 366 * 86_400

# Payloads


class PaymentSchema(Schema):
    """How money came in or went out, and where."""

    channel = fields.String(required=True, validate=_TEXT)
    reference = fields.String(validate=_TEXT)
    store = fields.String(validate=_TEXT)


class PaidSchema(PaymentSchema):
    """Besides: which request was paid."""

    request = fields.String(required=True, validate=_ID)


class RequestSchema(Schema):
    """Which request, and why it ends."""

    request = fields.String(required=True, validate=_ID)
    reason = fields.String(validate=_REASON)


class LapsedSchema(Schema):
    """Which request."""

    request = fields.String(required=True, validate=_ID)


class SpentSchema(Schema):
    """Where something was bought, and under which number."""

    store = fields.String(validate=_TEXT)
    order_no = fields.String(validate=_TEXT)


class AuthorisedSchema(SpentSchema):
    """Besides: for how long it is set aside."""

    seconds = fields.Integer(strict=True, validate=validate.Range(1, _LONGEST_HOLD))


class WithdrawnSchema(PaymentSchema):
    """Besides: the hash of the quote that was agreed to."""

    quote = fields.String(required=True, validate=_HASH)
    reason = fields.String(validate=_REASON)


class ChargedBackSchema(Schema):
    """Why a payment was taken back, and under which number."""

    reason = fields.String(load_default="", validate=validate.Length(max=500))
    reference = fields.String(validate=_TEXT)


class AdjustedSchema(Schema):
    """Of which account, and why."""

    account = fields.String(required=True, validate=validate.OneOf(("principal", "bonus")))
    reason = fields.String(required=True, validate=_REASON)
    store = fields.String(validate=_TEXT)


class ApprovedSchema(Schema):
    """What is approved, by its hash, as the refusal told it that asked for an approval."""

    hash = fields.String(required=True, validate=_HASH)
    reason = fields.String(validate=_REASON)


# Activity types

TOPPED_UP = ActivityType(
    name="stored_value.topped_up",
    description="A member paid money in; the unit says in which currency.",
    schema=PaymentSchema,
    amount="own",
    command=True,
)
REQUESTED = ActivityType(
    name="stored_value.requested",
    description="A member is about to pay money in: a top-up that waits to be paid.",
    schema=PaymentSchema,
    amount="own",
    command=True,
)
PAID = ActivityType(
    name="stored_value.paid",
    description="The provider says that a requested top-up was paid: its source, and its event as the external id.",
    schema=PaidSchema,
    amount="own",
    command=True,
)
CANCELLED = ActivityType(
    name="stored_value.cancelled",
    description="A requested top-up is not going to be paid.",
    schema=RequestSchema,
    command=True,
)
LAPSED = ActivityType(
    name="stored_value.lapsed",
    description="A requested top-up was not paid in time.",
    schema=LapsedSchema,
    command=True,
)
SPENT = ActivityType(
    name="stored_value.spent",
    description="Stored value is spent: principal and bonus, as the program says which first.",
    schema=SpentSchema,
    amount="own",
    command=True,
)
AUTHORISED = ActivityType(
    name="stored_value.authorised",
    description="Stored value is set aside for an order; hold.captured and hold.released name this activity.",
    schema=AuthorisedSchema,
    amount="own",
    command=True,
)
WITHDRAWN = ActivityType(
    name="stored_value.withdrawn",
    description="A member takes its money out: what the quote said is paid, and the bonus is taken back.",
    schema=WithdrawnSchema,
    amount="own",
    command=True,
    afresh=True,
)
CHARGED_BACK = ActivityType(
    name="stored_value.charged_back",
    description="The payment of a top-up was taken back: so is what it brought, and nothing more can be spent.",
    schema=ChargedBackSchema,
    reversal=True,
    command=True,
    afresh=True,
)
ADJUSTED = ActivityType(
    name="stored_value.adjusted",
    description="Principal or bonus given or taken by hand.",
    schema=AdjustedSchema,
    amount="own",
    signed=True,
    command=True,
)
APPROVED = ActivityType(
    name="stored_value.approved",
    description="Somebody else approves what is above a limit; it counts once.",
    schema=ApprovedSchema,
    command=True,
)
ACTIVITIES = (
    TOPPED_UP,
    REQUESTED,
    PAID,
    CANCELLED,
    LAPSED,
    SPENT,
    AUTHORISED,
    WITHDRAWN,
    CHARGED_BACK,
    ADJUSTED,
    APPROVED,
)

# Permissions

TOP_UP = Permission(name="stored_value.top_up", description="Take money of members in.")
PAY = Permission(name="stored_value.pay", description="Say that a requested top-up was paid, or charged back.")
SPEND = Permission(name="stored_value.spend", description="Let members spend stored value.")
WITHDRAW = Permission(name="stored_value.withdraw", description="Pay money out to members.")
ADJUST = Permission(name="stored_value.adjust", description="Give or take principal and bonus by hand.")
APPROVE = Permission(name="stored_value.approve", description="Approve what somebody else does above a limit.")
PERMISSIONS = (TOP_UP, PAY, SPEND, WITHDRAW, ADJUST, APPROVE)

# Codes

CURRENCY_UNKNOWN = ErrorText(
    "STORED_VALUE_CURRENCY_UNKNOWN",
    "The program had no currency {currency} then.",
    "当时的计划没有币种 {currency}。",
)
KIND_FROZEN = ErrorText(
    "STORED_VALUE_KIND_FROZEN",
    "The program has frozen {account}: nothing comes in or goes out. Ask whoever runs it.",
    "计划已冻结 {account}，暂停出入账，请联系管理员。",
)
LIMIT = ErrorText(
    "STORED_VALUE_LIMIT",
    "The limit {limit} of {most} leaves {left}, not {asked} (in minor units).",
    "{limit} 限额为 {most}，尚余 {left}，不足 {asked}（最小单位）。",
)
BONUS_CAP = ErrorText(
    "STORED_VALUE_BONUS_CAP",
    "The cap of the bonus by {cap} is reached; {cut} (minor units) are cut off.",
    "赠送已达 {cap} 上限，削减 {cut}。",
)
REQUEST_UNKNOWN = ErrorText(
    "STORED_VALUE_REQUEST_UNKNOWN",
    "The member has no requested top-up {request}.",
    "该会员没有充值申请 {request}。",
)
REQUEST_RESOLVED = ErrorText(
    "STORED_VALUE_REQUEST_RESOLVED",
    "The requested top-up is {state}; what was paid for it has to be given back by the provider.",
    "充值申请状态为 {state}；若已付款，请由支付方退回。",
)
REQUEST_OVER = ErrorText(
    "STORED_VALUE_REQUEST_OVER",
    "The requested top-up was paid, cancelled or lapsed; take that back first.",
    "充值申请已付款、取消或失效；请先撤销该处理。",
)
REQUEST_LAPSED = ErrorText(
    "STORED_VALUE_REQUEST_LAPSED",
    "The requested top-up lapsed at {lapsed}; what was paid after that has to be given back by the provider.",
    "充值申请已于 {lapsed} 失效；其后的付款请由支付方退回。",
)
REQUEST_NOT_DUE = ErrorText(
    "STORED_VALUE_REQUEST_NOT_DUE",
    "The requested top-up can be paid until {lapses}; cancel it instead.",
    "充值申请在 {lapses} 前仍可付款；如需终止请取消。",
)
PAID_OTHERWISE = ErrorText(
    "STORED_VALUE_PAID_OTHERWISE",
    "Asked for was {amount} {unit} (minor units), and that has to be paid.",
    "申请金额为 {amount} {unit}（最小单位），须如数支付。",
)
QUOTE_CHANGED = ErrorText(
    "STORED_VALUE_QUOTE_CHANGED",
    "What would be paid out is not what the quote said any more; ask for another quote.",
    "可退金额已变化，请重新查询。",
)
BONUS_NOT_CASH = ErrorText(
    "STORED_VALUE_BONUS_NOT_CASH",
    "{payable} can be paid out, not {asked}: the bonus of {bonus} is never paid out (minor units).",
    "可退 {payable}，不能退 {asked}；赠送 {bonus} 不可提现（最小单位）。",
)
NOT_IN_PART = ErrorText(
    "STORED_VALUE_NOT_IN_PART",
    "Who takes money out takes all of it: {payable}, not {asked} (minor units).",
    "须一次退清 {payable}，不能只退 {asked}（最小单位）。",
)
NOTHING_LEFT = ErrorText("STORED_VALUE_NOTHING_LEFT", "There is nothing to take out.", "没有可退的余额。")
HELD = ErrorText(
    "STORED_VALUE_HELD",
    "{held} (minor units) is set aside for orders; capture or release that first.",
    "有 {held}（最小单位）已被冻结，请先扣款或解除。",
)
NO_TOP_UP = ErrorText(
    "STORED_VALUE_NO_TOP_UP",
    "{activity} is no top-up of the member; only the payment of one is charged back.",
    "{activity} 不是该会员的充值，只有充值付款可以拒付。",
)
APPROVAL_MISSING = ErrorText(
    "STORED_VALUE_APPROVAL_MISSING",
    "Above {limit} (minor units) somebody else approves it first; let it approve {hash}, and send it with a new key.",
    "超过 {limit}（最小单位）须由他人审批：请审批 {hash}，再以新键提交。",
)
APPROVAL_SAME_PERSON = ErrorText(
    "STORED_VALUE_APPROVAL_SAME_PERSON",
    "{actor} cannot approve what {actor} does; ask somebody else.",
    "{actor} 不能审批自己的操作，请由他人审批。",
)
ACTOR_MISSING = ErrorText(
    "STORED_VALUE_ACTOR_MISSING",
    "Say who does it: where two people are needed, both have a name.",
    "请注明操作人：双人审批须双方具名。",
)
APPROVAL_USED = ErrorText(
    "STORED_VALUE_APPROVAL_USED", "The approval counts once, and was used.", "该审批仅能使用一次，且已使用。"
)
ERRORS = (
    CURRENCY_UNKNOWN,
    KIND_FROZEN,
    LIMIT,
    BONUS_CAP,
    REQUEST_UNKNOWN,
    REQUEST_RESOLVED,
    REQUEST_OVER,
    REQUEST_LAPSED,
    REQUEST_NOT_DUE,
    PAID_OTHERWISE,
    QUOTE_CHANGED,
    BONUS_NOT_CASH,
    NOT_IN_PART,
    NOTHING_LEFT,
    HELD,
    NO_TOP_UP,
    APPROVAL_MISSING,
    APPROVAL_SAME_PERSON,
    ACTOR_MISSING,
    APPROVAL_USED,
)
