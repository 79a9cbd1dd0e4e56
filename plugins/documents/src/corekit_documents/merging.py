"""What becomes of links when two members become one: they change hands, and change back.

So what both downloaded counts for the one, and a link that was made for the other goes on working.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import field, frozen
from sqlalchemy import bindparam, delete, insert, select, update

from corekit import Applied, Effect, EffectKind, Id, PluginWrite, any_of
from corekit_documents.tables import link, move


@frozen
class TakeLinks(Effect):
    """The links of another member are this one's."""

    giver: str = field(kw_only=True)


_THEIRS = link.c.member_id == bindparam("its_giver")
_NOTE = insert(move).from_select(
    ["effect_id", "link_id"], select(bindparam("its_merge", type_=Id), link.c.id).where(_THEIRS)
)
_HAND_OVER = update(link).where(_THEIRS).values(member_id=bindparam("its_taker"))
_MOVED = link.c.id.in_(select(move.c.link_id).where(move.c.effect_id == bindparam("its_merge")))
_HAND_BACK = update(link).where(_MOVED).values(member_id=bindparam("its_giver"))


def _take(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Note which links change hands, by which merge, and let them."""
    merges = [{"its_merge": each.id, "its_giver": each.effect.giver, "its_taker": each.member} for each in effects]
    write.execute(_NOTE, merges)
    write.execute(_HAND_OVER, merges)


def _give_back(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Let just those links go back."""
    write.execute(_HAND_BACK, [{"its_merge": each.id, "its_giver": each.effect.giver} for each in effects])
    write.execute(delete(move).where(any_of(move.c.effect_id, [each.id for each in effects])))


TAKE_LINKS = EffectKind(name="documents.take_links", effect=TakeLinks, apply=_take, undo=_give_back)
