"""Where members stand on the program's ladders, and how far the next tier is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import graphene

from corekit import Unit
from corekit.program.ladders import measured_in
from corekit.tiers.benefits import Benefit as BenefitValue
from corekit.tiers.evaluate import Step as StepValue
from corekit.tiers.ladder import Tier as TierValue
from corekit.tiers.read import Standing as StandingValue
from corekit_schema.context import Info
from corekit_schema.core import activity as activities
from corekit_schema.core.program import Ladder, Tier
from corekit_schema.fields import Field, Object, listed
from corekit_schema.policies import public
from corekit_schema.scalars import JSON, DateTime, Digits


class Standing(Object, policy=public):
    """A member's stay in a tier."""

    ladder = Field(graphene.String, required=True, description="Code of the ladder.")
    code = Field(graphene.String, required=True, source="tier", description="Code of the tier.")
    tier = Field(
        Tier,
        description="The tier, as the program in force or else the one that decided has it.",
        reads=("tier", "ladder", "program"),
    )
    valid_from = Field(DateTime, required=True, description="Since when.")
    valid_to = Field(DateTime, description="Until when; null where the member still stands in it.")
    expires_at = Field(DateTime, description="Until when it is valid, and then is judged again; null is for ever.")
    locked_until = Field(DateTime, description="Until when nobody but who locked it changes it.")
    reason = Field(graphene.String, required=True, description="What brought it about.")
    measured = Field(
        JSON, required=True, description="What was measured then, by metric and window.", reads=("measured",)
    )
    activity = Field(
        lambda: activities.Activity, description="The activity that brought it about.", reads=("activity",)
    )

    @staticmethod
    def resolve_tier(parents: Sequence[StandingValue], info: Info) -> list[TierValue | None]:
        """Return the tiers as the program in force has them, else as the version that decided had them."""
        kit = info.context.kit
        now, versions = kit.program, kit.terms().versions

        def find(standing: StandingValue) -> TierValue | None:
            decided = versions.numbered(standing.program)
            programs = [now, *([decided.program] if decided else [])]
            ladders = (it for program in programs for it in program.ladders if it.code == standing.ladder)
            return next((tier for ladder in ladders for tier in ladder.tiers if tier.code == standing.tier), None)

        return [find(each) for each in parents]

    @staticmethod
    def resolve_measured(parents: Sequence[StandingValue], _info: Info) -> list[Mapping[str, int]]:
        """Return what was measured as JSON."""
        return [dict(each.measured) for each in parents]

    @staticmethod
    def resolve_activity(parents: Sequence[StandingValue], info: Info) -> list[Any]:
        """Return the activities."""
        return activities.by_id([each.activity for each in parents], info, info.needs())


class ProgressStep(Object, policy=public):
    """One criterion of the next tier, and how far the member is."""

    metric = Field(graphene.String, required=True, source="criterion.metric", description="What is measured.")
    window = Field(graphene.String, required=True, description="Over which days.")
    at_least = Field(Digits, required=True, source="criterion.at_least", description="How much it takes.")
    measured = Field(Digits, required=True, description="How much there is.")
    missing = Field(Digits, required=True, description="How much more it takes; 0 where it is reached.")
    percent = Field(graphene.Int, required=True, description="How much of it is done, in whole percent.")
    unit = Field(graphene.String, description="In what it is measured, such as `USD`; null where things are counted.")
    scale = Field(graphene.Int, required=True, description="Decimal places between a minor and a whole unit.")

    @staticmethod
    def resolve_unit(parents: Sequence[StepValue], info: Info) -> list[str | None]:
        """Return the codes of the units."""
        return [unit.code if unit is not None else None for unit in _units(parents, info)]

    @staticmethod
    def resolve_scale(parents: Sequence[StepValue], info: Info) -> list[int]:
        """Return the scales of the units."""
        return [unit.scale if unit is not None else 0 for unit in _units(parents, info)]

    @staticmethod
    def resolve_window(parents: Sequence[StepValue], _info: Info) -> list[str]:
        """Return the windows in words."""
        return [str(step.criterion.window) for step in parents]


def _units(parents: Sequence[StepValue], info: Info) -> list[Unit | None]:
    kit = info.context.kit
    told = (kit.registry, kit.settings.currency, kit.program.ladders)
    return [measured_in(step.criterion.metric, *told) for step in parents]


class Progress(Object, policy=public):
    """How far a member is from the next tier of a ladder."""

    ladder = Field(Ladder, required=True, description="The ladder.")
    tier = Field(Tier, required=True, description="Where the member stands.")
    next = Field(Tier, description="The next tier; null at the top.")
    percent = Field(graphene.Int, required=True, description="How much of the way is done, in whole percent.")
    close = Field(graphene.Boolean, required=True, description="Whether the next tier is near enough for a nudge.")
    steps = Field(listed(ProgressStep), description="The criteria of the next tier.")


class TierTime(graphene.Enum):
    """By which of its times a tier is asked for."""

    RECORDED = "recorded"
    OCCURRED = "occurred"


class TierBenefit(Object, policy=public):
    """What the tier brings in which a member stands."""

    ladder = Field(graphene.String, required=True, description="Code of the ladder.")
    tier = Field(graphene.String, required=True, description="Code of the tier.")
    name = Field(graphene.String, required=True, description="Names the benefit within the tier.")
    content = Field(JSON, required=True, description="What the program says of it.")
    claimable = Field(graphene.Boolean, required=True, description="Whether it is taken by `claimBenefit`.")
    quota = Field(
        graphene.Int,
        source="limit",
        description="How often it can be claimed per window; null: as often as one likes.",
    )
    window = Field(graphene.String, description="Over which days claims are counted.")
    used = Field(graphene.Int, required=True, description="How often it was claimed in the window.")
    left = Field(graphene.Int, description="How often it can be claimed still; null is as often as one likes.")

    @staticmethod
    def resolve_window(parents: Sequence[BenefitValue], _info: Info) -> list[str | None]:
        """Return the windows in words."""
        return [None if each.window is None else str(each.window) for each in parents]
