"""What becomes of cards when two members become one: stamps and prizes change hands, and change back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import field, frozen
from sqlalchemy import Table, delete, insert, select, update

from corekit import Applied, Effect, EffectKind, PluginWrite, any_of
from corekit_stamps.tables import merge, moved, stamp, won


@frozen
class TakeCards(Effect):
    """All that another member had is this one's."""

    giver: str = field(kw_only=True)


def _take(write: PluginWrite, effects: Sequence[Applied]) -> None:
    rows = [{"effect_id": each.id, "giver": each.effect.giver, "taker": each.member} for each in effects]
    write.execute(insert(merge), rows)
    ids = [each.id for each in effects]
    for table in (stamp, won):
        theirs = select(merge.c.effect_id, table.c.effect_id.label("what")).join(
            table, table.c.member_id == merge.c.giver
        )
        write.execute(insert(moved).from_select(["effect_id", "what"], theirs.where(any_of(merge.c.effect_id, ids))))
        write.execute(_belongs(table, merge.c.taker, ids))


def _give_back(write: PluginWrite, effects: Sequence[Applied]) -> None:
    ids = [each.id for each in effects]
    for table in (stamp, won):
        write.execute(_belongs(table, merge.c.giver, ids))
    write.execute(delete(moved).where(any_of(moved.c.effect_id, ids)))
    write.execute(delete(merge).where(any_of(merge.c.effect_id, ids)))


def _belongs(table: Table, whose: Any, ids: Sequence[str]) -> Any:
    """Let what was moved belong to the one or the other: exactly those rows, and no others."""
    these = any_of(moved.c.effect_id, ids)
    owner = select(whose).join(moved, moved.c.effect_id == merge.c.effect_id).where(these)
    owner = owner.where(moved.c.what == table.c.effect_id)
    which = table.c.effect_id.in_(select(moved.c.what).where(these))
    return update(table).where(which).values(member_id=owner.scalar_subquery())


TAKE_CARDS = EffectKind(name="stamps.take_cards", effect=TakeCards, apply=_take, undo=_give_back)
