"""What is left of rewards: pieces in many rows, each taken by a statement that says itself that there is one.

Who redeems takes a piece from a row that nobody else holds, so those who redeem the same reward at once do not wait for
each other. Only when nothing is free it waits for those who hold the rest: none is sold twice, and none is left behind.
What comes back is a row of its own, so that nobody waits for that either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zlib import crc32

from sqlalchemy import Select, bindparam, cast, delete, func, insert, select, tuple_, update

from corekit import Applied, PluginWrite, Reader, Whole, any_of, prepared
from corekit_points.rewards.tables import stock

SHARDS = 32
"""Rows over which the pieces of a reward are spread."""
RETURNED = "back:"
"""How the name of a row begins whose pieces came back."""

_ROW = (stock.c.reward, stock.c.shard)
_OF = stock.c.reward == bindparam("of")
_FREE = select(stock.c.shard).where(_OF, stock.c.pieces > 0).limit(1)
_TAKE = (
    update(stock)
    .where(_OF, stock.c.shard == _FREE.with_for_update(skip_locked=True).scalar_subquery())
    .values(pieces=stock.c.pieces - 1)
)
"""Takes a piece from a row that nobody holds."""
_AWAIT = _FREE.order_by(stock.c.shard).with_for_update()
"""Finds a row with a piece, waiting for whoever holds it."""
_LESS = update(stock).where(_OF, stock.c.shard == bindparam("row")).values(pieces=stock.c.pieces - bindparam("number"))
_EMPTY = select(*_ROW).where(stock.c.shard.startswith(RETURNED, autoescape=True), stock.c.pieces == 0)


def left(read: Reader, rewards: Iterable[str]) -> Mapping[str, int]:
    """Return how many pieces are left of each reward: one statement, and none for no reward."""
    wanted = sorted(set(rewards))
    if not wanted:
        return {}
    found = {row.reward: row.pieces for row in read.all(_left(), rewards=wanted)}
    return {reward: found.get(reward, 0) for reward in wanted}


@prepared
def _left() -> Select[Any]:
    pieces = cast(func.sum(stock.c.pieces), Whole).label("pieces")
    return select(stock.c.reward, pieces).where(any_of(stock.c.reward, bindparam("rewards"))).group_by(stock.c.reward)


def take(write: PluginWrite, wanted: Sequence[Applied]) -> list[str]:
    """Take a piece for each effect, in their order, and return the ids of those for which there is none."""
    if len(wanted) == 1:
        return [] if _took_one(write, wanted[0].effect.reward) else [wanted[0].id]
    rows = write.execute(held([each.effect.reward for each in wanted])).all()
    pieces = {(row.reward, row.shard): int(row.pieces) for row in rows}
    full: dict[str, list[str]] = {}
    for reward, shard in pieces:
        full.setdefault(reward, []).append(shard)
    taken: Counter[tuple[str, str]] = Counter()
    missed: list[str] = []
    for each in wanted:
        shards = full.get(each.effect.reward, [])
        while shards and taken[each.effect.reward, shards[-1]] == pieces[each.effect.reward, shards[-1]]:
            shards.pop()
        if shards:
            taken[each.effect.reward, shards[-1]] += 1
        else:
            missed.append(each.id)
    less(write, taken)
    return missed


def _took_one(write: PluginWrite, reward: str) -> bool:
    if write.execute(_TAKE, [{"of": reward}]).rowcount:
        return True
    row = write.execute(_AWAIT.params(of=reward)).first()
    if row is not None:
        write.execute(_LESS, [{"of": reward, "row": row.shard, "number": 1}])
    return row is not None


def held(rewards: Iterable[str]) -> Select[Any]:
    """Select the rows of rewards that have a piece, and lock them: always in the same order."""
    full = select(*_ROW, stock.c.pieces).where(any_of(stock.c.reward, sorted(set(rewards))), stock.c.pieces > 0)
    return full.order_by(*_ROW).with_for_update()


def less(write: Any, taken: Mapping[tuple[str, str], int]) -> None:
    """Take pieces out of rows that are locked, so that they are there."""
    rows = [{"of": reward, "row": shard, "number": taken[reward, shard]} for reward, shard in sorted(taken)]
    if rows:
        write.execute(_LESS, rows)


def put_back(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Put back the pieces of effects, each into a row of its own, and clear away such rows that are empty again."""
    clear(write)
    rows = [{"reward": each.effect.reward, "shard": f"{RETURNED}{each.id}", "pieces": 1} for each in effects]
    write.execute(insert(stock), rows)


def clear(write: Any) -> None:
    """Clear away the rows of what came back and is gone again, but for those that somebody holds."""
    write.execute(delete(stock).where(tuple_(*_ROW).in_(_EMPTY.with_for_update(skip_locked=True))))


def spread(amount: int, key: str) -> Sequence[int]:
    """Return how many of so many pieces each row gets; what does not divide goes to rows that the key says."""
    whole, rest = divmod(amount, SHARDS)
    first = crc32(key.encode()) % SHARDS
    return [whole + ((place - first) % SHARDS < rest) for place in range(SHARDS)]
