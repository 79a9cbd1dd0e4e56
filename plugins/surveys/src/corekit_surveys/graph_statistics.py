"""Statistics of surveys in GraphQL, with their charts, and the texts that were answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import graphene
from attrs import frozen

from corekit.paging import Page
from corekit_schema import (
    JSON,
    ConnectionField,
    Field,
    Info,
    Object,
    authenticated,
    invalid,
    listed,
    permission,
    public,
)
from corekit_surveys import exporting, finding, standing, statistics, statistics_charts
from corekit_surveys.declared_statistics import ANSWERS, QUESTION_UNKNOWN, STATISTICS
from corekit_surveys.definition import Survey
from corekit_surveys.exporting import Told
from corekit_surveys.statistics import PERIODS, Statistics
from corekit_surveys.statistics_figures import Numbers, decimal
from corekit_surveys.wording import Wording


@frozen
class _Within:
    """A part of the figures of a question, with what the question is called in each language."""

    part: Any
    question: str
    surveys: Sequence[Survey]


def _digits(name: str, description: str) -> Field:
    """Return a field with a number of a part in decimal digits."""

    def resolve(parents: Sequence[Any], _info: Info) -> list[str]:
        return [decimal(getattr(each, name)) for each in parents]

    return Field(graphene.String, required=True, description=description, resolve=resolve)


def _worded(info: Info, each: _Within) -> Wording:
    return Wording(each.surveys, info.context.language)


def _inner(pick: Callable[[Any], Any]) -> Callable[[Sequence[_Within], Info], list[Any]]:
    """Return a resolver of what is picked of a part, each with its question."""
    return lambda parents, _info: [
        [_Within(each, parent.question, parent.surveys) for each in pick(parent.part)] for parent in parents
    ]


class SurveysNumbers(Object, policy=public):
    """What numbers are like that were answered."""

    count = Field(graphene.Int, required=True, description="How many there are.")
    least = _digits("least", "The smallest.")
    most = _digits("most", "The largest.")
    sum = _digits("sum", "All of them together; with `count` it gives the mean exactly.")
    mean = _digits("mean", "The arithmetic mean, with up to six decimal places.")
    lower_quartile = Field(graphene.String, required=True, description="A quarter of them is not above it.")
    median = _digits("median", "Half of them are not above it.")
    upper_quartile = Field(graphene.String, required=True, description="Three quarters of them are not above it.")

    @staticmethod
    def resolve_lower_quartile(parents: Sequence[Numbers], _info: Info) -> list[str]:
        """Return the first quartiles."""
        return [decimal(each.lower) for each in parents]

    @staticmethod
    def resolve_upper_quartile(parents: Sequence[Numbers], _info: Info) -> list[str]:
        """Return the third quartiles."""
        return [decimal(each.upper) for each in parents]


class SurveysPromoters(Object, policy=public):
    """The net promoter score of answers from 0 to 10."""

    promoters = Field(graphene.Int, required=True, description="How many gave 9 or 10.")
    passives = Field(graphene.Int, required=True, description="How many gave 7 or 8.")
    detractors = Field(graphene.Int, required=True, description="How many gave 6 or less.")
    score = _digits("score", "The share of promoters less that of detractors, in percent: from -100 to 100.")


class SurveysChoice(Object, policy=public):
    """A choice of a question, and how often it was taken."""

    value = Field(JSON, required=True, description="The choice as the definition has it.", source="part.value")
    text = Field(graphene.String, required=True, description="What it is called.")
    count = Field(graphene.Int, required=True, description="How many took it.", source="part.count")
    share = Field(graphene.String, required=True, description="The part of those who saw the question, such as `0.25`.")

    @staticmethod
    def resolve_text(parents: Sequence[_Within], info: Info) -> list[str]:
        """Return what each is called."""
        return [_worded(info, each).choice(each.question, each.part.value) for each in parents]

    @staticmethod
    def resolve_share(parents: Sequence[_Within], _info: Info) -> list[str]:
        """Return the shares."""
        return [decimal(each.part.share) for each in parents]


class SurveysPlaced(Object, policy=public):
    """A choice of a ranking, and where it was put."""

    value = Field(JSON, required=True, description="The choice as the definition has it.", source="part.value")
    text = Field(graphene.String, required=True, description="What it is called.")
    first = Field(graphene.Int, required=True, description="How many put it first.", source="part.first")
    mean_place = Field(graphene.String, required=True, description="The mean of its places, from 1.")

    @staticmethod
    def resolve_text(parents: Sequence[_Within], info: Info) -> list[str]:
        """Return what each is called."""
        return [_worded(info, each).choice(each.question, each.part.value) for each in parents]

    @staticmethod
    def resolve_mean_place(parents: Sequence[_Within], _info: Info) -> list[str]:
        """Return the mean places."""
        return [decimal(each.part.mean) for each in parents]


class SurveysRow(Object, policy=public):
    """A row of a matrix, and what was answered in it."""

    name = Field(graphene.String, required=True, description="The row as the definition has it.", source="part.name")
    text = Field(graphene.String, required=True, description="What it is called.")
    answered = Field(graphene.Int, required=True, description="How many answered it.", source="part.answered")
    choices = Field(listed(SurveysChoice), description="What was answered.", resolve=_inner(lambda row: row.choices))
    numbers = Field(SurveysNumbers, description="Where all choices are numbers.", source="part.numbers")

    @staticmethod
    def resolve_text(parents: Sequence[_Within], info: Info) -> list[str]:
        """Return what each is called."""
        return [_worded(info, each).row(each.question, each.part.name) for each in parents]


class SurveysFigures(Object, policy=public):
    """What was answered to a question. Of what is withheld nothing is told."""

    name = Field(graphene.String, required=True, description="The question.", source="question")
    title = Field(graphene.String, required=True, description="What it asks.")
    kind = Field(graphene.String, required=True, description="What kind of question it is.", source="part.kind")
    withheld = Field(
        graphene.Boolean,
        required=True,
        description="Whether too few answered, or too few could be told from others.",
        source="part.withheld",
    )
    saw = Field(graphene.Int, description="How many saw it: the denominator of all shares.", source="part.saw")
    answered = Field(graphene.Int, description="How many answered it.", source="part.answered")
    choices = Field(
        listed(SurveysChoice), description="What could be chosen.", resolve=_inner(lambda told: told.choices)
    )
    numbers = Field(SurveysNumbers, description="Of numbers, and of rates that are numbers.", source="part.numbers")
    promoters = Field(SurveysPromoters, description="Of rates from 0 to 10.", source="part.promoters")
    days = Field(listed(graphene.String), description="Of dates: the first and the last day.")
    rows = Field(listed(SurveysRow), description="Of a matrix.", resolve=_inner(lambda told: told.rows))
    places = Field(
        listed(SurveysPlaced), description="Of a ranking, the best first.", resolve=_inner(lambda told: told.places)
    )
    chart = Field(
        graphene.String, cost=5, description="A chart as SVG; null where it is withheld, or nothing to be drawn."
    )

    @staticmethod
    def resolve_title(parents: Sequence[_Within], info: Info) -> list[str]:
        """Return what each asks."""
        return [_worded(info, each).question(each.question) for each in parents]

    @staticmethod
    def resolve_days(parents: Sequence[_Within], _info: Info) -> list[Sequence[str]]:
        """Return the first and last days."""
        return [each.part.days or () for each in parents]

    @staticmethod
    def resolve_chart(parents: Sequence[_Within], info: Info) -> list[str | None]:
        """Draw them."""
        return [statistics_charts.chart(each.part, _worded(info, each)) for each in parents]


class SurveysGroup(Object, policy=public):
    """What those of a group answered."""

    label = Field(
        graphene.String, description="Its tier, kind, value or period; null for all together.", source="part.label"
    )
    respondents = Field(graphene.Int, description="How many they are; null: withheld.", source="part.respondents")
    questions = Field(
        listed(SurveysFigures),
        description="Each question; none where the group is withheld.",
        names=graphene.List(graphene.NonNull(graphene.String), description="Only these questions."),
    )

    @staticmethod
    def resolve_questions(
        parents: Sequence[_Within], _info: Info, names: Sequence[str] | None = None
    ) -> list[list[_Within]]:
        """Return the questions that are wanted."""
        return [
            [
                _Within(each, each.name, parent.surveys)
                for each in parent.part.questions
                if names is None or each.name in names
            ]
            for parent in parents
        ]


class SurveysStatistics(Object, policy=public):
    """Statistics of a survey."""

    survey = Field(graphene.String, required=True, description="The code of the survey.")
    by = Field(graphene.String, description="In which groups; null: in one.")
    respondents = Field(graphene.Int, required=True, description="How many answers are counted.")
    unnamed = Field(
        graphene.Int,
        required=True,
        description="How many more are of nobody, and so in none of the groups by what members are.",
    )
    least = Field(graphene.Int, required=True, description="What fewer answered is withheld.")
    groups = Field(listed(SurveysGroup), description="The groups, in their order.")
    trend = Field(
        graphene.String,
        cost=5,
        description="In groups by time, a chart as SVG: the mean of a question, its net promoter score, or how many "
        "answered. Null where the groups are others.",
        question=graphene.String(description="Of which question; how many took part where left out."),
    )

    @staticmethod
    def resolve_groups(parents: Sequence[Statistics], _info: Info) -> list[list[_Within]]:
        """Return the groups."""
        return [[_Within(group, "", each.surveys) for group in each.groups] for each in parents]

    @staticmethod
    def resolve_trend(parents: Sequence[Statistics], info: Info, question: str | None = None) -> list[str | None]:
        """Draw what there was over time."""
        if question is not None and not any(question in known.questions for it in parents for known in it.surveys):
            said = QUESTION_UNKNOWN.en.format(question=question, hint="")
            raise invalid(QUESTION_UNKNOWN.code, said, "question", question=question, hint="")
        return [
            statistics_charts.trend(each.groups, question, Wording(each.surveys, info.context.language))
            if each.by in PERIODS
            else None
            for each in parents
        ]


class SurveysText(Object, policy=public):
    """A text that was answered."""

    answer_id = Field(graphene.String, required=True, source="id", description="The answer that it is part of.")
    text = Field(graphene.String, required=True, description="The text.")


class StatisticsQuery(Object):
    """What statistics add to the queries."""

    surveys_statistics = Field(
        SurveysStatistics,
        policy=permission(STATISTICS.name),
        cost=200,
        blocking=True,
        survey=graphene.String(required=True, description="The code of the survey."),
        by=graphene.String(
            description="In groups: `tier`, `tier:LADDER`, `kind`, `tag:TAG`, `attribute:NAME`, each as members are "
            "now, or `day`, `week`, `month`."
        ),
        since=graphene.String(description="Only from this day on, as `2026-01-31`."),
        until=graphene.String(description="Only up to this day."),
        version=graphene.Int(description="Only answers to this version."),
        description="What was answered to a survey.",
    )
    surveys_results = Field(
        SurveysStatistics,
        policy=authenticated,
        cost=200,
        blocking=True,
        survey=graphene.String(required=True, description="The code of the survey."),
        description="What all members answered to a survey together, for a member that has answered it too; null where "
        "it has not, and where the survey does not show it.",
    )
    surveys_texts = ConnectionField(
        SurveysText,
        policy=permission(ANSWERS.name),
        survey=graphene.String(required=True, description="The code of the survey."),
        question=graphene.String(required=True, description="The question, or the other choice as `way-Comment`."),
        description="The texts that were answered to a question, in no order that says anything.",
    )

    @staticmethod
    def resolve_surveys_statistics(
        parents: Sequence[Any], info: Info, survey: str, since: str | None = None, until: str | None = None, **more: Any
    ) -> list[Statistics]:
        """Count: a few statements."""
        kit, read = info.context.kit, info.context.read
        found = statistics.of(kit, read, survey, since=_day(since, "since"), until=_day(until, "until"), **more)
        return [found for _ in parents]

    @staticmethod
    def resolve_surveys_results(_parents: Sequence[Any], info: Info, survey: str) -> list[Statistics | None]:
        """Count, where the viewer may see it: a few statements."""
        read, member = info.context.read, info.context.viewer.member
        found = finding.find(read, [survey]).get(survey)
        if member is None or found is None or not found.terms.show_results:
            return [None]
        took = standing.taken_by(read, [member], [found.id])
        return [statistics.of(info.context.kit, read, survey) if took else None]

    @staticmethod
    def resolve_surveys_texts(
        parents: Sequence[Any], info: Info, survey: str, question: str, **page: Any
    ) -> list[Page[Told]]:
        """Return a page of texts."""
        found = exporting.texts(info.context.kit, info.context.read, survey, question, **page)
        return [found for _ in parents]


def _day(text: str | None, name: str) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise invalid("DATE", f"{text!r} is no date; write for example 2027-12-24.", name) from None
