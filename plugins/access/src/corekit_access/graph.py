"""Access in GraphQL: staff, roles and keys, and giving and taking them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import graphene
from marshmallow import ValidationError, fields, validate, validates_schema

from corekit_access import granting, store
from corekit_access.declared import ISSUE, MANAGE, READ
from corekit_access.graph_examples import EXAMPLES
from corekit_schema import (
    DateTime,
    Field,
    GlobalId,
    Graph,
    Info,
    Input,
    Moment,
    Mutation,
    MutationField,
    Object,
    Payload,
    Query,
    listed,
    permission,
    public,
)

_LONGEST = 1_440
_NAME = validate.Length(1, 100)


def _names(attribute: str) -> Any:
    def resolve(parents: Sequence[Any], _info: Info) -> list[list[str]]:
        return [sorted(getattr(each, attribute)) for each in parents]

    return resolve


class AccessRole(Object, policy=public):
    """A name for permissions, which staff are given together."""

    name = Field(graphene.String, required=True, description="Its name.")
    permissions = Field(listed(graphene.String), description="What it allows.", resolve=_names("permissions"))


class AccessStaff(Object, policy=public):
    """Somebody who works here."""

    name = Field(graphene.String, required=True, description="What they are called; it never changes.")
    active = Field(graphene.Boolean, required=True, description="Whether their tokens are good.")
    roles = Field(listed(graphene.String), description="Names of their roles.", resolve=_names("roles"))
    created_at = Field(DateTime, required=True, description="Since when they are known.")


class AccessKey(Object, policy=public):
    """A key by which a service, such as a till, says who it is. Its secret is known to nobody else."""

    prefix = Field(graphene.String, required=True, description="How it begins, by which it is told from others.")
    name = Field(graphene.String, required=True, description="Whose it is.")
    permissions = Field(listed(graphene.String), description="What it allows.", resolve=_names("permissions"))
    created_at = Field(DateTime, required=True, description="When it was made.")
    expires_at = Field(DateTime, description="From when on it opens nothing; null: it does not expire.")
    last_used_at = Field(DateTime, description="When it was used last, to the minute.")
    revoked_at = Field(DateTime, description="When it was revoked.")


class AccessSetRoleInput(Input):
    """What a role is to allow."""

    name = fields.String(required=True, validate=_NAME, metadata={"description": "The role; a new one is made."})
    permissions = fields.List(
        fields.String(), required=True, metadata={"description": "All that it allows; what it allowed else is taken."}
    )


class AccessSetStaffInput(Input):
    """What somebody of staff is to have."""

    name = fields.String(required=True, validate=_NAME, metadata={"description": "Who; somebody new is entered."})
    roles = fields.List(
        fields.String(), required=True, metadata={"description": "All their roles; others that they had are taken."}
    )
    active = fields.Boolean(load_default=True, metadata={"description": "Whether their tokens are good."})


class AccessCreateKeyInput(Input):
    """A key for a service."""

    name = fields.String(required=True, validate=_NAME, metadata={"description": "Whose it is, such as `till-7`."})
    permissions = fields.List(fields.String(), required=True, metadata={"description": "All that it allows."})
    expires_at = Moment(load_default=None, metadata={"description": "From when on it opens nothing."})


class AccessRevokeKeyInput(Input):
    """A key that is to open nothing any more."""

    prefix = fields.String(required=True, validate=_NAME, metadata={"description": "How it begins."})


class AccessIssueTokenInput(Input):
    """Whom a token is to be for: somebody of staff, or a member."""

    staff = fields.String(load_default=None, metadata={"description": "Their name."})
    member_id = GlobalId("Member", load_default=None, metadata={"description": "The member."})
    minutes = fields.Integer(
        load_default=60,
        strict=True,
        validate=validate.Range(1, _LONGEST),
        metadata={"description": f"How long it is good; {_LONGEST} at most."},
    )

    @validates_schema
    def one(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a token for nobody, and one for two."""
        if (data["staff"] is None) == (data["member_id"] is None):
            raise ValidationError("Say staff or memberId, one of them.", "staff")


class AccessRolePayload(Payload, policy=public):
    """The role as it is now."""

    role = Field(AccessRole, description="The role.")


class AccessStaffPayload(Payload, policy=public):
    """Somebody of staff as they are now."""

    staff = Field(AccessStaff, description="Who.")


