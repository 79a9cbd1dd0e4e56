"""What becomes of answers and comments when two members become one: they change hands, and change back.

In a survey that both have answered both answers stay, and the one has taken part as often as both. Of two drafts for a
survey the one that was saved last goes on; the other is put aside, until they are two members again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import field, frozen
from sqlalchemy import Select, and_, bindparam, case, delete, insert, literal_column, or_, select, update

from corekit import Applied, Effect, EffectKind, Id, PluginWrite, any_of
from corekit_surveys.tables import answer, comment, draft, move, shelf, taken


@frozen
class TakeAnswers(Effect):
    """What another member answered, and in what it took part, is this one's."""

    giver: str = field(kw_only=True)


_MERGE, _GIVER, _TAKER = (bindparam(name, type_=Id) for name in ("its_merge", "its_giver", "its_taker"))
_OF_GIVER = {each.name: each.c.member_id == _GIVER for each in (answer, comment, draft, shelf, taken)}
_DRAFTED = ("id", "ticket", "survey_id", "answers", "sealed", "saved_at")


def _noting(what: str, theirs: Any, *more: str) -> Any:
    """Return the insert that notes rows, of which ``theirs`` selects the id and more, as a kind of move."""
    noted = theirs.add_columns(_MERGE, literal_column(f"'{what}'"))
    return insert(move).from_select(["row_id", *more, "effect_id", "what"], noted)


def _moved(what: str) -> Select[Any]:
    return select(move.c.row_id).where(move.c.effect_id == _MERGE, move.c.what == what)


def _of_both(column: str) -> Any:
    """Return what was noted of the other member, for the survey of a row of ``taken``."""
    here = (move.c.effect_id == _MERGE) & (move.c.what == "both") & (move.c.row_id == taken.c.survey_id)
    return select(move.c[column]).where(here).scalar_subquery()


_own = taken.alias("own")
_BOTH = select(taken.c.survey_id, taken.c.times, taken.c.day, _own.c.day.label("was")).where(
    _OF_GIVER[taken.name], _own.c.member_id == _TAKER, _own.c.survey_id == taken.c.survey_id
)
_IN_BOTH = (taken.c.member_id == _TAKER) & taken.c.survey_id.in_(_moved("both"))

_newer = draft.alias("newer")
_IS_OLDER = (
    select(_newer.c.id)
    .where(
        _newer.c.survey_id == draft.c.survey_id,
        _newer.c.member_id.in_((_GIVER, _TAKER)),
        or_(
            _newer.c.saved_at > draft.c.saved_at,
            and_(_newer.c.saved_at == draft.c.saved_at, _newer.c.id > draft.c.id),
        ),
    )
    .exists()
)
_ASIDE = select(*(draft.c[name] for name in _DRAFTED), draft.c.member_id, _TAKER, _MERGE).where(
    draft.c.member_id.in_((_GIVER, _TAKER)), _IS_OLDER
)
_HERE = shelf.c.effect_id == _MERGE
_again = draft.alias("again")
_HAS_DRAFT = (
    select(_again.c.id).where(_again.c.survey_id == shelf.c.survey_id, _again.c.member_id == shelf.c.owner_id).exists()
)
_BACK = select(*(shelf.c[name] for name in _DRAFTED), shelf.c.owner_id).where(_HERE, ~_HAS_DRAFT)

_TAKE = (
    _noting("answer", select(answer.c.id).where(_OF_GIVER[answer.name])),
    update(answer).where(_OF_GIVER[answer.name]).values(member_id=_TAKER),
    _noting("comment", select(comment.c.id).where(_OF_GIVER[comment.name])),
    update(comment).where(_OF_GIVER[comment.name]).values(member_id=_TAKER),
    # What was put aside before, then what is now, then what goes on.
    _noting("shelf", select(shelf.c.id).where(_OF_GIVER[shelf.name])),
    update(shelf).where(_OF_GIVER[shelf.name]).values(member_id=_TAKER),
    insert(shelf).from_select([*_DRAFTED, "owner_id", "member_id", "effect_id"], _ASIDE),
    delete(draft).where(draft.c.id.in_(select(shelf.c.id).where(_HERE))),
    _noting("draft", select(draft.c.id).where(_OF_GIVER[draft.name])),
    update(draft).where(_OF_GIVER[draft.name]).values(member_id=_TAKER),
    _noting("both", _BOTH, "times", "day", "was"),
    _noting("taken", select(taken.c.survey_id).where(_OF_GIVER[taken.name], taken.c.survey_id.not_in(_moved("both")))),
    update(taken)
    .where(_IN_BOTH)
    .values(
        times=taken.c.times + _of_both("times"),
        day=case((_of_both("day") > taken.c.day, _of_both("day")), else_=taken.c.day),
    ),
    update(taken).where(_OF_GIVER[taken.name], taken.c.survey_id.in_(_moved("taken"))).values(member_id=_TAKER),
    delete(taken).where(_OF_GIVER[taken.name]),
)
_GIVE_BACK = (
    update(answer).where(answer.c.id.in_(_moved("answer"))).values(member_id=_GIVER),
    update(comment).where(comment.c.id.in_(_moved("comment"))).values(member_id=_GIVER),
    update(draft).where(draft.c.id.in_(_moved("draft"))).values(member_id=_GIVER),
    insert(draft).from_select([*_DRAFTED, "member_id"], _BACK),
    delete(shelf).where(_HERE),
    update(shelf).where(shelf.c.id.in_(_moved("shelf"))).values(member_id=_GIVER),
    update(taken).where(taken.c.member_id == _TAKER, taken.c.survey_id.in_(_moved("taken"))).values(member_id=_GIVER),
    update(taken)
    .where(_IN_BOTH)
    .values(
        times=taken.c.times - _of_both("times"),
        day=case((taken.c.day == _of_both("day"), _of_both("was")), else_=taken.c.day),
    ),
    insert(taken).from_select(
        ["survey_id", "times", "day", "member_id"],
        select(move.c.row_id, move.c.times, move.c.day, _GIVER).where(
            move.c.effect_id == _MERGE, move.c.what == "both"
        ),
    ),
)


def _take(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Note what changes hands, by which merge, and let it."""
    for statement in _TAKE:
        write.execute(statement, _merges(effects))


def _give_back(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Let just that go back."""
    for statement in _GIVE_BACK:
        write.execute(statement, _merges(effects))
    write.execute(delete(move).where(any_of(move.c.effect_id, [each.id for each in effects])))


def _merges(effects: Sequence[Applied]) -> list[dict[str, str]]:
    return [{"its_merge": each.id, "its_giver": each.effect.giver, "its_taker": each.member} for each in effects]


TAKE_ANSWERS = EffectKind(name="surveys.take_answers", effect=TakeAnswers, apply=_take, undo=_give_back)
