"""What becomes of requests to pay when two members become one: they change hands, and change back.

Value does so by itself. An approval was of what one member does, and stays with that one.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import field, frozen
from sqlalchemy import bindparam, delete, insert, select, update

from corekit import Applied, Effect, EffectKind, Id, PluginWrite, any_of
from corekit_stored_value.tables import move, request


@frozen
class TakeRequests(Effect):
    """What another member was about to pay this one pays."""

    giver: str = field(kw_only=True)


_THEIRS = request.c.member_id == bindparam("its_giver")
_NOTE = insert(move).from_select(
    ["effect_id", "request_id"], select(bindparam("its_merge", type_=Id), request.c.activity_id).where(_THEIRS)
)
_HAND_OVER = update(request).where(_THEIRS).values(member_id=bindparam("its_taker"))
_MOVED = request.c.activity_id.in_(select(move.c.request_id).where(move.c.effect_id == bindparam("its_merge")))
_HAND_BACK = update(request).where(_MOVED).values(member_id=bindparam("its_giver"))


def _take(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Note which requests change hands, by which merge, and let them."""
    merges = [{"its_merge": each.id, "its_giver": each.effect.giver, "its_taker": each.member} for each in effects]
    write.execute(_NOTE, merges)
    write.execute(_HAND_OVER, merges)


def _give_back(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Let just those requests go back."""
    write.execute(_HAND_BACK, [{"its_merge": each.id, "its_giver": each.effect.giver} for each in effects])
    write.execute(delete(move).where(any_of(move.c.effect_id, [each.id for each in effects])))


TAKE_REQUESTS = EffectKind(name="stored_value.take_requests", effect=TakeRequests, apply=_take, undo=_give_back)
