"""What becomes of results when two members become one: they change hands, and change back."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import field, frozen
from sqlalchemy import bindparam, delete, insert, select, update

from corekit import Applied, Effect, EffectKind, Id, PluginWrite, any_of
from corekit_points.draws.tables import move, result
from corekit_points.draws.writing import recount


@frozen
class TakePulls(Effect):
    """What another member drew counts for this one."""

    giver: str = field(kw_only=True)


_THEIRS = result.c.member_id == bindparam("its_giver")
_NOTE = insert(move).from_select(
    ["effect_id", "drawn_id"], select(bindparam("its_merge", type_=Id), result.c.effect_id).where(_THEIRS).distinct()
)
_HAND_OVER = update(result).where(_THEIRS).values(member_id=bindparam("its_taker"))
_MOVED = result.c.effect_id.in_(select(move.c.drawn_id).where(move.c.effect_id == bindparam("its_merge")))
_HAND_BACK = update(result).where(_MOVED).values(member_id=bindparam("its_giver"))


def _take(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Note which results change hands, by which merge, and let them."""
    merges = [{"its_merge": each.id, "its_giver": each.effect.giver, "its_taker": each.member} for each in effects]
    write.execute(_NOTE, merges)
    write.execute(_HAND_OVER, merges)
    recount(write, {member for each in effects for member in (each.member, each.effect.giver)})


def _give_back(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Let just those results go back."""
    write.execute(_HAND_BACK, [{"its_merge": each.id, "its_giver": each.effect.giver} for each in effects])
    write.execute(delete(move).where(any_of(move.c.effect_id, [each.id for each in effects])))
    recount(write, {member for each in effects for member in (each.member, each.effect.giver)})


TAKE_PULLS = EffectKind(name="points.take_pulls", effect=TakePulls, apply=_take, undo=_give_back)