class AccessKeyPayload(Payload, policy=public):
    """The key as it is now."""

    key = Field(AccessKey, description="The key.")


class AccessNewKeyPayload(Payload, policy=public):
    """The new key."""

    key = Field(AccessKey, description="The key.")
    secret = Field(graphene.String, description="The whole key, for `Authorization: Bearer`. It is shown this once.")


class AccessTokenPayload(Payload, policy=public):
    """The token."""

    token = Field(graphene.String, description="The token, for `Authorization: Bearer`. It is shown this once.")


def _some(type_: type[Object]) -> graphene.List:
    return graphene.List(graphene.NonNull(type_))


def _by(info: Info) -> granting.Grantor:
    viewer = info.context.viewer
    return granting.Grantor(viewer.actor, viewer.permissions)


def _set_role(info: Info, values: Mapping[str, Any]) -> dict[str, Any]:
    return {"role": granting.set_role(info.context.kit, _by(info), values["name"], values["permissions"])}


def _set_staff(info: Info, values: Mapping[str, Any]) -> dict[str, Any]:
    kit, active = info.context.kit, values["active"]
    return {"staff": granting.set_staff(kit, _by(info), values["name"], values["roles"], active=active)}


def _create_key(info: Info, values: Mapping[str, Any]) -> dict[str, Any]:
    key, secret = granting.create_key(info.context.kit, _by(info), **values)
    return {"key": key, "secret": secret}


def _revoke_key(info: Info, values: Mapping[str, Any]) -> dict[str, Any]:
    return {"key": granting.revoke_key(info.context.kit, _by(info), values["prefix"])}


def _issue_token(info: Info, values: Mapping[str, Any]) -> dict[str, Any]:
    lifetime = timedelta(minutes=values["minutes"])
    whom = {"staff": values["staff"], "member": values["member_id"]}
    return {"token": granting.issue_token(info.context.kit, _by(info), lifetime, **whom)}


class AccessQuery(Object):
    """What this plugin adds to the queries."""

    access_roles = Field(_some(AccessRole), policy=permission(READ.name), description="The roles, by name.")
    access_staff = Field(
        _some(AccessStaff), policy=permission(READ.name), description="Staff by name, those who left as well."
    )
    access_keys = Field(
        _some(AccessKey), policy=permission(READ.name), description="The keys of services, revoked ones as well."
    )

    @staticmethod
    def resolve_access_roles(_parents: Sequence[Any], info: Info) -> list[Any]:
        """Return the roles."""
        return [list(store.roles(info.context.read).values())]

    @staticmethod
    def resolve_access_staff(_parents: Sequence[Any], info: Info) -> list[Any]:
        """Return staff."""
        return [store.everybody(info.context.read)]

    @staticmethod
    def resolve_access_keys(_parents: Sequence[Any], info: Info) -> list[Any]:
        """Return the keys."""
        return [store.keys(info.context.read)]


class AccessMutation(Object):
    """What this plugin adds to the mutations."""

    access_set_role = MutationField(
        AccessSetRoleInput,
        _set_role,
        payload=AccessRolePayload,
        policy=permission(MANAGE.name),
        description="Let a role allow just these permissions. Nobody can give a permission that they do not have.",
    )
    access_set_staff = MutationField(
        AccessSetStaffInput,
        _set_staff,
        payload=AccessStaffPayload,
        policy=permission(MANAGE.name),
        description="Let somebody of staff have just these roles, or leave.",
    )
    access_create_key = MutationField(
        AccessCreateKeyInput,
        _create_key,
        payload=AccessNewKeyPayload,
        policy=permission(MANAGE.name),
        description="Make a key for a service.",
    )
    access_revoke_key = MutationField(
        AccessRevokeKeyInput,
        _revoke_key,
        payload=AccessKeyPayload,
        policy=permission(MANAGE.name),
        description="Let a key open nothing any more.",
    )
    access_issue_token = MutationField(
        AccessIssueTokenInput,
        _issue_token,
        payload=AccessTokenPayload,
        policy=permission(ISSUE.name),
        description="Issue a token for a member, or for somebody of staff who may do no more than you may.",
    )


def graph() -> Graph:
    """Return what this plugin adds to the schema."""
    return Graph(extends={Query: AccessQuery, Mutation: AccessMutation}, examples=EXAMPLES, blocking=False)
