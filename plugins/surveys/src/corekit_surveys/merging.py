"""What becomes of answers and comments when two members become one: they pass to the one, and go back.

In a survey that both have answered both answers stay, and the one has taken part as often as both. Of two drafts for a
survey the one that was saved last goes on; the other is put aside, until they are two members again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Executable, and_, bindparam, case, delete, insert, or_, select, update

from corekit import Applied, Id, MemberRows, PluginWrite
from corekit.tables import activity, effect
from corekit_surveys.tables import answer, both, comment, draft, shelf, taken

_MERGE, _GIVER, _TAKER = (bindparam(name, type_=Id) for name in ("its_merge", "its_giver", "its_taker"))


class _Doing:
    """Runs statements that are bound to the merges they are about."""

    def __init__(self, *statements: Executable) -> None:
        self._statements = statements

    def __call__(self, write: PluginWrite, merges: Sequence[Applied]) -> None:
        bound = [{"its_merge": each.id, "its_giver": each.effect.giver, "its_taker": each.member} for each in merges]
        for statement in self._statements:
            write.execute(statement, bound)


# Drafts

_DRAFTED = ("id", "ticket", "survey_id", "answers", "sealed", "saved_at")
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
_put_aside = _Doing(
    insert(shelf).from_select([*_DRAFTED, "owner_id", "member_id", "effect_id"], _ASIDE),
    delete(draft).where(draft.c.id.in_(select(shelf.c.id).where(_HERE))),
)
_take_up = _Doing(
    insert(draft).from_select([*_DRAFTED, "member_id"], _BACK),
    delete(shelf).where(_HERE),
)

# Having taken part


def _of_both(column: str) -> Any:
    """Return what was noted of the other member, for the survey of a row of ``taken``."""
    here = (both.c.effect_id == _MERGE) & (both.c.survey_id == taken.c.survey_id)
    return select(both.c[column]).where(here).scalar_subquery()


_own = taken.alias("own")
_BOTH = select(_MERGE, taken.c.survey_id, taken.c.times, taken.c.day, _own.c.day).where(
    taken.c.member_id == _GIVER, _own.c.member_id == _TAKER, _own.c.survey_id == taken.c.survey_id
)
_IN_BOTH = taken.c.survey_id.in_(select(both.c.survey_id).where(both.c.effect_id == _MERGE))
_join = _Doing(
    insert(both).from_select(["effect_id", "survey_id", "times", "day", "was"], _BOTH),
    update(taken)
    .where(taken.c.member_id == _TAKER, _IN_BOTH)
    .values(
        times=taken.c.times + _of_both("times"),
        day=case((_of_both("day") > taken.c.day, _of_both("day")), else_=taken.c.day),
    ),
    delete(taken).where(taken.c.member_id == _GIVER, _IN_BOTH),
)
_part = _Doing(
    update(taken)
    .where(taken.c.member_id == _TAKER, _IN_BOTH)
    .values(
        times=taken.c.times - _of_both("times"),
        day=case((taken.c.day == _of_both("day"), _of_both("was")), else_=taken.c.day),
    ),
    insert(taken).from_select(
        ["survey_id", "times", "day", "member_id"],
        select(both.c.survey_id, both.c.times, both.c.day, _GIVER).where(both.c.effect_id == _MERGE),
    ),
    delete(both).where(both.c.effect_id == _MERGE),
)


def forget(member: str, write: PluginWrite) -> None:
    """Forget how often a member and those who became one with it had taken part: no merge of it can be taken back."""
    merges = select(effect.c.id).join(activity, activity.c.id == effect.c.activity_id)
    of_member = merges.where(activity.c.member_id == member, activity.c.type == "member.merged")
    write.execute(delete(both).where(both.c.effect_id.in_(of_member)))


MEMBERS = (
    MemberRows(answer.c.member_id),
    MemberRows(comment.c.member_id),
    # What was put aside before passes before more is put aside.
    MemberRows(shelf.c.member_id, key=shelf.c.id),
    MemberRows(draft.c.member_id, before=_put_aside, back=_take_up),
    MemberRows(taken.c.member_id, before=_join, back=_part),
)
