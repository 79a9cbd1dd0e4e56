"""What is done with surveys, in GraphQL: members answer them, and somebody writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from graphql import GraphQLError
from marshmallow import fields, validate

from corekit import Invalid, Kit, Problem
from corekit_schema import (
    ActivityPayload,
    Field,
    GlobalId,
    Info,
    Input,
    Moment,
    MutationField,
    Object,
    Payload,
    authenticated,
    idempotency_key,
    permission,
    public,
    record,
)
from corekit_surveys import answering, catalogue, drafts
from corekit_surveys.declared import ANSWER, MANAGE
from corekit_surveys.finding import Kept
from corekit_surveys.graph_types import SurveysDraft, SurveysSurvey
from corekit_surveys.terms import MOST, Terms

_NAME = validate.Length(1, 60)


def _code() -> fields.String:
    return fields.String(required=True, validate=_NAME, metadata={"description": "The survey's name."})


class _OfMember(Input):
    survey = _code()
    member_id = GlobalId(
        "Member", load_default=None, metadata={"description": "Who answers; whoever asks, where left out."}
    )


class SurveysSaveInput(_OfMember):
    """What a member has answered so far, in place of what it had saved."""

    answers = fields.Dict(required=True, metadata={"description": "The answers by the name of the question."})


class SurveysAnswerInput(_OfMember):
    """A member sends its answers."""

    answers = fields.Dict(
        load_default=None, metadata={"description": "The answers by the name of the question; what is saved, if null."}
    )
    idempotency_key = idempotency_key()


class SurveysCodeInput(Input):
    """Which survey."""

    code = _code()


class SurveysReviseInput(SurveysCodeInput):
    """What a survey asks from now on."""

    definition = fields.Raw(required=True, metadata={"description": "SurveyJS's JSON."})


class SurveysChangeInput(SurveysCodeInput):
    """What holds of a survey besides its questions. What is left out is not so any more."""

    show_on_home = fields.Boolean(load_default=False, metadata={"description": "Whether a home page shows it."})
    opens_at = Moment(load_default=None, metadata={"description": "From when on it is answered."})
    closes_at = Moment(load_default=None, metadata={"description": "From when on it is not any more."})
    audience = fields.Raw(
        load_default=None, metadata={"description": 'Who answers it, such as `{"tier": "gold"}`; null: everybody.'}
    )
    quota = fields.Integer(
        strict=True, load_default=None, metadata={"description": "How many answers are wanted; null: without end."}
    )
    most = fields.Integer(
        strict=True,
        load_default=1,
        validate=validate.Range(0, MOST),
        metadata={"description": "How often a member answers it; 0: without end."},
    )
    pause_days = fields.Integer(
        strict=True, load_default=0, metadata={"description": "From one answer of a member to the next."}
    )
    show_results = fields.Boolean(
        load_default=False, metadata={"description": "Whether who has answered it sees what all have."}
    )
    anonymous = fields.Boolean(
        load_default=False,
        metadata={"description": "Whether nobody can say who answered what; stays once somebody has begun to answer."},
    )


class SurveysCreateInput(SurveysChangeInput):
    """A survey that is new, and a draft first."""

    definition = fields.Raw(required=True, metadata={"description": "What it asks: SurveyJS's JSON."})


class SurveysSavePayload(Payload, policy=public):
    """What is saved now."""

    draft = Field(SurveysDraft, description="The draft; null for who answers for a member.")


class SurveysPayload(Payload, policy=public):
    """The survey as it is now, or was when it was deleted."""

    survey = Field(SurveysSurvey, description="The survey.")


def _who(info: Info, values: Mapping[str, Any]) -> str:
    """Return who answers; members do for themselves, others for members where they may."""
    viewer = info.context.viewer
    member: str | None = values["member_id"] or viewer.member
    if member is None:
        raise Invalid([Problem(code="REQUIRED", message="Say for whom.", path=("member_id",))])
    if member != viewer.member and ANSWER.name not in viewer.permissions:
        raise GraphQLError("You may not do this.", extensions={"code": "FORBIDDEN"})
    return member


def _save(info: Info, values: Mapping[str, Any]) -> dict[str, Any]:
    return {"draft": drafts.save(info.context.kit, _who(info, values), values["survey"], values["answers"])}


def _answer(info: Info, values: Mapping[str, Any]) -> Any:
    member, survey = _who(info, values), values["survey"]
    given = {"external_id": values["idempotency_key"], "actor": info.context.viewer.actor}
    if values["answers"] is not None:
        answering.save(info.context.kit, member, survey, values["answers"], **given)
    return record(info, answering.taking_part(member, survey, **given))


def _terms(values: Mapping[str, Any]) -> Terms:
    told: dict[str, Any] = {name: value for name, value in values.items() if name not in ("code", "definition")}
    told["most"] = told["most"] or None
    return Terms(**told)


def _managing(run: Callable[..., Kept], *names: str) -> Callable[[Info, Mapping[str, Any]], dict[str, Any]]:
    """Return what writes a survey and returns it; ``names`` are the values that it is given after the code."""

    def managed(info: Info, values: Mapping[str, Any]) -> dict[str, Any]:
        told = [_terms(values) if name == "terms" else values[name] for name in names]
        return {"survey": run(info.context.kit, info.context.viewer.actor, values["code"], *told)}

    return managed


def _moving(state: Literal["open", "closed"]) -> Callable[[Info, Mapping[str, Any]], dict[str, Any]]:
    def move(kit: Kit, actor: str | None, code: str) -> Kept:
        return catalogue.move(kit, actor, code, state)

    return _managing(move)


def _field(
    schema: type[Input], run: Callable[[Info, Mapping[str, Any]], dict[str, Any]], description: str
) -> MutationField:
    return MutationField(schema, run, payload=SurveysPayload, policy=permission(MANAGE.name), description=description)


class SurveysMutation(Object):
    """What the plugin adds to the mutations."""

    surveys_save = MutationField(
        SurveysSaveInput,
        _save,
        payload=SurveysSavePayload,
        policy=authenticated,
        description="Save what a member has answered so far: members for themselves, others where they may answer.",
    )
    surveys_answer = MutationField(
        SurveysAnswerInput,
        _answer,
        payload=ActivityPayload,
        policy=authenticated,
        description="Answer a survey: members for themselves, others where they may.",
    )
    surveys_create = _field(
        SurveysCreateInput,
        _managing(catalogue.create, "definition", "terms"),
        "Write a survey, which is a draft first.",
    )
    surveys_revise = _field(
        SurveysReviseInput,
        _managing(catalogue.revise, "definition"),
        "Let a survey ask something else from now on; what was answered before stays.",
    )
    surveys_change = _field(
        SurveysChangeInput, _managing(catalogue.change, "terms"), "Let other terms hold of a survey from now on."
    )
    surveys_open = _field(SurveysCodeInput, _moving("open"), "Open a survey, also one that was closed.")
    surveys_close = _field(SurveysCodeInput, _moving("closed"), "Let nobody answer a survey any more.")
    surveys_delete = _field(
        SurveysCodeInput, _managing(catalogue.remove), "Delete a survey that nobody has answered or begun to."
    )
