"""A member takes part: what it saved last becomes its answer, once, and the activity says no more than that it did.

What an activity and its effects say stays for ever, and so does the hash of a request; an answer has to be forgotten
with its member. So it never is part of them: it waits as a draft, which the effect names by an id that says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen
from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from corekit import Activity, Applied, Batch, Effect, EffectKind, Facts, PluginWrite, Reader, Refusal, any_of
from corekit_surveys import answers as judging
from corekit_surveys import catalogue, declared, drafts
from corekit_surveys.catalogue import Kept
from corekit_surveys.definition import Survey
from corekit_surveys.drafts import Draft
from corekit_surveys.tables import answer as _answer
from corekit_surveys.tables import draft as _draft
from corekit_surveys.tables import survey as _survey
from corekit_surveys.tables import taken as _taken
from corekit_surveys.tables import version as _version

if TYPE_CHECKING:
    from corekit import Kit, Outcome


@frozen
class TakePart(Effect):
    """A ``draft`` becomes the answer to a ``survey`` in its ``version``, on a ``day`` of the program's clock."""

    survey: str = field(kw_only=True)
    version: int = field(kw_only=True)
    draft: str = field(kw_only=True)
    day: str = field(kw_only=True)


@frozen(kw_only=True)
class Prepared:
    """What is known of a member who takes part: surveys by code, its drafts and where it took part by their ids."""

    surveys: Mapping[str, Kept]
    drafts: Mapping[str, Draft] = field(factory=dict[str, Draft])
    taken: frozenset[str] = frozenset()


NOTHING = Prepared(surveys={})


def answer(kit: Kit, member: str, survey: str, answers: Mapping[str, Any], **given: Any) -> Outcome:
    """Save answers and send them; ``given`` is what else the activity says, such as its key.

    Raises :class:`corekit.Invalid` as :func:`corekit_surveys.drafts.save` does. Answers that cannot be sent as they are
    stay saved: the outcome is refused then, with the first problem and its path.
    """
    drafts.save(kit, member, survey, answers)
    return kit.record(Activity(type=declared.ANSWERED.name, member=member, payload={"survey": survey}, **given))


def load(batch: Batch, read: Reader) -> dict[str, Prepared]:
    """Return what is known of those who take part: three statements, none where nobody does."""
    taking = list(batch.of(declared.ANSWERED.name))
    if not taking:
        return {}
    surveys = catalogue.find(read, {str(each.payload["survey"]) for each in taking})
    members, ids = {each.member for each in taking}, {each.id for each in surveys.values()}
    drafted, taken = drafts.of_members(read, members, ids), drafts.taken_by(read, members, ids)
    return {
        member: Prepared(surveys=surveys, drafts=drafted.get(member, {}), taken=taken.get(member, frozenset()))
        for member in members
    }


def answered(activity: Activity, facts: Facts) -> Iterator[TakePart]:
    """Let a member take part, where what it saved is an answer to what is asked now."""
    known: Prepared = facts.prepared(activity) or NOTHING
    code = str(activity.payload["survey"])
    survey = known.surveys.get(code)
    if survey is None:
        raise Refusal(declared.UNKNOWN.code, survey=code)
    if survey.state != "open":
        raise Refusal(declared.NOT_OPEN.code, state=survey.state)
    if survey.id in known.taken:
        raise Refusal(declared.ANSWERED_BEFORE.code)
    draft = known.drafts.get(survey.id)
    if draft is None:
        raise Refusal(declared.DRAFT_MISSING.code)
    for problem in judging.problems(survey.survey, draft.answers):
        raise Refusal(problem.code, **problem.parameters, path=".".join(map(str, problem.path)))
    day = facts.local(activity).date().isoformat()
    yield TakePart(activity, rule="answered@1", survey=survey.id, version=survey.version, draft=draft.id, day=day)


# What is written


