"""What a member may do in which state of its life: one table, and the steps between the states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from attrs import frozen
from marshmallow import Schema, fields, validate

from corekit.declares import ErrorText

State = Literal["active", "frozen", "cancelled"]

STATES: tuple[State, ...] = ("active", "frozen", "cancelled")
"""Every state a member can be in. None stands for somebody who is no member yet."""


@frozen
class Step:
    """An activity that leads from one state into another."""

    activity: str
    sources: frozenset[State | None]
    target: State


STEPS: Mapping[str, Step] = {
    step.activity: step
    for step in (
        Step("member.registered", frozenset({None}), "active"),
        Step("member.frozen", frozenset({"active"}), "frozen"),
        Step("member.unfrozen", frozenset({"frozen"}), "active"),
        Step("member.cancelled", frozenset({"active", "frozen"}), "cancelled"),
        Step("member.restored", frozenset({"cancelled"}), "active"),
    )
}
"""The steps by activity type."""

ERRORS = (
    ErrorText("MEMBER_UNKNOWN", "There is no such member. Register it first.", "会员不存在，请先注册。"),
    ErrorText(
        "MEMBER_FROZEN",
        "The member is frozen: it earns and spends nothing. Unfreeze it first.",
        "会员已冻结，不能累积或使用。请先解冻。",
    ),
    ErrorText(
        "MEMBER_CANCELLED",
        "The membership is cancelled. Restore it first.",
        "会员资格已注销。请先恢复。",
    ),
    ErrorText(
        "MEMBER_STATE",
        "A member that is {state} cannot take the step {activity}.",
        "状态为 {state} 的会员不能执行 {activity}。",
    ),
)
"""The codes of refusals by state, with their sentences."""

_REFUSED = {None: "MEMBER_UNKNOWN", "frozen": "MEMBER_FROZEN", "cancelled": "MEMBER_CANCELLED"}


def allowed(state: str | None, activity_type: str) -> str | None:
    """Return None where a member in ``state`` (None: no member) may have such an activity, else the code.

    What takes back, lapses or follows from that (reversals, ``*.expired``, ``tier.changed``) is possible for
    every member; a step only from the states that it leads out of; all else only for an active one.
    """
    if step := STEPS.get(activity_type):
        if state in step.sources:
            return None
        return "MEMBER_UNKNOWN" if state is None else "MEMBER_STATE"
    if state == "active" or (state is not None and _always(activity_type)):
        return None
    return _REFUSED.get(state, "MEMBER_STATE")


def target(activity_type: str) -> State | None:
    """Return the state into which an activity leads, or None if it leads into none."""
    step = STEPS.get(activity_type)
    return step.target if step else None


def states_table() -> str:
    """Return the table of what is allowed in which state, in Markdown, for the documentation."""
    examples = ("purchase", "reversal", "<kind>.expired", "tier.changed", *STEPS)
    columns: tuple[State | None, ...] = (None, *STATES)
    rows = [
        ["activity", "no member", *STATES],
        ["---"] * (len(columns) + 1),
        *([f"`{name}`", *(_cell(state, name) for state in columns)] for name in ("any other", *examples)),
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _cell(state: State | None, activity_type: str) -> str:
    if code := allowed(state, activity_type):
        return f"`{code}`"
    step = STEPS.get(activity_type)
    return f"→ {step.target}" if step else "yes"


def _always(activity_type: str) -> bool:
    return activity_type in {"reversal", "refund", "tier.changed"} or activity_type.endswith(".expired")


class StepSchema(Schema):
    """The payload of a step between states: why."""

    reason = fields.String(load_default="", validate=validate.Length(max=500))
