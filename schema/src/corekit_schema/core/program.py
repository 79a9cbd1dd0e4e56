"""What the operator decided: ladders of tiers and their criteria."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import graphene

from corekit.tiers.ladder import Criterion as CriterionValue
from corekit.tiers.ladder import Tier as TierValue
from corekit_schema.context import Info
from corekit_schema.fields import Field, Object, listed
from corekit_schema.policies import public
from corekit_schema.scalars import JSON, DateTime, Digits


class TierMatch(graphene.Enum):
    """How many of a tier's criteria must hold."""

    ALL = "all"
    ANY = "any"


class TierCriterion(Object, policy=public):
    """What a member must reach: a metric, summed over a window."""

    metric = Field(graphene.String, required=True, description="What is measured, such as `spend`.")
    window = Field(
        graphene.String, required=True, description="Over which days, such as `year` or `rolling 12 months`."
    )
    at_least = Field(Digits, required=True, description="How much, in minor units of what the metric counts.")

    @staticmethod
    def resolve_window(parents: Sequence[CriterionValue], _info: Info) -> list[str]:
        """Return the windows in words."""
        return [str(criterion.window) for criterion in parents]


class Tier(Object, policy=public):
    """One step of a ladder."""

    ladder = Field(graphene.String, required=True, description="Code of the ladder.")
    code = Field(graphene.String, required=True, description="Names the tier within its ladder.")
    rank = Field(graphene.Int, required=True, description="Counts from 0, the tier in which everybody starts.")
    name = Field(graphene.String, required=True, description="What members call it.")
    match = Field(TierMatch, required=True, description="Whether all criteria must hold, or one.")
    criteria = Field(listed(TierCriterion), description="What it takes.")
    benefits = Field(JSON, required=True, description="What it brings, as plugins read it.")

    @staticmethod
    def resolve_benefits(parents: Sequence[TierValue], _info: Info) -> list[dict[str, Any]]:
        """Return the benefits as JSON."""
        return [dict(tier.benefits) for tier in parents]


class Ladder(Object, policy=public):
    """Tiers in rising order."""

    code = Field(graphene.String, required=True, description="Names the ladder.")
    name = Field(graphene.String, required=True, description="What members call it.")
    tiers = Field(listed(Tier), description="Its tiers, the lowest first.")


class Program(Object, policy=public):
    """The program, as it judges what occurs while it is in force."""

    version = Field(graphene.Int, required=True, description="Counts what was applied; 0 where nothing was.")
    valid_from = Field(DateTime, description="Since when; null where it has always been.")
    notice_days = Field(graphene.Int, required=True, description="So many days before a change holds it is announced.")
    name = Field(graphene.String, required=True, description="What the operator calls it.")
    ladders = Field(listed(Ladder), description="Its ladders; the first is the main one.")
    time_zone = Field(
        graphene.String,
        required=True,
        description="The zone of its calendar, such as `Asia/Shanghai`: in it days, months and years begin.",
    )

    @staticmethod
    def resolve_time_zone(parents: Sequence[Any], info: Info) -> list[str]:
        """Return the name of the zone."""
        return [str(info.context.kit.zone)] * len(parents)
