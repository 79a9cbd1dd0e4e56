"""The audit trail: who changed what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import graphene

from corekit.audit.trail import AuditEntry as AuditEntryValue
from corekit.audit.trail import audit_page
from corekit.paging import Page
from corekit_schema.connections import ConnectionField
from corekit_schema.context import Info
from corekit_schema.fields import Field, Object
from corekit_schema.ids import global_id
from corekit_schema.inputs import as_of
from corekit_schema.permissions import AUDIT
from corekit_schema.policies import permission, public
from corekit_schema.scalars import JSON, DateTime


class AuditKind(graphene.Enum):
    """What somebody is who changed something."""

    MEMBER = "member"
    STAFF = "staff"
    SERVICE = "service"
    OPERATOR = "operator"


class AuditEntry(Object, policy=public):
    """A change, and who made it."""

    id = Field(graphene.ID, required=True, description="Its id.")
    at = Field(DateTime, required=True, description="When.")
    actor = Field(graphene.String, required=True, description="Who, such as `staff:mira`.")
    kind = Field(AuditKind, required=True, description="What they are; `OPERATOR` at the command line.")
    what = Field(graphene.String, required=True, description="What was done: `program.applied`, or an activity's type.")
    subject = Field(graphene.String, required=True, description="What was changed; of an activity the member.")
    parameters = Field(JSON, required=True, description="What else there is to say.")
    activity_id = Field(graphene.ID, description="The activity, where the change is one.")

    @staticmethod
    def resolve_subject(parents: Sequence[AuditEntryValue], _info: Info) -> list[str]:
        """Return what was changed; members by their ids as everywhere."""
        return [global_id("Member", it.subject) if it.is_of_member else it.subject for it in parents]

    @staticmethod
    def resolve_activity_id(parents: Sequence[AuditEntryValue], _info: Info) -> list[str | None]:
        """Return the global ids."""
        return [global_id("Activity", each.activity) if each.activity else None for each in parents]


def _audit(
    _parents: Sequence[Any], info: Info, since: Any = None, until: Any = None, **how: Any
) -> list[Page[AuditEntryValue]]:
    return [audit_page(info.context.read, since=as_of(since), until=as_of(until), **how)]


AUDIT_TRAIL = ConnectionField(
    AuditEntry,
    actor=graphene.Argument(graphene.String, description="Only what they changed, such as `staff:mira`."),
    what=graphene.Argument(graphene.String, description="Only what is called so."),
    since=graphene.Argument(DateTime, description="Only what was changed at this instant or after it."),
    until=graphene.Argument(DateTime, description="Only what was changed before this instant."),
    policy=permission(AUDIT),
    resolve=_audit,
    description="Who changed what, newest first; what members did themselves is left out.",
)