def _take_part(write: PluginWrite, effects: Sequence[Applied]) -> list[str]:
    """Turn drafts into answers, and return what cannot: of a survey closed meanwhile, taken before, saved anew."""
    drafts_ = _drafts(write, effects)
    open_ = _open(write, effects)
    good = [each for each in effects if each.effect.draft in drafts_ and _version_of(each) in open_]
    first = _first(write, good) if good else set[tuple[str, str]]()
    good = [each for each in good if (each.effect.survey, each.member) in first]
    if good:
        rows = [_row(each, open_[_version_of(each)], drafts_[each.effect.draft]) for each in good]
        write.execute(insert(_answer), rows)
        write.execute(delete(_draft).where(any_of(_draft.c.id, [each.effect.draft for each in good])))
    kept = {each.id for each in good}
    return [each.id for each in effects if each.id not in kept]


def _drafts(write: PluginWrite, effects: Sequence[Applied]) -> dict[str, Any]:
    locking = select(_draft.c.id, _draft.c.answers).where(any_of(_draft.c.id, [each.effect.draft for each in effects]))
    return {row.id: row.answers for row in write.execute(locking.order_by(_draft.c.id).with_for_update())}


def _open(write: PluginWrite, effects: Sequence[Applied]) -> dict[tuple[str, int], Survey]:
    """Return by id and version what the open surveys ask; nobody closes them before this is written."""
    ids = sorted({each.effect.survey for each in effects})
    now = (_version.c.survey_id == _survey.c.id) & (_version.c.number == _survey.c.version)
    wanted = select(_survey.c.id, _survey.c.version, _version.c.definition).join_from(_survey, _version, now)
    wanted = wanted.where(any_of(_survey.c.id, ids), _survey.c.state == "open").order_by(_survey.c.id)
    rows = write.execute(wanted.with_for_update(read=True, of=_survey))
    return {(row.id, row.version): catalogue.parsed(row.definition) for row in rows}


def _version_of(applied: Applied) -> tuple[str, int]:
    return applied.effect.survey, applied.effect.version


def _first(write: PluginWrite, effects: Sequence[Applied]) -> set[tuple[str, str]]:
    rows = [{"survey_id": each.effect.survey, "member_id": each.member} for each in effects]
    into = sqlite.insert(_taken) if write.dialect == "sqlite" else postgresql.insert(_taken)
    made = into.values(rows).on_conflict_do_nothing().returning(_taken.c.survey_id, _taken.c.member_id)
    return {(row.survey_id, row.member_id) for row in write.execute(made)}


def _row(applied: Applied, survey: Survey, answers: Any) -> dict[str, Any]:
    effect: TakePart = applied.effect
    return {
        "id": effect.draft,
        "survey_id": effect.survey,
        "version": effect.version,
        "member_id": applied.member,
        "day": effect.day,
        "answers": answers,
        "skipped": judging.skipped(survey, answers),
    }


def _take_back(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Let answers be drafts again, of those who have no other, and nobody have taken part."""
    ids = [each.effect.draft for each in effects]
    rows = write.execute(
        select(_answer).where(any_of(_answer.c.id, ids)).order_by(_answer.c.id).with_for_update()
    ).all()
    names = ("id", "survey_id", "member_id", "answers")
    if rows:
        into = sqlite.insert(_draft) if write.dialect == "sqlite" else postgresql.insert(_draft)
        write.execute(into.on_conflict_do_nothing(), [{name: getattr(row, name) for name in names} for row in rows])
        write.execute(delete(_answer).where(any_of(_answer.c.id, ids)))
    gone = (_taken.c.survey_id == bindparam("its_survey")) & (_taken.c.member_id == bindparam("its_member"))
    write.execute(
        delete(_taken).where(gone), [{"its_survey": each.effect.survey, "its_member": each.member} for each in effects]
    )


def _took_part(known: Prepared | None, effect: TakePart) -> Prepared:
    known = known or NOTHING
    drafted = {survey: draft for survey, draft in known.drafts.items() if survey != effect.survey}
    return evolve(known, drafts=drafted, taken=known.taken | {effect.survey})


TAKE_PART = EffectKind(
    name="surveys.take_part",
    effect=TakePart,
    apply=_take_part,
    undo=_take_back,
    fold=_took_part,
    refusal=declared.CHANGED.code,
)
