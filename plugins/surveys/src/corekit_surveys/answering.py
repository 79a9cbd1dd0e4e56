"""A member takes part: what it saved last becomes its answer, and the activity says no more than that it did.

What an activity and its effects say stays for ever, and so does the hash of a request; an answer has to be forgotten
with its member. So it never is part of them: it waits as a draft, which the effect names by an id that says nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from attrs import field, frozen
from sqlalchemy import Text, bindparam, case, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from corekit import Activity, Applied, Batch, Effect, EffectKind, Facts, PluginWrite, Reader, Refusal, Whole, any_of
from corekit.audience import Known, Why, compiled, gathered
from corekit_surveys import answers as judging
from corekit_surveys import declared, drafts, finding, standing, tables
from corekit_surveys.drafts import Draft
from corekit_surveys.finding import Kept
from corekit_surveys.standing import Took

if TYPE_CHECKING:
    from corekit import Kit, Outcome

_answer, _draft, _place, _survey = tables.answer, tables.draft, tables.place, tables.survey
_taken, _version, _waiting = tables.taken, tables.version, tables.waiting


@frozen
class TakePart(Effect):
    """A ``draft`` becomes the answer to a ``survey`` in its ``version``, on a ``day`` of the program's clock.

    The member took part ``before`` so many times, the last on the day ``was``. ``limited`` says that a
    :class:`TakePlace` goes with it, ``anonymous`` that nobody is to find the answer by the member.
    """

    survey: str = field(kw_only=True)
    version: int = field(kw_only=True)
    draft: str = field(kw_only=True)
    day: str = field(kw_only=True)
    before: int = field(kw_only=True)
    was: str | None = field(kw_only=True)
    limited: bool = field(kw_only=True)
    anonymous: bool = field(kw_only=True)


@frozen
class TakePlace(Effect):
    """One more answer to a ``survey`` that is answered ``quota`` times at most."""

    survey: str = field(kw_only=True)
    quota: int = field(kw_only=True)


@frozen(kw_only=True)
class Prepared:
    """What is known of a member who takes part.

    Surveys are by code; its drafts, how it took part and why it is outside of an audience by their ids.
    """

    surveys: Mapping[str, Kept]
    drafts: Mapping[str, Draft] = field(factory=dict[str, Draft])
    took: Mapping[str, Took] = field(factory=dict[str, Took])
    barred: Mapping[str, tuple[Why, ...]] = field(factory=dict[str, tuple[Why, ...]])


NOTHING = Prepared(surveys={})
MIXED = 100
"""How many of the anonymous answers that wait are written again when one comes."""


def answer(kit: Kit, member: str, survey: str, answers: Mapping[str, Any], **given: Any) -> Outcome:
    """Save answers and send them; ``given`` is what else the activity says, such as its key.

    Raises :class:`corekit.Invalid` as :func:`corekit_surveys.drafts.save` does. Answers that cannot be sent as they are
    stay saved: the outcome is refused then, with the first problem and its path.
    """
    drafts.save(kit, member, survey, answers)
    return send(kit, member, survey, **given)


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
    barred = _barred(read, taking, surveys.values(), facts)
    return {
        member: Prepared(
            surveys=surveys,
            drafts=drafted.get(member, {}),
            took=took.get(member, {}),
            barred=barred.get(member, {}),
        )
        for member in taking
    }


def _barred(
    read: Reader, taking: Mapping[str, Activity], surveys: Iterable[Kept], facts: Facts
) -> dict[str, dict[str, tuple[Why, ...]]]:
    """Return why members are outside of the audiences of surveys, by member and survey."""
    audiences = {each.id: each.terms.audience for each in surveys if each.terms.audience is not None}
    if not audiences:
        return {}
    ranks = {member: facts.program(each).ranks for member, each in taking.items()}
    rules = {
        member: {id_: compiled(audience, Known(ranks[member])) for id_, audience in audiences.items()}
        for member in taking
    }
    now = max(facts.local(each) for each in taking.values())
    found = gathered(read, taking, now, [rule for each in rules.values() for rule in each.values()])
    barred: dict[str, dict[str, tuple[Why, ...]]] = {}
    for member, activity in taking.items():
        known = facts.member(activity)
        tiers = {ladder: tier for ladder in ranks[member] if (tier := facts.tier(activity, ladder)) is not None}
        who = found.who(member, known.kind, known.tags, tiers)
        barred[member] = {id_: tuple(standing.barred(rule, who)) for id_, rule in rules[member].items()}
    return barred


def answered(activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Let a member take part, where what it saved is an answer to what is asked now."""
    known: Prepared = facts.prepared(activity) or NOTHING
    code = str(activity.payload["survey"])
    survey = known.surveys.get(code)
    if survey is None:
        raise Refusal(declared.UNKNOWN.code, survey=code)
    now = facts.local(activity)
    took = known.took.get(survey.id)
    for why, parameters in (*standing.reasons(survey, took, now), *known.barred.get(survey.id, ())):
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


