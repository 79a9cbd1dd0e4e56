"""The core as a plugin of itself: the types it declares, and what it makes of them. It names no plugin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from marshmallow import Schema, fields, validate, validates_schema

from corekit import paging
from corekit.activities import document, enrolment, freezing, receiving, reverse
from corekit.activities.activity import Batch
from corekit.activities.effects import (
    LONGEST_HOLD,
    Capture,
    CaptureAcross,
    CloseAccount,
    Effect,
    Hold,
    Receive,
    Release,
    ReleaseAcross,
)
from corekit.clock import moment
from corekit.declares import ActivityType, Declares, ErrorText
from corekit.jobs.errors import ERRORS as JOB_ERRORS
from corekit.jobs.holds import HOLDS
from corekit.jobs.memberships import MEMBERSHIPS
from corekit.jobs.tiers import TIERS
from corekit.ledger.voucher import LARGEST_AMOUNT
from corekit.members import declared, importing, measured, opening, states
from corekit.metrics import Metric
from corekit.program import refusals
from corekit.tiers import declared as tiers
from corekit.validation import ERRORS as VALIDATION_ERRORS
from corekit.validation import WholeNumber, coded

if TYPE_CHECKING:
    from corekit.settings import Settings

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


class HoldPlacedSchema(Schema):
    """On which account, and for how long."""

    account = fields.String(required=True)
    seconds = fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(1, LONGEST_HOLD))


class HoldResolvedSchema(Schema):
    """Which hold, or which activity placed the holds: all that it set aside."""

    hold = fields.String(validate=validate.Regexp(r"[0-9a-f]{32}\Z"))
    activity = fields.String(validate=validate.Regexp(r"[0-9a-f]{32}\Z"))

    @validates_schema
    def _one(self, data: dict[str, Any], **_: Any) -> None:
        if ("hold" in data) == ("activity" in data):
            raise coded("HOLD_WHICH", HOLD_WHICH.en)


HOLD_WHICH = ErrorText(
    "HOLD_WHICH",
    "Name a hold, or the activity that placed holds: one of the two.",
    "请指明一项冻结，或作出冻结的活动（二选一）。",
)


ERRORS = (
    *VALIDATION_ERRORS,
    *receiving.ERRORS,
    *states.ERRORS,
    *declared.ERRORS,
    *enrolment.ERRORS,
    *reverse.ERRORS,
    *document.ERRORS,
    *importing.ERRORS,
    *measured.ERRORS,
    *paging.ERRORS,
    *JOB_ERRORS,
    *refusals.ERRORS,
    *tiers.ERRORS,
    ErrorText(
        "INSUFFICIENT",
        "Of {account} {available} is available and {held} is held, but {needed} is needed.",
        "{account} 可用 {available}，冻结 {held}，不足 {needed}。",
    ),
    ErrorText("ACCOUNT_UNKNOWN", "There is no account kind {account}.", "没有账户类型 {account}。"),
    ErrorText("TRANSFER_NOT_POSSIBLE", "Member {member} cannot receive anything.", "会员 {member} 无法接收。"),
    ErrorText("TRANSFER_NOT_ALLOWED", "Value of {account} cannot be given away.", "{account} 不可转让。"),
    HOLD_WHICH,
    ErrorText("HOLD_UNKNOWN", "The member has no hold {hold}.", "该会员没有冻结 {hold}。"),
    ErrorText("HOLD_RESOLVED", "The hold {hold} was {outcome} before.", "冻结 {hold} 已处理（{outcome}）。"),
    ErrorText("HOLD_EXPIRED", "The hold {hold} has lapsed; place another.", "冻结 {hold} 已过期，请重新申请。"),
    ErrorText("OVER_CAPTURE", "Of this hold {held} can be captured, not {asked}.", "最多可扣 {held}，不能扣 {asked}。"),
    ErrorText(
        "VALUE_HELD",
        "{missing} of {account} is held; capture or release hold {hold} first.",
        "{account} 中有 {missing} 被冻结，请先处理 {hold}。",
    ),
    *freezing.ERRORS,
    ErrorText(
        "CLAWBACK_SHORTFALL",
        "{missing} of {account} has been spent and cannot be taken back.",
        "{account} 中有 {missing} 已使用，无法收回。",
    ),
    ErrorText(
        "FOLLOW_TOO_DEEP", "Activities follow from each other more than {most} deep.", "后续活动嵌套超过 {most} 层。"
    ),
    ErrorText("GUARD_FAILED", "What this needs is used up: {effect}.", "所需资源已用完：{effect}。"),
    ErrorText("NOT_SIMULATED", "What comes of {type} is known by doing it alone.", "{type} 不能试算，只能实际执行。"),
    ErrorText("BUSY", "Others keep changing the same member; send it again.", "会员正被频繁修改，请重试。"),
    ErrorText(
        "PLUGIN_SUSPENDED",
        "Plugin {plugin} is suspended; nothing was stored, send it again later.",
        "插件 {plugin} 已暂停，未作任何记录，请稍后重试。",
    ),
    ErrorText("NOT_FOUND", "There is nothing under this id.", "未找到。"),
    ErrorText("UNAVAILABLE", "The database does not answer; send it again.", "数据库暂不可用，请重试。"),
    ErrorText("INTERNAL", "Something went wrong; the log knows more under {id}.", "内部错误，日志编号 {id}。"),
    ErrorText("PLUGIN_FAILED", "A plugin failed at this activity; send it again later.", "插件处理失败，请稍后重试。"),
)
"""Every code of the core with its sentences."""


def declares(settings: Settings) -> Declares:
    """Say what the core brings; what is told of members follows from the settings."""
    return Declares(
        activities=(
            *declared.activity_types(settings),
            ActivityType(
                name="purchase",
                description="The member bought something.",
                schema=PurchaseSchema,
                amount="money",
                lines=True,
                tenders=True,
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
                name="opening.balance",
                description="What the member had in another system is taken over.",
                schema=opening.OpeningSchema,
                command=True,
            ),
            ActivityType(
                name="hold.placed",
                description="Value of an account is set aside.",
                schema=HoldPlacedSchema,
                amount="any",
                command=True,
            ),
            ActivityType(
                name="hold.captured",
                description="What is set aside is spent, wholly or in part.",
                schema=HoldResolvedSchema,
                amount="any",
                command=True,
            ),
            ActivityType(
                name="hold.released",
                description="What is set aside is available again.",
                schema=HoldResolvedSchema,
                command=True,
            ),
            ActivityType(
                name="transfer.received",
                description="Value arrives that another member gave.",
                internal=True,
                amount="any",
            ),
            ActivityType(name="hold.expired", description="A hold lapsed.", internal=True),
            ActivityType(
                name=reverse.CLOSED,
                description="What the member had of an account kind went elsewhere: its plugin was removed.",
                internal=True,
                command=True,
            ),
            *freezing.ACTIVITIES,
            *tiers.ACTIVITIES,
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
        jobs=(HOLDS, MEMBERSHIPS, TIERS),
        benefits=tiers.BENEFITS,
        errors=ERRORS,
    )


def react(batch: Batch) -> Iterator[Effect]:
    """Yield what the core's own types do: lives of members, value set aside or moved, changes of tiers."""
    yield from declared.react(batch)
    yield from opening.react(batch)
    yield from _value(batch)
    yield from freezing.react(batch)
    yield from tiers.react(batch)


