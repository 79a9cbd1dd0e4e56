"""A member takes part: what it saved last becomes its answer, and the activity says no more than that it did.

What an activity and its effects say stays for ever, and so does the hash of a request; an answer has to be forgotten
with its member. So it never is part of them: it waits as a draft, which the effect names by an id that says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from attrs import field, frozen
from sqlalchemy import select

from corekit import Activity, Batch, Effect, Facts, Invalid, Reader, Refusal, any_of
from corekit.audience import Gathered, Known, Rule, Why, compiled, gathered
from corekit.tables import activity as _activity
from corekit_surveys import answers as judging
from corekit_surveys import declared, drafts, finding, standing
from corekit_surveys.drafts import Draft
from corekit_surveys.finding import Kept
from corekit_surveys.standing import Took
from corekit_surveys.taking import TakePart, TakePlace

if TYPE_CHECKING:
    from corekit import Kit, Outcome


@frozen(kw_only=True)
class Prepared:
    """What is known of a member who takes part.

    Surveys are by code; its drafts and how it took part by their ids. ``found`` is what audiences ask for.
    """

    surveys: Mapping[str, Kept]
    drafts: Mapping[str, Draft] = field(factory=dict[str, Draft])
    took: Mapping[str, Took] = field(factory=dict[str, Took])
    found: Gathered = field(factory=Gathered)


NOTHING = Prepared(surveys={})


def answer(kit: Kit, member: str, survey: str, answers: Mapping[str, Any], **given: Any) -> Outcome:
    """Save answers and send them; ``given`` is what else the activity says, such as its key.

    Raises :class:`corekit.Invalid` as :func:`corekit_surveys.drafts.save` does. Answers that cannot be sent as they are
    stay saved: the outcome is refused then, with the first problem and its path.
    """
    save(kit, member, survey, answers, **given)
    return send(kit, member, survey, **given)


def save(kit: Kit, member: str, survey: str, answers: Mapping[str, Any], **given: Any) -> None:
    """Save answers that are sent next, unless that was done before under the same key: then it is answered again.

    Raises :class:`corekit.Invalid` as :func:`corekit_surveys.drafts.save` does.
    """
    try:
        drafts.save(kit, member, survey, answers)
    except Invalid:
        if not _is_sent(kit, taking_part(member, survey, **given)):
            raise


def _is_sent(kit: Kit, activity: Activity) -> bool:
    asked = select(_activity.c.id).where(
        any_of(_activity.c.member_id, [activity.member]),
        _activity.c.type == activity.type,
        _activity.c.source == activity.source,
        _activity.c.external_id == activity.external_id.replace("\0", ""),
    )
    with kit.read() as read:
        return bool(read.all(asked))


def send(kit: Kit, member: str, survey: str, **given: Any) -> Outcome:
    """Send what a member has saved; ``given`` is what else the activity says, such as its key."""
    return kit.record(taking_part(member, survey, **given))


def taking_part(member: str, survey: str, **given: Any) -> Activity:
    """Return the activity that sends what a member has saved."""
    return Activity(type=declared.ANSWERED.name, member=member, payload={"survey": survey}, **given)


def load(batch: Batch, read: Reader, facts: Facts) -> dict[str, Prepared]:
    """Return what is known of those who take part: three statements and what audiences ask for, or none."""
    taking = {each.member: each for each in batch.of(declared.ANSWERED.name)}
    if not taking:
        return {}
    surveys = finding.find(read, {str(each.payload["survey"]) for each in taking.values()})
    ids = {each.id for each in surveys.values()}
    drafted, took = drafts.of_members(read, facts.settings, taking, ids), standing.taken_by(read, taking, ids)
    found = _gathered(read, taking, surveys.values(), facts)
    return {
        member: Prepared(surveys=surveys, drafts=drafted.get(member, {}), took=took.get(member, {}), found=found)
        for member in taking
    }


def _gathered(read: Reader, taking: Mapping[str, Activity], surveys: Iterable[Kept], facts: Facts) -> Gathered:
    """Return what the audiences of surveys ask for of members; what else decides, `react` is told."""
    rules = [_rule(survey, facts, activity) for survey in surveys for activity in taking.values()]
    now = max(facts.local(activity) for activity in taking.values())
    return gathered(read, taking, now, [rule for rule in rules if rule is not None])


def _rule(survey: Kept, facts: Facts, activity: Activity) -> Rule | None:
    """Return the audience of a survey as the program that holds for an activity means it; None: everybody."""
    audience = survey.terms.audience
    return None if audience is None else compiled(audience, Known(facts.program(activity).ranks))


def _outside(survey: Kept, facts: Facts, activity: Activity, found: Gathered) -> Iterator[Why]:
    """Yield why a member is outside of the audience of a survey."""
    rule = _rule(survey, facts, activity)
    if rule is not None:
        known, ladders = facts.member(activity), facts.program(activity).ranks
        tiers = {ladder: tier for ladder in ladders if (tier := facts.tier(activity, ladder)) is not None}
        yield from standing.barred(rule, found.who(activity.member, known.kind, known.tags, tiers))


def answered(activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Let a member take part, where what it saved is an answer to what is asked now."""
    known: Prepared = facts.prepared(activity) or NOTHING
    code = str(activity.payload["survey"])
    survey = known.surveys.get(code)
    if survey is None:
        raise Refusal(declared.UNKNOWN.code, survey=code)
    now = facts.local(activity)
    took = known.took.get(survey.id)
    for why, parameters in (*standing.reasons(survey, took, now), *_outside(survey, facts, activity, known.found)):
        raise Refusal(why, **parameters)
    draft = known.drafts.get(survey.id)
    if draft is None:
        raise Refusal(declared.DRAFT_MISSING.code)
    if draft.answers is None:
        raise Refusal(declared.SEALED.code)
    for problem in judging.problems(survey.survey, draft.answers):
        raise Refusal(problem.code, **problem.parameters, path=".".join(map(str, problem.path)))
    quota = survey.terms.quota
    yield TakePart(
        activity,
        rule="answered@1",
        survey=survey.id,
        version=survey.version,
        draft=draft.id,
        day=now.date().isoformat(),
        before=took.times if took is not None else 0,
        was=took.day.isoformat() if took is not None else None,
        limited=quota is not None,
        anonymous=survey.terms.anonymous,
    )
    if quota is not None:
        yield TakePlace(activity, rule="answered@1", survey=survey.id, quota=quota)
