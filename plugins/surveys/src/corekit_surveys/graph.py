"""Surveys in GraphQL: in which of them a member took part, what was answered, and comments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import graphene

from corekit_schema import A_MEMBER, Example, Field, Graph, Info, Member, Mutation, Object, Query, owner_or_permission
from corekit_surveys import drafts
from corekit_surveys.graph_comments import CommentsMutation, CommentsQuery
from corekit_surveys.graph_statistics import StatisticsQuery
from corekit_surveys.graph_statistics_examples import EXAMPLES as STATISTICS_EXAMPLES


class SurveysMember(Object, policy=owner_or_permission("members.read")):
    """What the plugin adds to a member."""

    surveys_taken = Field(
        graphene.List(graphene.NonNull(graphene.String)),
        description="The codes of the surveys in which the member took part.",
        reads=("id",),
        cost=1,
    )

    @staticmethod
    def resolve_surveys_taken(parents: Sequence[Any], info: Info) -> list[Sequence[str]]:
        """Return the codes: one statement for all members of the level."""
        found = drafts.codes_taken(info.context.read, {member.id for member in parents})
        return [found.get(member.id, ()) for member in parents]


EXAMPLES = (
    Example(
        en="The surveys in which a member took part",
        zh="会员参与过的问卷",
        text="""\
query SurveysMember($id: ID!) {
  member(id: $id) {
    name
    surveysTaken
  }
}
""",
        variables={"id": A_MEMBER},
    ),
)


class WholeQuery(StatisticsQuery, CommentsQuery):
    """What this plugin adds to the queries."""


def graph() -> Graph:
    """Return what the plugin adds to the schema."""
    extends: dict[type, type] = {Member: SurveysMember, Query: WholeQuery, Mutation: CommentsMutation}
    return Graph(extends=extends, examples=(*EXAMPLES, *STATISTICS_EXAMPLES))
