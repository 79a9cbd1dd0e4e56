"""Lives of members: the mutations that lead them through their states and change what is known of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from attrs import evolve
from marshmallow import fields, validate

from corekit import Activity
from corekit.members.declared import GROUP_KINDS
from corekit.members.profile import CHANNELS, SECTIONS
from corekit.validation import WholeNumber
from corekit_schema import permissions
from corekit_schema.context import Info
from corekit_schema.core.inputs import OfMember
from corekit_schema.core.payload import ActivityPayload, Recorded, record
from corekit_schema.fields import Object
from corekit_schema.inputs import GlobalId
from corekit_schema.mutations import MutationField
from corekit_schema.policies import permission

PROFILE = (
    "external_id",
    "external_ids",
    "number",
    "channel",
    "kind",
    "name",
    "email",
    "phone",
    "birthday",
    *SECTIONS,
    "attributes",
)
"""The fields of a profile, as mutations take them."""


def _why() -> fields.Field[str]:
    return fields.String(load_default="", metadata={"description": "Why."})


class ApproveInput(OfMember):
    """An applicant who is taken in."""

    reason = _why()


class RejectInput(OfMember):
    """An applicant who is not taken in."""

    reason = fields.String(required=True, metadata={"description": "Why; it has to be said."})


class RenewInput(OfMember):
    """A membership that is prolonged."""

    months = WholeNumber(metadata={"description": "For how many months; as the program says where left out."})
    reason = _why()


class LapseInput(OfMember):
    """A membership that runs out."""

    reason = _why()


class UpdateMemberInput(OfMember):
    """What changes of a profile: only what is given; in sections, attributes and external ids null removes."""

    external_id = fields.String(metadata={"description": "What another system calls the member; unique."})
    external_ids = fields.Raw(metadata={"description": "What further systems call the member, by system."})
    number = fields.String(metadata={"description": "The member number, with its check digit; unique."})
    channel = fields.String(validate=validate.OneOf(CHANNELS), metadata={"description": "Where the member registered."})
    kind = fields.String(metadata={"description": "What the member is, as the settings declare it."})
    name = fields.String(metadata={"description": "What the member is called."})
    email = fields.String(metadata={"description": "E-mail address; unique."})
    phone = fields.String(metadata={"description": "Telephone number; unique."})
    birthday = fields.String(metadata={"description": "Date of birth, such as 1990-02-28."})
    identity = fields.Raw(metadata={"description": "Who the person is: names, language, address, ..."})
    occupation = fields.Raw(metadata={"description": "What the person does."})
    lifestyle = fields.Raw(metadata={"description": "How the person lives."})
    preferences = fields.Raw(metadata={"description": "What the person likes to buy."})
    attributes = fields.Raw(metadata={"description": "Custom attributes, as the settings declare them."})
    remove = fields.List(
        fields.String(validate=validate.OneOf(["externalId", "name", "email", "phone", "birthday"])),
        load_default=list,
        metadata={"description": "Fields that are to be empty."},
    )
    reason = _why()


class MergeMembersInput(OfMember):
    """Two members that are one person: the first one stays."""

    other_id = GlobalId("Member", required=True, metadata={"description": "Who becomes a part of it."})
    reason = _why()


class TagMemberInput(OfMember):
    """Tags that are put on a member and taken off."""

    add = fields.List(fields.String(), load_default=list, metadata={"description": "Tags to put on."})
    remove = fields.List(fields.String(), load_default=list, metadata={"description": "Tags to take off."})
    reason = _why()


class JoinGroupInput(OfMember):
    """A member that is to belong to a group."""

    group = fields.String(required=True, metadata={"description": "Code of the group, such as `smith-family`."})
    kind = fields.String(
        load_default="family", validate=validate.OneOf(GROUP_KINDS), metadata={"description": "What the group is."}
    )
    role = fields.String(
        load_default="supplementary",
        validate=validate.OneOf(["primary", "supplementary"]),
        metadata={"description": "As what the member belongs to it; a group has one primary member."},
    )
    reason = _why()


class LeaveGroupInput(OfMember):
    """A member that is to leave a group."""

    group = fields.String(required=True, metadata={"description": "Code of the group."})
    reason = _why()


class SetConsentInput(OfMember):
    """A member's word on a purpose and a channel."""

    purpose = fields.String(required=True, metadata={"description": "For what, as the settings declare it."})
    channel = fields.String(metadata={"description": "On which channel; the first of the settings where left out."})
    granted = fields.Boolean(required=True, metadata={"description": "Whether consent is given or withdrawn."})
    evidence = fields.String(load_default="", metadata={"description": "How it was given, such as a form's number."})
    reason = _why()


def _activity(info: Info, values: Mapping[str, Any], type_: str, payload: Mapping[str, Any]) -> Activity:
    return Activity(
        type=type_,
        member=values["member_id"],
        payload=payload,
        source="api",
        external_id=values["idempotency_key"],
        occurred_at=values["occurred_at"],
        actor=info.context.viewer.actor,
    )


def _told(type_: str, names: tuple[str, ...], info: Info, values: Mapping[str, Any]) -> Recorded:
    payload = {name: values[name] for name in names if values.get(name) is not None}
    return record(info, _activity(info, values, type_, payload))


def _update(info: Info, values: Mapping[str, Any]) -> Recorded:
    payload = {name: values[name] for name in (*PROFILE, "reason") if values.get(name) is not None}
    payload |= {"external_id" if name == "externalId" else name: None for name in values["remove"]}
    return record(info, _activity(info, values, "member.updated", payload))


def _merge(info: Info, values: Mapping[str, Any]) -> Recorded:
    activity = _activity(info, values, "member.merged", {"reason": values["reason"]})
    return record(info, evolve(activity, members=(values["other_id"],)))


def _of(schema: Any, run: Callable[[Info, Any], Recorded], description: str) -> MutationField:
    policy = permission(permissions.CHANGE)
    return MutationField(schema, run, payload=ActivityPayload, policy=policy, description=description)


class LifeMutation(Object, abstract=True):
    """The mutations of members' lives."""

    approve = _of(ApproveInput, partial(_told, "member.approved", ("reason",)), "Take an applicant in.")
    reject = _of(RejectInput, partial(_told, "member.rejected", ("reason",)), "Do not take an applicant in.")
    renew = _of(
        RenewInput,
        partial(_told, "member.renewed", ("months", "reason")),
        "Prolong a membership; who was dormant is active again.",
    )
    lapse = _of(LapseInput, partial(_told, "member.lapsed", ("reason",)), "Let a membership run out.")
    update_member = _of(UpdateMemberInput, _update, "Change what is known of a member.")
    merge_members = MutationField(
        MergeMembersInput,
        _merge,
        payload=ActivityPayload,
        policy=permission(permissions.MERGE),
        description="Let another member become a part of a member; reversing the activity makes two of them again.",
    )
    tag_member = _of(
        TagMemberInput,
        partial(_told, "member.tagged", ("add", "remove", "reason")),
        "Put tags on a member, take some off.",
    )
    join_group = _of(
        JoinGroupInput,
        partial(_told, "member.joined_group", ("group", "kind", "role", "reason")),
        "Let a member belong to a family or company.",
    )
    leave_group = _of(
        LeaveGroupInput, partial(_told, "member.left_group", ("group", "reason")), "Let a member leave a group."
    )
    set_consent = _of(
        SetConsentInput,
        partial(_told, "member.consented", ("purpose", "channel", "granted", "evidence", "reason")),
        "Note that a member consents, or no longer does.",
    )
