"""What is known of members beside their profile: other systems' ids, groups, consent, and what was changed."""

from __future__ import annotations

import graphene

from corekit_schema.fields import Field, Object
from corekit_schema.policies import public
from corekit_schema.scalars import JSON, DateTime


class ExternalId(Object, policy=public):
    """What another system calls a member."""

    source = Field(graphene.String, required=True, description="The system.")
    external_id = Field(graphene.String, required=True, description="What it calls the member.")


class GroupPlace(Object, policy=public):
    """A member's place in a group."""

    code = Field(graphene.String, required=True, description="Code of the group.")
    kind = Field(graphene.String, required=True, description="What the group is: `family` or `company`.")
    role = Field(graphene.String, required=True, description="`primary` or `supplementary`.")


class Consent(Object, policy=public):
    """A member's last word on a purpose and a channel."""

    purpose = Field(graphene.String, required=True, description="For what.")
    channel = Field(graphene.String, required=True, description="On which channel.")
    granted = Field(graphene.Boolean, required=True, description="Whether consent is given.")
    since = Field(DateTime, required=True, description="Since when.")


class ProfileChange(Object, policy=public):
    """One field of a profile as somebody changed it."""

    at = Field(DateTime, required=True, description="When.")
    actor = Field(graphene.String, description="Who; null where nobody is named.")
    source = Field(graphene.String, required=True, description="Where it came from.")
    reason = Field(graphene.String, required=True, description="Why.")
    field = Field(graphene.String, required=True, description="Which field, such as `identity.city`.")
    before = Field(JSON, description="What stood there; null where nothing did.")
    after = Field(JSON, description="What stands there since; null where nothing does.")
