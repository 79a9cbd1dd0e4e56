"""A person's rights: to know everything, and to be forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import graphene
import orjson
from marshmallow import fields

from corekit import NotFound
from corekit.members import privacy
from corekit.members.privacy import Erasure as ErasureValue
from corekit.values import fields_of
from corekit_schema import permissions
from corekit_schema.context import Info
from corekit_schema.core import member as members
from corekit_schema.fields import Field, Object, listed
from corekit_schema.ids import local_id
from corekit_schema.inputs import GlobalId, Input
from corekit_schema.mutations import MutationField, Payload, invalid
from corekit_schema.policies import permission, public
from corekit_schema.scalars import JSON, DateTime


class ErasureState(graphene.Enum):
    """How far a request to forget somebody is."""

    OPEN = "open"
    DONE = "done"


class Erasure(Object, policy=public):
    """A request to forget who a member is."""

    member = Field(lambda: members.Member, description="The member; once it is done, nobody knows who it was.")
    state = Field(ErasureState, required=True, description="Open until every plugin has done its part.")
    reason = Field(graphene.String, required=True, description="Why it was asked for.")
    actor = Field(graphene.String, description="Who asked.")
    opened_at = Field(DateTime, required=True, description="When it was asked for.")
    closed_at = Field(DateTime, description="When it was done; null while it is open.")
    obstacle = Field(graphene.String, description="Why it is still open.")

    @staticmethod
    def resolve_member(parents: Sequence[ErasureValue], info: Info) -> list[Any]:
        """Return the members."""
        return members.by_id([each.member for each in parents], info)


class EraseMemberInput(Input):
    """A member who is to be forgotten."""

    member_id = GlobalId("Member", required=True, metadata={"description": "Who."})
    reason = fields.String(load_default="", metadata={"description": "Why."})


class ErasurePayload(Payload, policy=public):
    """What became of a request to forget somebody."""

    erasure = Field(Erasure, description="The request; open where a plugin could not do its part: ask again later.")


def _erase(info: Info, values: Mapping[str, Any]) -> dict[str, Any]:
    try:
        request = info.context.kit.erase(values["member_id"], reason=values["reason"], actor=info.context.viewer.actor)
    except NotFound:
        raise invalid("NOT_FOUND", "There is no such member.", "memberId") from None
    return {"erasure": request, "user_errors": []}


class PrivacyMutation(Object, abstract=True):
    """The mutations of a person's rights."""

    erase_member = MutationField(
        EraseMemberInput,
        _erase,
        payload=ErasurePayload,
        policy=permission(permissions.ERASE),
        description="Forget who a member is. Value and its history stay; it cannot be taken back.",
    )


class PrivacyQuery(Object, abstract=True):
    """The queries of a person's rights."""

    member_data = Field(
        JSON,
        id=graphene.Argument(graphene.ID, required=True, description="The member's id."),
        policy=permission(permissions.EXPORT),
        cost=1_000,  # all that a member ever did
        blocking=True,
        description="Everything that is known of a member, what the plugins know included; null where there is none.",
    )
    erasures = Field(
        listed(Erasure),
        state=graphene.Argument(ErasureState, description="Only those in this state."),
        policy=permission(permissions.ERASE),
        description="The requests to forget somebody, oldest first.",
    )

    @staticmethod
    def resolve_member_data(_parents: Sequence[Any], info: Info, id: str) -> list[Any]:  # noqa: A002 - its name in GraphQL
        """Return what is known of a member."""
        context = info.context
        key = local_id("Member", id)
        try:
            document = privacy.export(context.read, context.kit, key or "", context.now)
        except NotFound:
            return [None]
        return [orjson.loads(orjson.dumps(document, default=_plain, option=orjson.OPT_NON_STR_KEYS))]

    @staticmethod
    def resolve_erasures(_parents: Sequence[Any], info: Info, state: Any = None) -> list[Any]:
        """Return the requests."""
        return [privacy.erasures(info.context.read, state=getattr(state, "value", state))]


def _plain(value: Any) -> Any:
    named = fields_of(value)
    return str(value) if named is None else named
