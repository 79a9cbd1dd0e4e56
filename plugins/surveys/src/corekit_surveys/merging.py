"""What becomes of answers when two members become one: they change hands, and change back.

In a survey that both have answered both answers stay, and the one has taken part once. So do comments. What the other
had not finished the one goes on with, where it has neither answered nor begun that survey itself; otherwise it is
dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import field, frozen
from sqlalchemy import Select, bindparam, delete, insert, literal_column, select, update

from corekit import Applied, Effect, EffectKind, Id, PluginWrite, any_of
from corekit_surveys.tables import answer, comment, draft, move, taken


@frozen
class TakeAnswers(Effect):
    """What another member answered, and in what it took part, is this one's."""

    giver: str = field(kw_only=True)


_MERGE, _GIVER, _TAKER = (bindparam(name, type_=Id) for name in ("its_merge", "its_giver", "its_taker"))
_TAKEN = select(taken.c.survey_id).where(taken.c.member_id == _TAKER)
_BEGUN = select(draft.c.survey_id).where(draft.c.member_id == _TAKER)


def _noting(what: str, theirs: Select[Any]) -> Any:
    """Return the insert that notes rows, of which ``theirs`` selects the id, as a kind of move."""
    noted = theirs.add_columns(_MERGE, literal_column(f"'{what}'"))
    return insert(move).from_select(["row_id", "effect_id", "what"], noted)


def _moved(what: str) -> Select[Any]:
    return select(move.c.row_id).where(move.c.effect_id == _MERGE, move.c.what == what)


_OF_GIVER = {each.name: each.c.member_id == _GIVER for each in (answer, comment, draft, taken)}
_TAKE = (
    _noting("answer", select(answer.c.id).where(_OF_GIVER[answer.name])),
    _noting("comment", select(comment.c.id).where(_OF_GIVER[comment.name])),
    _noting("taken", select(taken.c.survey_id).where(_OF_GIVER[taken.name], taken.c.survey_id.not_in(_TAKEN))),
    _noting("both", select(taken.c.survey_id).where(_OF_GIVER[taken.name], taken.c.survey_id.in_(_TAKEN))),
    _noting(
        "draft",
        select(draft.c.id).where(
            _OF_GIVER[draft.name], draft.c.survey_id.not_in(_TAKEN), draft.c.survey_id.not_in(_BEGUN)
        ),
    ),
    update(answer).where(_OF_GIVER[answer.name]).values(member_id=_TAKER),
    update(comment).where(_OF_GIVER[comment.name]).values(member_id=_TAKER),
    update(draft).where(draft.c.id.in_(_moved("draft"))).values(member_id=_TAKER),
    delete(draft).where(_OF_GIVER[draft.name]),
    update(taken).where(_OF_GIVER[taken.name], taken.c.survey_id.in_(_moved("taken"))).values(member_id=_TAKER),
    delete(taken).where(_OF_GIVER[taken.name]),
)
_GIVE_BACK = (
    update(answer).where(answer.c.id.in_(_moved("answer"))).values(member_id=_GIVER),
    update(comment).where(comment.c.id.in_(_moved("comment"))).values(member_id=_GIVER),
    update(draft).where(draft.c.id.in_(_moved("draft"))).values(member_id=_GIVER),
    update(taken).where(taken.c.member_id == _TAKER, taken.c.survey_id.in_(_moved("taken"))).values(member_id=_GIVER),
    insert(taken).from_select(["survey_id", "member_id"], _moved("both").add_columns(_GIVER)),
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
