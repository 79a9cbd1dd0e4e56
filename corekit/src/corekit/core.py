"""The core as a plugin of itself: the types it declares, and what it makes of them. It names no plugin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from marshmallow import Schema, fields, validate

from corekit import paging
from corekit.activities import document, incoming, reverse
from corekit.activities.activity import Batch
from corekit.activities.effects import Effect, Enrol, SetState, SetTier
from corekit.declares import ActivityType, Declares, ErrorText
from corekit.ledger.voucher import LARGEST_AMOUNT
from corekit.members import importing, states
from corekit.metrics import Metric
from corekit.validation import ERRORS as VALIDATION_ERRORS
from corekit.validation import WholeNumber

_LONG = 500
_MONEY = validate.Range(0, LARGEST_AMOUNT)


class PurchaseSchema(Schema):
    """Where and under which number something was bought, and what its amount is made of.

    The amount is what was charged: with ``tax``, after ``discount``, and with the part that was ``points_paid``; all in
    minor units of the currency.
    """

    store = fields.String(validate=validate.Length(min=1, max=200))
    order_no = fields.String(validate=validate.Length(min=1, max=200))
    tax = WholeNumber(validate=_MONEY)
    discount = WholeNumber(validate=_MONEY)
    points_paid = WholeNumber(validate=_MONEY)


class ReversalSchema(Schema):
    """Why something is taken back."""

    reason = fields.String(load_default="", validate=validate.Length(max=_LONG))


class TierChangedSchema(Schema):
    """From which tier of which ladder to which, and the measured values that decided it."""

    ladder = fields.String(required=True)
    from_tier = fields.String(required=True, allow_none=True)
    to_tier = fields.String(required=True)
    reason = fields.String(required=True)
    measured = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


ERRORS = (
    *VALIDATION_ERRORS,
    *incoming.ERRORS,
    *states.ERRORS,
    *reverse.ERRORS,
    *document.ERRORS,
    *importing.ERRORS,
    *paging.ERRORS,
    ErrorText(
        "MEMBER_EXISTS", "A member with external id {external_id} exists.", "外部编号为 {external_id} 的会员已存在。"
    ),
    ErrorText(
        "INSUFFICIENT",
        "There is {available} of {account}, not {needed}.",
        "{account} 余额 {available}，不足 {needed}。",
    ),
    ErrorText("ACCOUNT_CLOSED_TO_DEBITS", "The account {account} is {state}.", "账户 {account} 状态为 {state}。"),
    ErrorText(
        "CLAWBACK_SHORTFALL",
        "{missing} of {account} has been spent and cannot be taken back.",
        "{account} 中有 {missing} 已使用，无法收回。",
    ),
    ErrorText(
        "FOLLOW_TOO_DEEP", "Activities follow from each other more than {most} deep.", "后续活动嵌套超过 {most} 层。"
    ),
    ErrorText("GUARD_FAILED", "What this needs is used up: {effect}.", "所需资源已用完：{effect}。"),
    ErrorText("BUSY", "Others keep changing the same member; send it again.", "会员正被频繁修改，请重试。"),
    ErrorText(
        "PLUGIN_SUSPENDED",
        "Plugin {plugin} does not return; nothing is settled until it does.",
        "插件 {plugin} 没有响应，暂停结算。",
    ),
    ErrorText("NOT_FOUND", "There is nothing under this id.", "未找到。"),
    ErrorText("UNAVAILABLE", "The database does not answer; send it again.", "数据库暂不可用，请重试。"),
    ErrorText("INTERNAL", "Something went wrong; the log knows more under {id}.", "内部错误，日志编号 {id}。"),
    ErrorText("PLUGIN_FAILED", "A plugin failed at this activity; send it again later.", "插件处理失败，请稍后重试。"),
)
"""Every code of the core with its sentences."""


def declares(profile: type[Schema] | None) -> Declares:
    """Say what the core brings; ``profile`` is the schema of what a registration tells."""
    steps = (
        ("member.frozen", "The member earns and spends nothing until unfrozen."),
        ("member.unfrozen", "The member is active again."),
        ("member.cancelled", "The member leaves."),
        ("member.restored", "The member is back."),
    )
    return Declares(
        activities=(
            ActivityType(
                name="member.registered", description="Somebody becomes a member.", schema=profile, command=True
            ),
            *(
                ActivityType(name=name, description=text, schema=states.StepSchema, command=True)
                for name, text in steps
            ),
            ActivityType(
                name="purchase",
                description="The member bought something.",
                schema=PurchaseSchema,
                amount="money",
                lines=True,
            ),
            ActivityType(
                name="refund", description="A purchase comes back.", schema=ReversalSchema, reversal=True, command=True
            ),
            ActivityType(
                name="reversal",
                description="An activity is taken back.",
                schema=ReversalSchema,
                reversal=True,
                command=True,
            ),
            ActivityType(
                name="tier.changed",
                description="The member stands in another tier.",
                schema=TierChangedSchema,
                internal=True,
            ),
        ),
        metrics=(
            Metric(
                name="spend",
                activities=("purchase",),
                measure="amount",
                description="What the member spent, in minor units of the currency.",
            ),
            Metric(
                name="visits", activities=("purchase",), measure="count", description="How often the member bought."
            ),
        ),
        errors=ERRORS,
    )


def react(batch: Batch) -> Iterator[Effect]:
    """Yield what the core's own types do: lives of members and changes of tiers."""
    for activity in batch.of("member.registered"):
        yield Enrol(activity, rule="core@1", profile=dict(activity.payload), otherwise="refuse")
    for name, step in states.STEPS.items():
        if name != "member.registered":
            for activity in batch.of(name):
                reason: Any = activity.payload.get("reason", "")
                yield SetState(activity, rule="core@1", state=step.target, reason=reason, otherwise="refuse")
    for activity in batch.of("tier.changed"):
        told: Any = activity.payload
        yield SetTier(
            activity,
            rule="core@1",
            ladder=told["ladder"],
            tier=told["to_tier"],
            reason=told["reason"],
            measured=told["measured"],
        )
