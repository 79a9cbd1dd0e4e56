"""What a member may do in which state of its life: one table, and the steps between the states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from attrs import frozen
from marshmallow import Schema, fields, validate

from corekit.declares import ErrorText

State = Literal["pending", "active", "frozen", "dormant", "cancelled", "merged"]

STATES: tuple[State, ...] = ("pending", "active", "frozen", "dormant", "cancelled", "merged")
"""Every state a member can be in. None stands for somebody who is no member yet."""
MERGED: State = "merged"
"""Who is part of another member: what names it is about that one, the survivor."""


@frozen
class Step:
    """An activity that leads from one state into another."""

    activity: str
    sources: frozenset[State | None]
    target: State
    does: str
    """What it does, in a sentence."""


def _step(activity: str, sources: str, target: State, does: str) -> Step:
    return Step(activity, frozenset(state for state in STATES if state in sources.split()), target, does)


STEPS: Mapping[str, Step] = {
    step.activity: step
    for step in (
        # Where the program approves by hand, a registration leads to pending instead.
        Step("member.registered", frozenset({None}), "active", "Somebody becomes a member."),
        _step("member.approved", "pending", "active", "An applicant is taken in."),
        _step("member.rejected", "pending", "cancelled", "An applicant is not taken in."),
        _step("member.frozen", "active", "frozen", "The member earns and spends nothing until unfrozen."),
        _step("member.unfrozen", "frozen", "active", "The member is active again."),
        _step("member.lapsed", "active", "dormant", "The membership ran out: the member sleeps until it is renewed."),
        _step("member.renewed", "active dormant", "active", "The membership is prolonged; who slept is active again."),
        _step("member.cancelled", "pending active frozen dormant", "cancelled", "The member leaves."),
        _step("member.restored", "cancelled", "active", "The member is back."),
    )
}
"""The steps by activity type."""

ABOUT_PERSON = frozenset({"member.updated", "member.tagged", "member.joined_group", "member.left_group"})
"""What is known of a member may change in every state but the last."""

ALWAYS = frozenset(
    {
        *("reversal", "refund", "tier.changed", "member.consented", "member.erased"),
        *("account.frozen", "account.unfrozen", "account.closed"),
    }
)
"""What takes back, what follows from that, and what is a person's right, is possible for every member; so is what
freezes and ends an account."""

OF_MERGED = frozenset({"reversal", "refund", "member.erased", "account.closed"})
"""What is about a merged member itself; everything else that names it is about its survivor."""

ERRORS = (
    ErrorText("MEMBER_UNKNOWN", "There is no such member. Register it first.", "会员不存在，请先注册。"),
    ErrorText(
        "MEMBER_PENDING",
        "The membership waits for approval: it earns and spends nothing. Approve it first.",
        "会员资格待审批，不能累积或使用。请先审批。",
    ),
    ErrorText(
        "MEMBER_FROZEN",
        "The member is frozen: it earns and spends nothing. Unfreeze it first.",
        "会员已冻结，不能累积或使用。请先解冻。",
    ),
    ErrorText(
        "MEMBER_DORMANT",
        "The membership has run out: it earns and spends nothing. Renew it first.",
        "会员资格已过期，不能累积或使用。请先续期。",
    ),
    ErrorText(
        "MEMBER_CANCELLED",
        "The membership is cancelled. Restore it first.",
        "会员资格已注销。请先恢复。",
    ),
    ErrorText(
        "MEMBER_MERGED",
        "This member is a part of {survivor}. Name that one, or take the merge back.",
        "该会员已并入 {survivor}，请使用后者，或撤销合并。",
    ),
    ErrorText(
        "MEMBER_STATE",
        "A member that is {state} cannot take the step {activity}.",
        "状态为 {state} 的会员不能执行 {activity}。",
    ),
)
"""The codes of refusals by state, with their sentences."""

_REFUSED: Mapping[str | None, str] = {
    None: "MEMBER_UNKNOWN",
    **{state: f"MEMBER_{state.upper()}" for state in STATES if state != "active"},
}


def allowed(state: str | None, activity_type: str) -> str | None:
    """Return None where a member in ``state`` (None: no member) may have such an activity, else the code.

    What takes back, lapses or follows from that (reversals, ``*.expired``, ``tier.changed``) is possible for
    every member, and so is what is a person's right; a step only from the states that it leads out of; a change of
    what is known of the person from all but the last; all else only for an active one. Who is merged has a survivor.
    """
    if state == MERGED:
        return None if activity_type in OF_MERGED else "MEMBER_MERGED"
    if step := STEPS.get(activity_type):
        if state in step.sources:
            return None
        return "MEMBER_UNKNOWN" if state is None else "MEMBER_STATE"
    if state == "active" or (state is not None and _always(activity_type)):
        return None
    if activity_type in ABOUT_PERSON and state not in (None, "cancelled"):
        return None
    return _REFUSED.get(state, "MEMBER_STATE")


def target(activity_type: str) -> State | None:
    """Return the state into which an activity leads, or None if it leads into none."""
    step = STEPS.get(activity_type)
    return step.target if step else None


def states_table() -> str:
    """Return the table of what is allowed in which state, in Markdown, for the documentation."""
    examples = ("purchase", "reversal", "<kind>.expired", "tier.changed", "member.consented", "member.erased")
    columns: tuple[State | None, ...] = (None, *STATES)
    rows = [
        ["activity", "no member", *STATES],
        ["---"] * (len(columns) + 1),
        *(
            [f"`{name}`", *(_cell(state, name) for state in columns)]
            for name in ("any other", *examples, *sorted(ABOUT_PERSON), *STEPS)
        ),
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _cell(state: State | None, activity_type: str) -> str:
    if code := allowed(state, activity_type):
        return f"`{code}`"
    step = STEPS.get(activity_type)
    return f"→ {step.target}" if step else "yes"


def _always(activity_type: str) -> bool:
    return activity_type in ALWAYS or activity_type.endswith(".expired")


class StepSchema(Schema):
    """The payload of a step between states: why."""

    reason = fields.String(load_default="", validate=validate.Length(max=500))


class RejectionSchema(Schema):
    """The payload of a rejection: why, which has to be said."""

    reason = fields.String(required=True, validate=validate.Length(1, 500))


class RenewalSchema(StepSchema):
    """The payload of a renewal: why, and for how long if not as long as the program says."""

    months = fields.Integer(strict=True, validate=validate.Range(1, 1200))


class LapseSchema(StepSchema):
    """The payload of a lapse: why, and the end of the membership that whoever lets it lapse has seen."""

    valid_until = fields.Integer(strict=True)
