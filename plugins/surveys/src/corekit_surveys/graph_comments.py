"""Comments on surveys in GraphQL: members write them, staff decide which are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import graphene
from graphql import GraphQLError
from marshmallow import fields, validate

from corekit.paging import Page
from corekit_schema import (
    ConnectionField,
    DateTime,
    Field,
    Info,
    Input,
    MutationField,
    Object,
    Payload,
    authenticated,
    global_id,
    internal,
    permission,
    public,
)
from corekit_surveys import comments
from corekit_surveys.comments import LONGEST, Comment
from corekit_surveys.declared_statistics import MODERATE


class SurveysComment(Object, policy=public):
    """A comment on a survey."""

    id = Field(graphene.String, required=True, description="By which it is decided on.")
    survey = Field(graphene.String, required=True, description="The code of the survey.")
    text = Field(graphene.String, required=True, description="What was written, as plain text.")
    created_at = Field(DateTime, required=True, description="When.")
    state = Field(graphene.String, required=True, description="`pending`, `shown` or `hidden`.")
    member_id = Field(graphene.ID, policy=internal, description="Who wrote it.")
    decided_by = Field(graphene.String, policy=internal, description="Who decided last.")
    decided_at = Field(DateTime, policy=internal, description="When.")
    reason = Field(graphene.String, policy=internal, description="Why.")

    @staticmethod
    def resolve_member_id(parents: Sequence[Comment], _info: Info) -> list[str]:
        """Return the members' ids."""
        return [global_id("Member", each.member_id) for each in parents]


class CommentsQuery(Object):
    """What comments add to the queries."""

    surveys_comments = ConnectionField(
        SurveysComment,
        policy=public,
        survey=graphene.String(required=True, description="The code of the survey."),
        description="The comments on a survey that are shown, the newest first.",
    )
    surveys_own_comments = ConnectionField(
        SurveysComment,
        policy=authenticated,
        survey=graphene.String(required=True, description="The code of the survey."),
        description="What the member who asks wrote about a survey, the newest first, whether it is shown or not.",
    )
    surveys_moderation = ConnectionField(
        SurveysComment,
        policy=permission(MODERATE.name),
        survey=graphene.String(required=True, description="The code of the survey."),
        state=graphene.String(description="Only those that are `pending`, `shown` or `hidden`."),
        description="All comments on a survey, the newest first, for who decides which are shown.",
    )

    @staticmethod
    def resolve_surveys_comments(parents: Sequence[Any], info: Info, survey: str, **page: Any) -> list[Page[Comment]]:
        """Return a page of what is shown."""
        return [comments.comment_page(info.context.read, survey, **page) for _ in parents[:1]]

    @staticmethod
    def resolve_surveys_own_comments(
        parents: Sequence[Any], info: Info, survey: str, **page: Any
    ) -> list[Page[Comment]]:
        """Return a page of the member's own."""
        member = _writer(info)
        return [comments.comment_page(info.context.read, survey, None, member=member, **page) for _ in parents[:1]]

    @staticmethod
    def resolve_surveys_moderation(
        parents: Sequence[Any], info: Info, survey: str, state: Any = None, **page: Any
    ) -> list[Page[Comment]]:
        """Return a page of all."""
        return [comments.comment_page(info.context.read, survey, state, **page) for _ in parents[:1]]


class SurveysCommentInput(Input):
    """What a member writes about a survey."""

    survey = fields.String(
        required=True, validate=validate.Length(1, 60), metadata={"description": "The code of the survey."}
    )
    text = fields.String(required=True, metadata={"description": f"The comment, of up to {LONGEST:,} characters."})


class SurveysDecideInput(Input):
    """Whether a comment is shown."""

    comment_id = fields.String(required=True, validate=validate.Length(1, 40), metadata={"description": "The comment."})
    shown = fields.Boolean(required=True, metadata={"description": "Whether it is shown; else it is hidden."})
    reason = fields.String(
        load_default=None, validate=validate.Length(1, 500), metadata={"description": "Why; it is kept."}
    )


class SurveysCommentPayload(Payload, policy=public):
    """The comment as it is now."""

    comment = Field(SurveysComment, description="The comment.")


def _writer(info: Info) -> str:
    """Return the member who asks."""
    member = info.context.viewer.member
    if member is None:
        raise GraphQLError("Comments are written by members.", extensions={"code": "FORBIDDEN"})
    return member


def _comment(info: Info, values: Mapping[str, Any]) -> dict[str, Any]:
    return {"comment": comments.write(info.context.kit, _writer(info), values["survey"], values["text"])}


def _decide(info: Info, values: Mapping[str, Any]) -> dict[str, Any]:
    context, state = info.context, "shown" if values["shown"] else "hidden"
    told: Any = (values["comment_id"], state, values["reason"])
    return {"comment": comments.decide(context.kit, context.viewer.actor, *told)}


class CommentsMutation(Object):
    """What comments add to the mutations."""

    surveys_comment = MutationField(
        SurveysCommentInput,
        _comment,
        payload=SurveysCommentPayload,
        policy=authenticated,
        description="Write a comment on an open survey, for the member who asks; it is shown once staff say so.",
    )
    surveys_decide = MutationField(
        SurveysDecideInput,
        _decide,
        payload=SurveysCommentPayload,
        policy=permission(MODERATE.name),
        description="Show a comment, or hide it.",
    )