# What is written


def _take_part(write: PluginWrite, effects: Sequence[Applied]) -> list[str]:
    """Turn drafts into answers, and return what cannot: of a survey changed meanwhile, taken since, saved anew."""
    drafts_ = _drafts(write, effects)
    asked = _asked(write, effects)
    good = [each for each in effects if each.effect.draft in drafts_ and _is_asked(each.effect, asked)]
    good = _first(write, good) if good else []
    if good:
        answered_ = [(each, drafts_[each.effect.draft]) for each in good]
        if named := [_row(each, asked, row.answers) for each, row in answered_ if not each.effect.anonymous]:
            write.execute(insert(_answer), named)
        if sealed := [_sealed(each.effect, row) for each, row in answered_ if each.effect.anonymous]:
            _let_wait(write, sealed)
        write.execute(delete(_draft).where(any_of(_draft.c.id, [each.effect.draft for each in good])))
    kept = {each.id for each in good}
    return [each.id for each in effects if each.id not in kept]


def _drafts(write: PluginWrite, effects: Sequence[Applied]) -> dict[str, Any]:
    locking = select(_draft).where(any_of(_draft.c.id, [each.effect.draft for each in effects]))
    return {row.id: row for row in write.execute(locking.order_by(_draft.c.id).with_for_update())}


def _asked(write: PluginWrite, effects: Sequence[Applied]) -> dict[str, Any]:
    """Return the surveys as they stand, with what they ask; nobody changes them before this is written.

    Who answers an anonymous one comes alone: what waits is mixed with what comes.
    """
    ids = sorted({each.effect.survey for each in effects})
    columns = [_survey.c[name] for name in ("id", "state", "version", "quota", "anonymous")]
    now = (_version.c.survey_id == _survey.c.id) & (_version.c.number == _survey.c.version)
    wanted = select(*columns, _version.c.definition).join_from(_survey, _version, now).where(any_of(_survey.c.id, ids))
    alone = any(each.effect.anonymous for each in effects)
    return {
        row.id: row for row in write.execute(wanted.order_by(_survey.c.id).with_for_update(read=not alone, of=_survey))
    }


def _is_asked(effect: TakePart, asked: Mapping[str, Any]) -> bool:
    found = asked.get(effect.survey)
    return (
        found is not None
        and (found.state, found.version) == ("open", effect.version)
        and (found.quota is not None) == effect.limited
        and bool(found.anonymous) == effect.anonymous
    )


def _first(write: PluginWrite, effects: Sequence[Applied]) -> list[Applied]:
    """Count that members take part, and return those who did so before as often as was thought."""
    into = sqlite.insert(_taken) if write.dialect == "sqlite" else postgresql.insert(_taken)
    told = into.excluded
    counting = into.values([_took(each) for each in effects]).on_conflict_do_update(
        index_elements=["survey_id", "member_id"],
        set_={"times": told.times, "day": told.day},
        where=_taken.c.times == told.times - 1,
    )
    counted = {(row.survey_id, row.member_id) for row in write.execute(counting.returning(*_taken.primary_key))}
    return [each for each in effects if (each.effect.survey, each.member) in counted]


def _took(applied: Applied) -> dict[str, Any]:
    effect: TakePart = applied.effect
    return {"survey_id": effect.survey, "member_id": applied.member, "times": effect.before + 1, "day": effect.day}


def _row(applied: Applied, asked: Mapping[str, Any], answers: Any) -> dict[str, Any]:
    effect: TakePart = applied.effect
    return {
        "id": effect.draft,
        "survey_id": effect.survey,
        "version": effect.version,
        "member_id": applied.member,
        "day": effect.day,
        "answers": answers,
        "skipped": judging.skipped(finding.parsed(asked[effect.survey].definition), answers),
    }


def _sealed(effect: TakePart, draft: Any) -> dict[str, Any]:
    """Return an anonymous answer as it waits: under a number that nothing else names."""
    return {"id": draft.ticket, "survey_id": effect.survey, "version": effect.version, "sealed": draft.sealed}


