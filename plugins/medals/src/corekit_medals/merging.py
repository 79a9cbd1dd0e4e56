"""What becomes of medals when two members become one: they change hands, and change back.

A medal that both hold stays with each; the member that is no more is not asked about it.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import field, frozen
from sqlalchemy import and_, bindparam, delete, insert, or_, select, update

from corekit import Applied, Effect, EffectKind, Id, PluginWrite, any_of
from corekit_medals.tables import award, move


@frozen
class TakeAwards(Effect):
    """What another member was awarded is this one's."""

    giver: str = field(kw_only=True)


_SAME = award.alias("same")
_BOTH = (
    select(_SAME.c.id)
    .where(
        and_(
            _SAME.c.member_id == bindparam("its_taker"),
            _SAME.c.medal == award.c.medal,
            _SAME.c.level == award.c.level,
            _SAME.c.ended_at.is_(None),
        )
    )
    .exists()
)
_THEIRS = and_(award.c.member_id == bindparam("its_giver"), or_(award.c.ended_at.is_not(None), ~_BOTH))
_NOTE = insert(move).from_select(
    ["effect_id", "award_id"], select(bindparam("its_merge", type_=Id), award.c.id).where(_THEIRS)
)
_MOVED = award.c.id.in_(select(move.c.award_id).where(move.c.effect_id == bindparam("its_merge")))
_HAND_OVER = update(award).where(_MOVED).values(member_id=bindparam("its_taker"))
_HAND_BACK = update(award).where(_MOVED).values(member_id=bindparam("its_giver"))


def _take(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Note which awards change hands, by which merge, and let them."""
    merges = [{"its_merge": each.id, "its_giver": each.effect.giver, "its_taker": each.member} for each in effects]
    write.execute(_NOTE, merges)
    write.execute(_HAND_OVER, [{"its_merge": each["its_merge"], "its_taker": each["its_taker"]} for each in merges])


def _give_back(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Let just those awards go back."""
    write.execute(_HAND_BACK, [{"its_merge": each.id, "its_giver": each.effect.giver} for each in effects])
    write.execute(delete(move).where(any_of(move.c.effect_id, [each.id for each in effects])))


TAKE_AWARDS = EffectKind(name="medals.take_awards", effect=TakeAwards, apply=_take, undo=_give_back)