def _value(batch: Batch) -> Iterator[Effect]:
    for activity in batch.of("hold.placed"):
        asked: Any = activity.payload
        yield Hold(
            activity, rule="core@1", account=asked["account"], amount=activity.amount, seconds=asked.get("seconds")
        )
    for activity in batch.of("hold.captured"):
        hold, placed_by = activity.payload.get("hold"), activity.payload.get("activity", "")
        amount = activity.amount or None
        if hold is None:
            yield CaptureAcross(activity, rule="core@1", placed_by=placed_by, amount=amount)
        else:
            yield Capture(activity, rule="core@1", hold=hold, amount=amount)
    for activity in batch.of("hold.released"):
        hold, placed_by = activity.payload.get("hold"), activity.payload.get("activity", "")
        if hold is None:
            yield ReleaseAcross(activity, rule="core@1", placed_by=placed_by)
        else:
            yield Release(activity, rule="core@1", hold=hold)
    for activity in batch.of(reverse.CLOSED):
        asked = activity.payload
        yield CloseAccount(activity, rule="removal@1", account=asked["account"], to=asked["to"])
    for activity in batch.of("transfer.received"):
        moved: Any = activity.payload
        for amount, *instants in moved["parts"]:
            lapses, available = (None if each is None else moment(each) for each in (*instants, None)[:2])
            yield Receive(
                activity,
                rule="core@1",
                account=moved["account"],
                amount=amount,
                expires_at=lapses,
                available_from=available,
            )
