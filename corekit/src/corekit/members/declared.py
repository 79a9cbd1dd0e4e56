"""The activity types by which a member's life is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from marshmallow import Schema, fields, validate, validates_schema

from corekit.activities.activity import Batch
from corekit.activities.effects import (
    Effect,
    Enrol,
    Erase,
    GiveUp,
    JoinGroup,
    Lapse,
    LeaveGroup,
    Merge,
    PassOn,
    Renew,
    SetConsent,
    SetState,
    ShiftMetrics,
    Tag,
    TakeDebt,
    TakeOver,
    UpdateProfile,
)
from corekit.declares import ActivityType, ErrorText
from corekit.members import states
from corekit.members.opening import BROUGHT
from corekit.members.profile import profile_schema, update_schema
from corekit.members.rules import ERRORS as RULES_ERRORS
from corekit.validation import coded

if TYPE_CHECKING:
    from corekit.settings import Settings

_RULE = "core@1"
_TAG = validate.Regexp(r"[^\x00-\x1f\x7f\ud800-\udfff,]{1,100}\Z")
_CODE = validate.Regexp(r"[A-Za-z0-9_.-]{1,100}\Z")
MOST_TAGS = 100
GROUP_KINDS = ("family", "company")

ERRORS = (
    *RULES_ERRORS,
    ErrorText(
        "MEMBER_EXISTS", "A member with external id {external_id} exists.", "外部编号为 {external_id} 的会员已存在。"
    ),
    ErrorText("IDENTITY_TAKEN", "Another member has this {field}.", "该 {field} 已属于其他会员。"),
    ErrorText("MEMBERSHIP_UNLIMITED", "This membership has no end that could be moved.", "该会员资格没有期限。"),
    ErrorText(
        "MEMBERSHIP_RENEWED", "The membership does not end as assumed; it was renewed meanwhile.", "会员资格已续期。"
    ),
    ErrorText("NOTHING_GIVEN", "Say what is to change.", "请指明要更改的内容。"),
    ErrorText("GROUP_HAS_PRIMARY", "The group {group} has a primary member already.", "{group} 已有主会员。"),
    ErrorText("GROUP_KIND", "The group {group} is a {kind}.", "{group} 的类型是 {kind}。"),
    ErrorText("GROUP_MEMBER", "The member belongs to the group {group} already.", "会员已属于 {group}。"),
    ErrorText("GROUP_NOT_MEMBER", "The member does not belong to the group {group}.", "会员不属于 {group}。"),
    ErrorText("TAGS_TOO_MANY", "A member has at most {most} tags.", "会员最多 {most} 个标签。"),
    ErrorText("MERGE_UNKNOWN", "There is no member {member} that could be merged.", "会员 {member} 不存在，无法合并。"),
    ErrorText(
        "MERGE_STATE",
        "Member {member} is {state}; only an active or dormant one becomes a part of another.",
        "会员 {member} 状态为 {state}，无法并入他人。",
    ),
    ErrorText(
        "MERGE_HOLD",
        "Value of member {member} is set aside; capture or release hold {hold} first.",
        "会员 {member} 有冻结 {hold}，请先处理。",
    ),
    ErrorText("ERASED", "Who this was has been erased already.", "个人资料已删除。"),
    ErrorText("NOT_REVERSIBLE", "What was erased does not come back.", "已删除的资料无法恢复。"),
)
"""The codes of what can be wrong with what is known of a member."""


class TaggedSchema(states.StepSchema):
    """Which tags are put on and taken off, and why."""

    add = fields.List(fields.String(validate=_TAG), load_default=list, validate=validate.Length(max=MOST_TAGS))
    remove = fields.List(fields.String(validate=_TAG), load_default=list, validate=validate.Length(max=MOST_TAGS))

    @validates_schema
    def something(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse what changes nothing, or contradicts itself."""
        if not data["add"] and not data["remove"]:
            raise coded("NOTHING_GIVEN", "Say what is to change.")
        if both := sorted(set(data["add"]) & set(data["remove"])):
            raise coded("FORBIDDEN", f"The tag {both[0]} cannot be put on and taken off at once.", tag=both[0])


class JoinedGroupSchema(states.StepSchema):
    """Which group, and as what."""

    group = fields.String(required=True, validate=_CODE)
    kind = fields.String(load_default="family", validate=validate.OneOf(GROUP_KINDS))
    role = fields.String(load_default="supplementary", validate=validate.OneOf(["primary", "supplementary"]))


class LeftGroupSchema(states.StepSchema):
    """Which group."""

    group = fields.String(required=True, validate=_CODE)


def consent_schema(settings: Settings) -> type[Schema]:
    """Return the schema of a word on consent: for what, on which channel, and how it was given."""
    rules = settings.members
    declared: dict[str, Any] = {
        "purpose": fields.String(required=True, validate=validate.OneOf(rules.purposes)),
        "channel": fields.String(
            load_default=rules.consent_channels[0], validate=validate.OneOf(rules.consent_channels)
        ),
        "granted": fields.Boolean(required=True),
        "evidence": fields.String(load_default="", validate=validate.Length(max=500)),
    }
    base: Any = states.StepSchema
    schema: type[Schema] = base.from_dict(declared, name="MemberConsent")
    return schema


