"""What queries and mutations of surveys have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import graphene

from corekit_schema import JSON, DateTime, Field, Info, Object, internal, owner, public
from corekit_surveys import finding
from corekit_surveys.finding import Kept, Numbered


class SurveysVersion(Object, policy=public):
    """What a survey asks, or asked before."""

    number = Field(graphene.Int, required=True, description="Its number, from 1.")
    definition = Field(JSON, required=True, description="SurveyJS's JSON.")
    created_at = Field(DateTime, required=True, description="When it was written.")


class SurveysSurvey(Object, policy=public):
    """A survey that members answer."""

    code = Field(graphene.String, required=True, description="Its name, such as `lunch-2026`.")
    title = Field(
        graphene.String,
        required=True,
        description="What it is called; its code where it has no title.",
        language=graphene.String(description="The language; that of `Accept-Language` where left out."),
    )
    definition = Field(JSON, required=True, description="What it asks now: SurveyJS's JSON, to be rendered as it is.")
    version = Field(graphene.Int, required=True, description="The number of that version.")
    state = Field(graphene.String, required=True, description="`draft`, `open` or `closed`.")
    show_on_home = Field(
        graphene.Boolean, required=True, source="terms.show_on_home", description="Whether a home page shows it."
    )
    opens_at = Field(DateTime, source="terms.opens_at", description="From when on it is answered; null: since ever.")
    closes_at = Field(DateTime, source="terms.closes_at", description="From when on it is not any more; null: never.")
    anonymous = Field(
        graphene.Boolean,
        required=True,
        source="terms.anonymous",
        description="Whether it is told of members that they took part, and of nobody what was answered.",
    )
    most = Field(graphene.Int, source="terms.most", description="How often a member answers it; null: without end.")
    pause_days = Field(
        graphene.Int, required=True, source="terms.pause_days", description="From one answer of a member to the next."
    )
    show_results = Field(
        graphene.Boolean,
        required=True,
        source="terms.show_results",
        description="Whether who has answered it sees what all have.",
    )
    quota = Field(graphene.Int, source="terms.quota", description="How many answers are wanted; null: without end.")
    quota_left = Field(graphene.Int, source="left", description="How many of them are still wanted.")
    audience = Field(
        JSON, policy=internal, source="terms.audience", description="Who answers it, as a rule; null: everybody."
    )
    answers = Field(
        graphene.Int, policy=internal, cost=1, description="How many there are, those that wait to be stored as well."
    )
    versions = Field(
        graphene.List(graphene.NonNull(SurveysVersion)),
        policy=internal,
        cost=1,
        description="All that it asked, the newest first.",
    )

    @staticmethod
    def resolve_title(parents: Sequence[Kept], info: Info, language: str | None = None) -> list[str]:
        """Return what each is called."""
        return [each.title(language or info.context.language) for each in parents]

    @staticmethod
    def resolve_answers(parents: Sequence[Kept], info: Info) -> list[int]:
        """Return how many answers each has: one statement for all."""
        context, ids = info.context, _ids(parents)
        found: Mapping[str, int] = context.once(("surveys.counted", ids), lambda: finding.counted(context.read, ids))
        return [found[each.id] for each in parents]

    @staticmethod
    def resolve_versions(parents: Sequence[Kept], info: Info) -> list[Sequence[Numbered]]:
        """Return the versions of each: one statement for all."""
        context, ids = info.context, _ids(parents)
        found: Mapping[str, list[Numbered]] = context.once(
            ("surveys.versions", ids), lambda: finding.versions(context.read, ids)
        )
        return [found.get(each.id, ()) for each in parents]


class SurveysDraft(Object, policy=owner, owner="member_id"):
    """What a member has answered and not sent; nobody else sees it."""

    answers = Field(JSON, required=True, description="By the name of the question.")
    saved_at = Field(DateTime, required=True, description="When it was saved.")


def _ids(parents: Sequence[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.id for each in parents))
