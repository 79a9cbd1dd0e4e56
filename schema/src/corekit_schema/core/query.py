"""The root of queries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import graphene
from graphql import GraphQLError

from corekit.clock import micros
from corekit.members.profile import normal_email, normal_phone
from corekit.members.read import MemberFilter as MemberFilterValue
from corekit.members.read import member_page
from corekit.paging import MOST_ITEMS, Page
from corekit_schema.connections import ConnectionField
from corekit_schema.context import Info
from corekit_schema.core import activity as activities
from corekit_schema.core import member as members
from corekit_schema.core.audit import AUDIT_TRAIL
from corekit_schema.core.duplicates import DuplicatesQuery
from corekit_schema.core.jobs import JOBS, RUNS
from corekit_schema.core.offers import greeted
from corekit_schema.core.outbox import DELIVERIES
from corekit_schema.core.plugins import PLUGINS
from corekit_schema.core.privacy import PrivacyQuery
from corekit_schema.core.program import Program
from corekit_schema.core.program_changes import PROGRAM_CHANGES, PROGRAM_VERSIONS
from corekit_schema.core.tiering import TIER_PREVIEW
from corekit_schema.fields import Field, Object
from corekit_schema.ids import global_id, local_id
from corekit_schema.inputs import as_of, metric_range
from corekit_schema.nodes import Node, load_nodes
from corekit_schema.permissions import READ
from corekit_schema.policies import owner_or_permission, permission, public
from corekit_schema.scalars import DateTime, Digits

_ID = graphene.Argument(graphene.ID, required=True, description="Its id.")


class TierFilter(graphene.InputObjectType):
    """A tier of a ladder."""

    ladder = graphene.InputField(graphene.String, required=True, description="Code of the ladder.")
    tier = graphene.InputField(graphene.String, required=True, description="Code of the tier.")


class MetricFilter(graphene.InputObjectType):
    """A range of a metric. Both ends belong to it, and one of them has to be given."""

    metric = graphene.InputField(graphene.String, required=True, description="The metric, such as `spend`.")
    window = graphene.InputField(
        graphene.String,
        required=True,
        default_value="lifetime",
        description="Over which it is summed as seen from today, such as `year` or `rolling 12 months`.",
    )
    least = graphene.InputField(Digits, description="At least so much, in minor units.")
    most = graphene.InputField(Digits, description="At most so much, in minor units.")


class MemberFilter(graphene.InputObjectType):
    """Which members; what is left out does not matter."""

    state = graphene.InputField(members.MemberState, description="Members in this state.")
    channel = graphene.InputField(graphene.String, description="Members who registered there.")
    external_id = graphene.InputField(graphene.String, description="The member whom another system calls so.")
    name = graphene.InputField(graphene.String, description="Members whose name begins so, as it is written.")
    number = graphene.InputField(graphene.String, description="The member with this number.")
    phone = graphene.InputField(graphene.String, description="The member with this telephone number.")
    email = graphene.InputField(graphene.String, description="The member with this e-mail address.")
    kind = graphene.InputField(graphene.String, description="Members of this kind.")
    tag = graphene.InputField(graphene.String, description="Members with this tag.")
    group = graphene.InputField(graphene.String, description="Members of the group with this code.")
    source = graphene.InputField(graphene.String, description="The system whose `externalId` is meant.")
    joined_from = graphene.InputField(DateTime, description="Members who joined at this instant or after it.")
    joined_before = graphene.InputField(DateTime, description="Members who joined before this instant.")
    tier = graphene.InputField(TierFilter, description="Members who stand in this tier now.")
    measured = graphene.InputField(
        graphene.List(graphene.NonNull(MetricFilter)), description="Members who did so much, by each of these metrics."
    )


class ViewerKind(graphene.Enum):
    """What a viewer is."""

    ANONYMOUS = "anonymous"
    MEMBER = "member"
    STAFF = "staff"
    SERVICE = "service"


class Viewer(Object, policy=public):
    """Who is asking."""

    kind = Field(ViewerKind, required=True, description="What the viewer is.")
    name = Field(graphene.String, required=True, description="What the viewer is called.")
    member_id = Field(graphene.ID, description="The id of the member that the viewer is.")
    member = Field(members.Member, description="The member that the viewer is; null for staff and services.")
    permissions = Field(
        graphene.NonNull(graphene.List(graphene.NonNull(graphene.String))), description="What the viewer may do."
    )

    @staticmethod
    def resolve_member_id(parents: Sequence[Any], _info: Info) -> list[str | None]:
        """Return the global ids."""
        return [global_id("Member", each.member) if each.member else None for each in parents]

    @staticmethod
    def resolve_member(parents: Sequence[Any], info: Info) -> list[Any]:
        """Return the members."""
        return members.by_id([each.member or "" for each in parents], info, info.needs())

    @staticmethod
    def resolve_permissions(parents: Sequence[Any], _info: Info) -> list[list[str]]:
        """Return the permissions, sorted."""
        return [sorted(each.permissions) for each in parents]


class Query(PrivacyQuery, DuplicatesQuery):
    """What can be asked. What may not be seen is answered like what is not there."""

    node = Field(Node, id=_ID, policy=public, description="The object of an id; null where there is none.")
    nodes = Field(
        graphene.NonNull(graphene.List(Node)),
        ids=graphene.Argument(
            graphene.NonNull(graphene.List(graphene.NonNull(graphene.ID))), description="Their ids, 1,000 at most."
        ),
        policy=public,
        description="The object of each id, in that order; null where there is none.",
    )
    viewer = Field(Viewer, required=True, policy=public, description="Who is asking.")
    program = Field(
        Program,
        required=True,
        at=graphene.Argument(DateTime, description="In force at this instant; now where left out."),
        policy=public,
        description="The program in force.",
    )
    program_changes = PROGRAM_CHANGES
    program_versions = PROGRAM_VERSIONS
    member = Field(
        members.Member,
        id=_ID,
        policy=owner_or_permission(READ),
        description="A member; null where there is none.",
    )
    greeting = Field(
        members.Member,
        known=graphene.Argument(
            graphene.String,
            required=True,
            description="The member's number, telephone number, e-mail address, external id, or id.",
        ),
        policy=permission(READ),
        description="The member whom somebody at the counter names; null where nobody is known so.",
    )
    members = ConnectionField(
        members.Member,
        filter=graphene.Argument(MemberFilter, description="Which members."),
        policy=permission(READ),
        description="Members, in the order in which they joined.",
    )
    jobs = JOBS
    job_runs = RUNS
    plugins = PLUGINS
    activity = Field(
        activities.Activity,
        id=_ID,
        policy=owner_or_permission(READ),
        description="An activity; null where there is none.",
    )
    tier_preview = TIER_PREVIEW

    deliveries = DELIVERIES
    audit = AUDIT_TRAIL

    @staticmethod
    def resolve_node(_parents: Sequence[Any], info: Info, id: str) -> list[Any]:  # noqa: A002 - its name in GraphQL
        """Return the object of an id."""
        return load_nodes([id], info)

    @staticmethod
    def resolve_nodes(_parents: Sequence[Any], info: Info, ids: list[str]) -> list[list[Any]]:
        """Return the objects of ids, those of one type read together."""
        if len(ids) > MOST_ITEMS:
            code = {"code": "TOO_LARGE", "limit": MOST_ITEMS}
            raise GraphQLError(f"Ask for at most {MOST_ITEMS} ids.", extensions=code)
        return [load_nodes(ids, info)]

    @staticmethod
    def resolve_viewer(_parents: Sequence[Any], info: Info) -> list[Any]:
        """Return who is asking."""
        return [info.context.viewer]

    @staticmethod
    def resolve_program(_parents: Sequence[Any], info: Info, at: Any = None) -> list[Any]:
        """Return the program in force."""
        terms, then = info.context.terms, as_of(at)
        return [terms.program_at(micros(then)) if then is not None else info.context.kit.program]

    @staticmethod
    def resolve_member(_parents: Sequence[Any], info: Info, id: str) -> list[Any]:  # noqa: A002 - its name in GraphQL
        """Return a member."""
        key = local_id("Member", id)
        return members.by_id([key], info, info.needs()) if key is not None else [None]

    @staticmethod
    def resolve_greeting(_parents: Sequence[Any], info: Info, known: str) -> list[Any]:
        """Return a member."""
        return [greeted(info, known)]

    @staticmethod
    def resolve_members(
        _parents: Sequence[Any],
        info: Info,
        filter: dict[str, Any] | None = None,  # noqa: A002 - its name in GraphQL
        **span: Any,
    ) -> list[Page[Any]]:
        """Return a page of members."""
        wanted = dict(filter or {})
        tier = wanted.pop("tier", None)
        state = wanted.pop("state", None)
        if (phone := wanted.get("phone")) is not None:
            wanted["phone"] = normal_phone(phone, info.context.kit.settings.members.region) or phone
        if (email := wanted.get("email")) is not None:
            wanted["email"] = normal_email(email) or email
        for name in ("joined_from", "joined_before"):
            wanted[name] = as_of(wanted.get(name))
        measured = tuple(metric_range(info.context.kit, **each) for each in wanted.pop("measured", None) or ())
        chosen = MemberFilterValue(
            **wanted,
            measured=measured,
            state=getattr(state, "value", state),
            tier=(tier["ladder"], tier["tier"]) if tier is not None else None,
        )
        only = info.needs("nodes", "edges.node")
        return [member_page(info.context.read, chosen, only=only, **span)]

    @staticmethod
    def resolve_activity(_parents: Sequence[Any], info: Info, id: str) -> list[Any]:  # noqa: A002 - its name in GraphQL
        """Return an activity."""
        return activities.by_id([local_id("Activity", id)], info, info.needs())
