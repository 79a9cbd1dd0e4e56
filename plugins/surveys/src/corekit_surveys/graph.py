"""Surveys in GraphQL: what there is, and what a member can answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import graphene

from corekit.paging import Page
from corekit_schema import (
    ConnectionField,
    DateTime,
    Field,
    Graph,
    Info,
    Member,
    Mutation,
    Object,
    Query,
    Reason,
    as_of,
    authenticated,
    listed,
    owner_or_permission,
    public,
    reasons,
)
from corekit_surveys import drafts, finding, standing
from corekit_surveys.declared import MANAGE
from corekit_surveys.drafts import Draft
from corekit_surveys.finding import Kept, Wanted
from corekit_surveys.graph_comments import CommentsMutation, CommentsQuery
from corekit_surveys.graph_examples import EXAMPLES
from corekit_surveys.graph_mutations import SurveysMutation
from corekit_surveys.graph_statistics import StatisticsQuery
from corekit_surveys.graph_statistics_examples import EXAMPLES as STATISTICS_EXAMPLES
from corekit_surveys.graph_types import SurveysDraft, SurveysSurvey
from corekit_surveys.settings import settings_of
from corekit_surveys.standing import Entry

_FILTERS = ("state", "show_on_home", "search", "once", "limited", "anonymous")
_NAMED = ("kind", "tag", "tier", "group", "metric")


class SurveysReason(Object, policy=public):
    """Why somebody cannot answer a survey."""

    code = Field(graphene.String, required=True, description="The code, such as `SURVEYS_NOT_YET`.")
    message = Field(graphene.String, required=True, description="The sentence, in the client's language.")


class SurveysEntry(Object, policy=public):
    """A survey, and whether a member can answer it now."""

    survey = Field(SurveysSurvey, required=True, description="The survey.")
    can_answer = Field(graphene.Boolean, required=True, description="Whether nothing speaks against it.")
    reasons = Field(listed(SurveysReason), description="Everything that does.")
    times = Field(graphene.Int, required=True, description="How often the member has answered it.")
    last_day = Field(graphene.String, description="On which day last, such as `2026-01-15`; null: never.")
    draft = Field(SurveysDraft, cost=1, description="What it has saved and not sent; only the member sees it.")

    @staticmethod
    def resolve_reasons(parents: Sequence[Entry], info: Info) -> list[list[Reason]]:
        """Return the reasons with their sentences."""
        return [reasons(info, each.reasons) for each in parents]

    @staticmethod
    def resolve_times(parents: Sequence[Entry], _info: Info) -> list[int]:
        """Return how often."""
        return [each.took.times if each.took is not None else 0 for each in parents]

    @staticmethod
    def resolve_last_day(parents: Sequence[Entry], _info: Info) -> list[str | None]:
        """Return when last."""
        return [each.took.day.isoformat() if each.took is not None else None for each in parents]

    @staticmethod
    def resolve_draft(parents: Sequence[Entry], info: Info) -> list[Draft | None]:
        """Return what is saved: one statement for all."""
        members, surveys = {each.member_id for each in parents}, {each.survey.id for each in parents}
        found = drafts.of_members(info.context.read, settings_of(info.context.kit), members, surveys)
        saved = (found.get(each.member_id, {}).get(each.survey.id) for each in parents)
        return [each if each is not None and each.answers is not None else None for each in saved]


class SurveysMember(Object, policy=owner_or_permission("members.read")):
    """What the plugin adds to a member."""

    surveys = Field(
        graphene.List(graphene.NonNull(SurveysEntry)),
        cost=6,
        reads=("id",),
        code=graphene.String(description="Only this one."),
        show_on_home=graphene.Boolean(description="Only what a home page shows, or only what it does not."),
        can_answer=graphene.Boolean(description="Only what the member can answer now, or only what it cannot."),
        description="Every open survey, the newest first, whether the member can answer it now, and why not.",
    )
    surveys_taken = Field(
        graphene.List(graphene.NonNull(graphene.String)),
        description="The codes of the surveys in which the member took part.",
        reads=("id",),
        cost=1,
    )

    @staticmethod
    def resolve_surveys(
        parents: Sequence[Any],
        info: Info,
        *,
        code: str | None = None,
        show_on_home: bool | None = None,
        can_answer: bool | None = None,
    ) -> list[list[Entry]]:
        """Judge the surveys for all members: the same statements, however many they are."""
        context = info.context
        ids = tuple(dict.fromkeys(member.id for member in parents))

        def judge() -> Mapping[str, list[Entry]]:
            opened = finding.opened(context.read, show_on_home=show_on_home)
            wanted = [each for each in opened if code in (None, each.code)]
            return standing.judged(context.read, context.kit, ids, context.now, wanted)

        found = context.once(("surveys.judged", ids, code, show_on_home), judge)
        return [
            [each for each in found.get(member.id, ()) if can_answer in (None, each.can_answer)] for member in parents
        ]

    @staticmethod
    def resolve_surveys_taken(parents: Sequence[Any], info: Info) -> list[Sequence[str]]:
        """Return the codes: one statement for all members of the level."""
        found = drafts.codes_taken(info.context.read, {member.id for member in parents})
        return [found.get(member.id, ()) for member in parents]


class SurveysQuery(Object):
    """What the plugin adds to the queries."""

    surveys = ConnectionField(
        SurveysSurvey,
        policy=authenticated,
        state=graphene.String(description="Only those that are `draft`, `open` or `closed`."),
        show_on_home=graphene.Boolean(description="Only what a home page shows, or only what it does not."),
        search=graphene.String(description="Only those of which the code or a title contains this."),
        at=graphene.Argument(DateTime, description="Only what is answered at this instant, as far as schedules go."),
        once=graphene.Boolean(description="Only those that a member answers once, or only the others."),
        limited=graphene.Boolean(description="Only those with a quota, or only those without."),
        anonymous=graphene.Boolean(description="Only those that are, or only those that are not."),
        kind=graphene.String(description="Only those of which the audience has this kind of members."),
        tag=graphene.String(description="Only those of which the audience has this tag."),
        tier=graphene.String(description="Only those of which the audience has this tier."),
        group=graphene.String(description="Only those of which the audience has this group."),
        metric=graphene.String(description="Only those of which the audience has this metric."),
        description="The surveys, the newest first: to who manages them all, to others those that are open.",
    )
    surveys_survey = Field(
        SurveysSurvey,
        policy=authenticated,
        cost=2,
        code=graphene.Argument(graphene.String, required=True, description="Its name."),
        description="A survey; null where there is none, or none that is open, but for who manages them.",
    )

    @staticmethod
    def resolve_surveys(_parents: Sequence[Any], info: Info, *, at: Any = None, **told: Any) -> list[Page[Kept]]:
        """Return a page of surveys."""
        filters = {name: told.pop(name, None) for name in _FILTERS}
        named = {what: name for what in _NAMED if (name := told.pop(what, None)) is not None}
        if not _manages(info):
            if filters["state"] not in (None, "open"):
                return [Page(total=0)]
            filters["state"] = "open"
        return [finding.survey_page(info.context.read, Wanted(at=as_of(at), named=named, **filters), **told)]

    @staticmethod
    def resolve_surveys_survey(_parents: Sequence[Any], info: Info, code: str) -> list[Kept | None]:
        """Return the survey."""
        found = finding.find(info.context.read, [code]).get(code)
        return [found if found is not None and (found.state == "open" or _manages(info)) else None]


def _manages(info: Info) -> bool:
    return MANAGE.name in info.context.viewer.permissions


class WholeQuery(SurveysQuery, StatisticsQuery, CommentsQuery):
    """What this plugin adds to the queries."""


class WholeMutation(SurveysMutation, CommentsMutation):
    """What this plugin adds to the mutations."""


def graph() -> Graph:
    """Return what the plugin adds to the schema."""
    extends: dict[type, type] = {Member: SurveysMember, Query: WholeQuery, Mutation: WholeMutation}
    return Graph(extends=extends, examples=(*EXAMPLES, *STATISTICS_EXAMPLES), blocking=False)
