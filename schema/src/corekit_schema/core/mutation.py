"""The root of mutations: members' lives, and activities of any type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from corekit import Activity, Line, NotFound
from corekit_schema import permissions
from corekit_schema.context import Info
from corekit_schema.core import freezing, holds, inputs, outbox, tiering
from corekit_schema.core.holds import CaptureHoldInput, PlaceHoldInput, ReleaseHoldInput
from corekit_schema.core.jobs import RUN_JOB
from corekit_schema.core.lives import PROFILE, LifeMutation
from corekit_schema.core.payload import ActivityPayload, Recorded, record, recorded
from corekit_schema.core.plugins import RESUME_PLUGIN, SUSPEND_PLUGIN
from corekit_schema.core.privacy import PrivacyMutation
from corekit_schema.core.program_changes import APPLY_PROGRAM, PLAN_PROGRAM
from corekit_schema.inputs import Input
from corekit_schema.mutations import MutationField, invalid
from corekit_schema.policies import permission

_REGISTRATION = (*PROFILE, "fee_paid", "invited_by", "reason")


def _register(info: Info, values: Mapping[str, Any]) -> Recorded:
    profile = {name: values[name] for name in _REGISTRATION if values.get(name) is not None}
    return record(info, _activity(info, values, type="member.registered", member="", payload=profile))


def _step(type_: str, info: Info, values: Mapping[str, Any]) -> Recorded:
    return record(info, _activity(info, values, type=type_, payload={"reason": values["reason"]}))


def _record(info: Info, values: Mapping[str, Any]) -> Recorded:
    return record(info, _described(info, values))


def _simulate(info: Info, values: Mapping[str, Any]) -> Recorded:
    return recorded(info.context.kit.simulate(_described(info, values)), simulated=True)


def _told(tell: Callable[[Info, Mapping[str, Any]], dict[str, Any]], info: Info, values: Mapping[str, Any]) -> Recorded:
    return record(info, _activity(info, values, **tell(info, values)))


def _reverse(info: Info, values: Mapping[str, Any]) -> Recorded:
    try:
        outcome = info.context.kit.reverse(
            values["activity_id"],
            lines={line["no"]: line["amount"] for line in values["lines"]},
            amount=values["amount"],
            external_id=values["idempotency_key"],
            reason=values["reason"],
            actor=info.context.viewer.actor,
            occurred_at=values["occurred_at"],
        )
    except NotFound:
        raise invalid("NOT_FOUND", "There is no such activity.", "activityId") from None
    return recorded(outcome)


def _described(info: Info, values: Mapping[str, Any]) -> Activity:
    if not isinstance(values["payload"], dict):
        raise invalid("TYPE", "A payload is a JSON object.", "payload", expected="object")
    lines = tuple(_line(line) for line in values["lines"])
    if values["identity"] is not None and not isinstance(values["identity"], dict):
        raise invalid("TYPE", "An identity is a JSON object.", "identity", expected="object")
    told: dict[str, Any] = {name: values[name] for name in ("type", "amount", "unit", "payload", "source", "identity")}
    return _activity(info, values, lines=lines, members=tuple(values["other_ids"]), **told)


def _line(values: Mapping[str, Any]) -> Line:
    told: dict[str, Any] = {**values, "flags": tuple(values["flags"])}
    return Line(**told)


def _activity(info: Info, values: Mapping[str, Any], **told: Any) -> Activity:
    said: dict[str, Any] = {"member": values.get("member_id", ""), "source": "api", **told}
    return Activity(
        **said,
        external_id=values["idempotency_key"],
        occurred_at=values["occurred_at"],
        actor=info.context.viewer.actor,
    )


def _of(schema: type[Input], run: Callable[[Info, Any], Recorded], asks: str, description: str) -> MutationField:
    return MutationField(schema, run, payload=ActivityPayload, policy=permission(asks), description=description)


class Mutation(LifeMutation, PrivacyMutation):
    """What can be done. Sent again with the same `idempotencyKey`, a mutation answers what it answered first."""

    register = _of(inputs.RegisterInput, _register, permissions.REGISTER, "Make somebody a member.")
    freeze = _of(
        inputs.FreezeInput,
        partial(_step, "member.frozen"),
        permissions.CHANGE,
        "Let a member earn and spend nothing until unfrozen.",
    )
    unfreeze = _of(
        inputs.UnfreezeInput,
        partial(_step, "member.unfrozen"),
        permissions.CHANGE,
        "Make a frozen member active again.",
    )
    cancel = _of(inputs.CancelInput, partial(_step, "member.cancelled"), permissions.CHANGE, "End a membership.")
    restore = _of(
        inputs.RestoreInput, partial(_step, "member.restored"), permissions.CHANGE, "Take up an ended membership again."
    )
    record_activity = _of(
        inputs.RecordActivityInput, _record, permissions.RECORD, "Record what happened, and settle what it does."
    )
    simulate_activity = _of(
        inputs.SimulateActivityInput,
        _simulate,
        permissions.SIMULATE,
        "Tell what an activity would do; nothing is stored.",
    )
    place_hold = _of(
        PlaceHoldInput,
        partial(_told, holds.placed),
        permissions.HOLD,
        "Set value aside, so that it can be spent by a capture alone.",
    )
    capture_hold = _of(
        CaptureHoldInput,
        partial(_told, holds.captured),
        permissions.HOLD,
        "Spend what is set aside, or a part of it; the rest is available again.",
    )
    release_hold = _of(
        ReleaseHoldInput,
        partial(_told, holds.released),
        permissions.HOLD,
        "Let what is set aside be available again.",
    )
    freeze_account = freezing.FREEZE_ACCOUNT
    unfreeze_account = freezing.UNFREEZE_ACCOUNT
    reverse_activity = _of(
        inputs.ReverseActivityInput,
        _reverse,
        permissions.REVERSE,
        "Take an activity back, with all that followed from it, or a part of it.",
    )
    retry_deliveries = outbox.RETRY
    skip_deliveries = outbox.SKIP
    run_job = RUN_JOB
    suspend_plugin = SUSPEND_PLUGIN
    resume_plugin = RESUME_PLUGIN
    plan_program = PLAN_PROGRAM
    apply_program = APPLY_PROGRAM
    set_tier = tiering.SET_TIER
    request_tier = tiering.REQUEST_TIER
    claim_benefit = tiering.CLAIM_BENEFIT
