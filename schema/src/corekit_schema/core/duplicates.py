"""Members that are probably one person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import graphene

from corekit.members import duplicates as reads
from corekit_schema.context import Info
from corekit_schema.core import member as members
from corekit_schema.fields import Field, Object, listed
from corekit_schema.permissions import READ
from corekit_schema.policies import permission, public


class Duplicate(Object, policy=public):
    """Several members with one name and one date of birth."""

    name = Field(graphene.String, required=True, description="Their name.")
    birthday = Field(graphene.String, required=True, description="Their date of birth.")
    members = Field(listed(lambda: members.Member), description="They.")

    @staticmethod
    def resolve_members(parents: Sequence[reads.Duplicate], info: Info) -> list[list[Any]]:
        """Return the members of each group, all read together."""
        found = members.by_id([key for each in parents for key in each.members], info)
        coming = iter(found)
        return [[next(coming) for _ in each.members] for each in parents]


class DuplicatesQuery(Object, abstract=True):
    """The query for members that are probably one person."""

    duplicates = Field(
        listed(Duplicate),
        first=graphene.Argument(graphene.Int, required=True, default_value=50, description="How many, 1,000 at most."),
        policy=permission(READ),
        description="Members that are probably one person: same name, born on the same day.",
    )

    @staticmethod
    def resolve_duplicates(_parents: Sequence[Any], info: Info, first: int) -> list[Any]:
        """Return the groups."""
        return [reads.duplicates(info.context.read, first=first)]