def activity_types(settings: Settings) -> tuple[ActivityType, ...]:
    """Return the types, with the schemas that follow from the settings."""
    schemas: dict[str, type[Schema]] = {
        "member.registered": profile_schema(settings),
        "member.rejected": states.RejectionSchema,
        "member.renewed": states.RenewalSchema,
        "member.lapsed": states.LapseSchema,
    }
    kept = {"member.registered": ("channel", "kind", "fee_paid", "invited_by", "reason", *BROUGHT)}
    steps = (
        ActivityType(
            name=name,
            description=step.does,
            schema=schemas.get(name, states.StepSchema),
            command=True,
            kept=kept.get(name),
        )
        for name, step in states.STEPS.items()
    )
    known: tuple[tuple[str, str, type[Schema], tuple[str, ...] | None], ...] = (
        ("member.updated", "What is known of the member changes.", update_schema(settings), ("reason",)),
        ("member.tagged", "Tags are put on the member, or taken off.", TaggedSchema, None),
        ("member.joined_group", "The member belongs to a group.", JoinedGroupSchema, None),
        ("member.left_group", "The member leaves a group.", LeftGroupSchema, None),
        ("member.consented", "The member gives or withdraws consent.", consent_schema(settings), None),
    )
    erased = ActivityType(
        name="member.erased",
        description="Who the member is, is forgotten; value and its history stay.",
        schema=states.StepSchema,
        command=True,
        internal=True,  # the plugins have erased before
    )
    merging = (
        ActivityType(
            name="member.merged",
            description="Another member, named in members, becomes a part of the member, which stays.",
            schema=states.StepSchema,
            command=True,
        ),
        ActivityType(
            name="member.merged_into",
            description="The member became a part of another: all that it had goes there.",
            command=True,
            internal=True,
        ),
        ActivityType(
            name="member.merged_from",
            description="What another member was known by and had done is the member's.",
            command=True,
            internal=True,
            kept=("from",),
        ),
        ActivityType(
            name="member.passed_on",
            description="What came back to a merged member, or was taken back from it, is the survivor's.",
            command=True,
            internal=True,
        ),
    )
    changes = (
        ActivityType(name=name, description=does, schema=schema, command=True, kept=keep)
        for name, does, schema, keep in known
    )
    return (*steps, *changes, erased, *merging)


def react(batch: Batch) -> Iterator[Effect]:
    """Yield what the activities of members' lives do."""
    for activity in batch.of("member.registered"):
        profile = {name: value for name, value in activity.payload.items() if name not in BROUGHT}
        yield Enrol(activity, rule=_RULE, profile=profile, otherwise="refuse")
    for name in _SIMPLE:
        for activity in batch.of(name):
            reason: Any = activity.payload.get("reason", "")
            state = states.STEPS[name].target
            yield SetState(activity, rule=_RULE, state=state, reason=reason, otherwise="refuse")
    for activity in batch.of(*_TOLD):
        told: Any = activity.payload
        yield from _told(activity.type, activity, told)
    yield from _merged(batch)


def _merged(batch: Batch) -> Iterator[Effect]:
    """Yield what makes one member of two: see :mod:`corekit.activities.merging`."""
    for activity in batch.of("member.merged"):
        yield Merge(activity, rule=_RULE)
    for activity in batch.of("member.merged_into"):
        yield GiveUp(activity, rule=_RULE, into=activity.payload["into"])
    for activity in batch.of("member.passed_on"):
        yield PassOn(activity, rule=_RULE, into=activity.payload["into"])
    for activity in batch.of("member.merged_from"):
        told: Any = activity.payload
        if "profile" in told:
            known = {name: told[name] for name in ("profile", "tags", "consents", "groups")}
            yield TakeOver(activity, rule=_RULE, **known)
        for account, amount in told["owed"].items():
            yield TakeDebt(activity, rule=_RULE, account=account, amount=amount, of=told["from"])
        if told["days"]:
            yield ShiftMetrics(activity, rule=_RULE, days=told["days"])


_OWN = ("member.registered", "member.approved", "member.renewed", "member.lapsed")
_SIMPLE = tuple(name for name in states.STEPS if name not in _OWN)
_TOLD = (
    "member.approved",
    "member.renewed",
    "member.lapsed",
    "member.updated",
    "member.tagged",
    "member.joined_group",
    "member.left_group",
    "member.consented",
    "member.erased",
)


def _told(name: str, activity: Any, told: Any) -> Iterator[Effect]:
    common: dict[str, Any] = {"rule": _RULE, "otherwise": "refuse"}
    if name in {"member.approved", "member.renewed"}:  # a membership begins when it is approved
        yield Renew(activity, months=told.get("months"), reason=told.get("reason", ""), **common)
    elif name == "member.lapsed":
        yield Lapse(activity, valid_until=told.get("valid_until"), reason=told.get("reason", ""), **common)
    elif name == "member.updated":
        changes = {field: value for field, value in told.items() if field != "reason"}
        yield UpdateProfile(activity, changes=changes, **common)
    elif name == "member.tagged":
        yield Tag(activity, add=tuple(told["add"]), remove=tuple(told["remove"]), **common)
    elif name == "member.joined_group":
        yield JoinGroup(activity, code=told["group"], kind=told["kind"], role=told["role"], **common)
    elif name == "member.left_group":
        yield LeaveGroup(activity, code=told["group"], **common)
    elif name == "member.consented":
        word = {key: told[key] for key in ("purpose", "channel", "granted")}
        yield SetConsent(activity, **word, **common)
    else:
        yield Erase(activity, **common)
