"""What becomes of drinks when two members become one: they change hands, and change back.

Stamps are value, which does so by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import field, frozen
from sqlalchemy import bindparam, delete, insert, select, update

from acme_stamps.tables import drink, move
from corekit import Applied, Effect, EffectKind, Id, PluginWrite, any_of


@frozen
class TakeDrinks(Effect):
    """What another member drank counts for this one."""

    giver: str = field(kw_only=True)


_THEIRS = drink.c.member_id == bindparam("its_giver")
_NOTE = insert(move).from_select(
    ["effect_id", "drink_id"], select(bindparam("its_merge", type_=Id), drink.c.effect_id).where(_THEIRS)
)
_HAND_OVER = update(drink).where(_THEIRS).values(member_id=bindparam("its_taker"))
_MOVED = drink.c.effect_id.in_(select(move.c.drink_id).where(move.c.effect_id == bindparam("its_merge")))
_HAND_BACK = update(drink).where(_MOVED).values(member_id=bindparam("its_giver"))


def _take(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Note which drinks change hands, by which merge, and let them."""
    merges = [{"its_merge": each.id, "its_giver": each.effect.giver, "its_taker": each.member} for each in effects]
    write.execute(_NOTE, merges)
    write.execute(_HAND_OVER, merges)


def _give_back(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Let just those drinks go back."""
    write.execute(_HAND_BACK, [{"its_merge": each.id, "its_giver": each.effect.giver} for each in effects])
    write.execute(delete(move).where(any_of(move.c.effect_id, [each.id for each in effects])))


TAKE_DRINKS = EffectKind(name="stamps.take_drinks", effect=TakeDrinks, apply=_take, undo=_give_back)