def _let_wait(write: PluginWrite, rows: Sequence[dict[str, Any]]) -> None:
    """Let answers wait, mixed with those that do: all of them are written now, in the order of their numbers.

    So no row tells by its place, or by the transaction that wrote it, which of those came with which member.
    """
    surveys = sorted({row["survey_id"] for row in rows})
    others = select(_waiting).where(any_of(_waiting.c.survey_id, surveys)).order_by(_waiting.c.id).limit(MIXED)
    before = [dict(row) for row in write.execute(others).mappings()]
    if before:
        write.execute(delete(_waiting).where(any_of(_waiting.c.id, [row["id"] for row in before])))
    write.execute(insert(_waiting), sorted([*before, *rows], key=itemgetter("id")))


_HERE = (_taken.c.survey_id == bindparam("its_survey")) & (_taken.c.member_id == bindparam("its_member"))
_LESS = (
    update(_taken)
    .where(_HERE)
    .values(
        times=_taken.c.times - 1,
        day=case(
            (_taken.c.times == bindparam("its_before", type_=Whole) + 1, bindparam("its_was", type_=Text)),
            else_=_taken.c.day,
        ),
    )
)
_MORE = (
    update(_place)
    .where(_place.c.survey_id == bindparam("its_survey"))
    .values(taken=_place.c.taken + bindparam("more", type_=Whole))
)
_NEVER = delete(_taken).where(_HERE, _taken.c.times == 0)


def _take_back(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Let answers be drafts again, of those who have no other, and nobody have taken part, nor a place.

    An anonymous answer is not found again. It stays, and so does that its member took part.
    """
    named = [each for each in effects if not each.effect.anonymous]
    if not named:
        return
    ids = [each.effect.draft for each in named]
    rows = write.execute(
        select(_answer).where(any_of(_answer.c.id, ids)).order_by(_answer.c.id).with_for_update()
    ).all()
    if rows:
        at = {each.effect.draft: each.at for each in named}
        into = sqlite.insert(_draft) if write.dialect == "sqlite" else postgresql.insert(_draft)
        write.execute(into.on_conflict_do_nothing(), [_again(row, at[row.id]) for row in rows])
        write.execute(delete(_answer).where(any_of(_answer.c.id, ids)))
    write.execute(_LESS, [_back(each) for each in named])
    write.execute(_NEVER, [{"its_survey": each.effect.survey, "its_member": each.member} for each in named])
    fewer = Counter(each.effect.survey for each in named)
    write.execute(_MORE, [{"its_survey": survey, "more": -fewer[survey]} for survey in sorted(fewer)])


def _again(row: Any, at: int) -> dict[str, Any]:
    """Return an answer as the draft that it was."""
    names = ("id", "survey_id", "member_id", "answers")
    return {name: getattr(row, name) for name in names} | {"ticket": row.id, "saved_at": at}


def _back(applied: Applied) -> dict[str, Any]:
    effect: TakePart = applied.effect
    return {
        "its_survey": effect.survey,
        "its_member": applied.member,
        "its_before": effect.before,
        "its_was": effect.was or effect.day,
    }


TAKE_PART = EffectKind(
    name="surveys.take_part",
    effect=TakePart,
    apply=_take_part,
    undo=_take_back,
    refusal=declared.CHANGED.code,
)


def _take_place(write: PluginWrite, effects: Sequence[Applied]) -> list[str]:
    """Take places in the order of the effects, and return those for which none is left."""
    ids = sorted({each.effect.survey for each in effects})
    locking = select(_place).where(any_of(_place.c.survey_id, ids)).order_by(_place.c.survey_id).with_for_update()
    taken = {row.survey_id: row.taken for row in write.execute(locking)}
    more: Counter[str] = Counter()
    missed: list[str] = []
    for each in effects:
        effect: TakePlace = each.effect
        if effect.survey in taken and taken[effect.survey] + more[effect.survey] < effect.quota:
            more[effect.survey] += 1
        else:
            missed.append(each.id)
    if more:
        rows = [{"its_survey": survey, "more": more[survey]} for survey in sorted(more)]
        write.execute(_MORE, rows)
    return missed


def _leave_place(_write: PluginWrite, _effects: Sequence[Applied]) -> None:
    """Change nothing: a place is free where taking part is taken back, also where it was taken without a quota."""


TAKE_PLACE = EffectKind(
    name="surveys.take_place",
    effect=TakePlace,
    apply=_take_place,
    undo=_leave_place,
    refusal=declared.QUOTA_FULL.code,
)
