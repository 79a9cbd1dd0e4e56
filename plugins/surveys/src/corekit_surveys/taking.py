"""What is written where a member takes part: its draft becomes an answer, or waits to be one, and a place is taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from attrs import field, frozen
from sqlalchemy import Text, bindparam, case, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from corekit import Applied, Effect, EffectKind, PluginWrite, Whole, any_of
from corekit_surveys import declared, tables
from corekit_surveys.answers import skipped
from corekit_surveys.finding import parsed

_answer, _draft, _place, _survey = tables.answer, tables.draft, tables.place, tables.survey
_taken, _version, _waiting = tables.taken, tables.version, tables.waiting
MIXED = 100
"""How many of the anonymous answers that wait are written again when one comes."""


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


def _take_part(write: PluginWrite, effects: Sequence[Applied]) -> list[str]:
    """Turn drafts into answers, and return what cannot: of a survey changed meanwhile, taken since, saved anew."""
    asked = _asked(write, effects)  # first, as where drafts are saved: no two wait for each other
    drafts_ = _drafts(write, effects)
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
    rows = write.execute(wanted.order_by(_survey.c.id).with_for_update(read=not alone, of=_survey))
    return {row.id: row for row in rows}


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
        "skipped": skipped(parsed(asked[effect.survey].definition), answers),
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
    _asked(write, named)  # whoever begins to count places counts what this leaves
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
