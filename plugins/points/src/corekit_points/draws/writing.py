"""Writing pulls: with the seed unrevealed and each prize there, and taking them back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, bindparam, delete, insert, select, true, update
from sqlalchemy.dialects import postgresql, sqlite

from corekit import Applied, EffectKind, MemberRows, PluginWrite, any_of
from corekit_points.draws import declared, tables
from corekit_points.draws.drawing import Pulls, fold, learn

_Pot = tuple[str, str]
"""A draw and one of its prizes."""


def _write(write: PluginWrite, effects: Sequence[Applied]) -> list[str]:
    """Write the pulls in their order; return those whose seed is revealed, or of whose prizes too few are left."""
    open_ = _open(write, effects)
    wanted = [each for each in effects if (each.effect.draw, each.effect.period) in open_]
    given = _take(write, wanted)
    if given:
        write.execute(insert(tables.result), [row for each in given for row in _rows(each)])
        _stand(write, {(each.effect.draw, each.member): each.effect.dry for each in given})
    kept = {each.id for each in given}
    return [each.id for each in effects if each.id not in kept]


def _open(write: PluginWrite, effects: Sequence[Applied]) -> set[tuple[str, str]]:
    """Return the periods whose seed is not revealed, and lock them, so that none is until this is committed."""
    seed = tables.seed.c
    locking = (
        select(seed.draw, seed.period)
        .where(
            any_of(seed.draw, {each.effect.draw for each in effects}),
            any_of(seed.period, {each.effect.period for each in effects}),
            seed.revealed_at.is_(None),
        )
        .order_by(seed.draw, seed.period)
        .with_for_update(read=True)
    )
    return {(row.draw, row.period) for row in write.execute(locking)}


def _take(write: PluginWrite, effects: Sequence[Applied]) -> list[Applied]:
    """Take prizes of which there is a stock, and return the pulls for which there were enough.

    The row of a prize is the guard: who has locked it knows what is left. Rows are locked in their order, so that no
    two units wait for each other.
    """
    pots = sorted({(each.effect.draw, prize) for each in effects for prize in each.effect.taken})
    if not pots:
        return list(effects)
    lock = _insert(write, tables.stock).values([{"draw": draw, "prize": prize, "taken": 0} for draw, prize in pots])
    lock = lock.on_conflict_do_update(
        index_elements=[tables.stock.c.draw, tables.stock.c.prize], set_={"taken": tables.stock.c.taken}
    )
    rows = write.execute(lock.returning(tables.stock.c.draw, tables.stock.c.prize, tables.stock.c.taken))
    gone: dict[_Pot, int] = {(row.draw, row.prize): row.taken for row in rows}
    more: Counter[_Pot] = Counter()
    given: list[Applied] = []
    for each in effects:
        pulls: Pulls = each.effect
        takes = {(pulls.draw, prize): times for prize, times in pulls.taken.items()}
        if all(gone[pot] + more[pot] + times <= pulls.stock[pot[1]] for pot, times in takes.items()):
            more.update(takes)
            given.append(each)
    _add(write, more)
    return given


def _rows(applied: Applied) -> list[dict[str, Any]]:
    pulls: Pulls = applied.effect
    return [
        {
            "effect_id": applied.id,
            "no": at,
            "draw": pulls.draw,
            "period": pulls.period,
            "ticket": pulls.ticket,
            "number": pulls.first + at,
            "client_seed": pulls.client_seed,
            "taken_back": False,
            "member_id": applied.member,
            "day": pulls.day,
            "drawn_at": applied.at,
            **each,
        }
        for at, each in enumerate(pulls.results)
    ]


def _take_back(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Mark pulls as taken back, put their prizes back, and count anew how long ago the last hit is."""
    ids = [each.id for each in effects]
    write.execute(update(tables.result).where(any_of(tables.result.c.effect_id, ids)).values(taken_back=true()))
    less: Counter[_Pot] = Counter()
    for each in effects:
        less.update({(each.effect.draw, prize): -times for prize, times in each.effect.taken.items()})
    _add(write, less)
    theirs = select(tables.result.c.member_id, tables.result.c.draw).where(any_of(tables.result.c.effect_id, ids))
    found = [(row.member_id, row.draw) for row in write.execute(theirs.distinct()) if row.member_id is not None]
    if found:
        recount(write, {member for member, _ in found}, {draw for _, draw in found})


def recount(write: PluginWrite, members: Iterable[str], draws: Iterable[str] | None = None) -> None:
    """Count anew, from their results, how many pulls members had since the last hit: in draws, or in all of them."""
    members, result, standing = list(members), tables.result.c, tables.standing.c
    named = [] if draws is None else list(draws)
    forget = delete(tables.standing).where(any_of(standing.member_id, members))
    theirs = (
        select(result.member_id, result.draw, result.hit, result.taken_back)
        .where(any_of(result.member_id, members))
        .order_by(result.drawn_at, result.ticket, result.number)
    )
    if named:
        forget, theirs = forget.where(any_of(standing.draw, named)), theirs.where(any_of(result.draw, named))
    write.execute(forget)
    dry: dict[tuple[str, str], int] = {}
    for row in write.execute(theirs):
        known = dry.get((row.draw, row.member_id), 0)
        dry[row.draw, row.member_id] = known if row.taken_back else 0 if row.hit else known + 1
    _stand(write, dry)


def _stand(write: PluginWrite, dry: Mapping[tuple[str, str], int]) -> None:
    if not dry:
        return
    put = _insert(write, tables.standing)
    put = put.on_conflict_do_update(
        index_elements=[tables.standing.c.draw, tables.standing.c.member_id], set_={"dry": put.excluded.dry}
    )
    write.execute(put, [{"draw": draw, "member_id": member, "dry": dry[draw, member]} for draw, member in sorted(dry)])


def _add(write: PluginWrite, numbers: Mapping[_Pot, int]) -> None:
    if not numbers:
        return
    stock = tables.stock.c
    more = update(tables.stock).where(stock.draw == bindparam("its_draw"), stock.prize == bindparam("its_prize"))
    more = more.values(taken=stock.taken + bindparam("more"))
    rows = [{"its_draw": draw, "its_prize": prize, "more": numbers[draw, prize]} for draw, prize in sorted(numbers)]
    write.execute(more, rows)


def _insert(write: PluginWrite, into: Table) -> postgresql.Insert | sqlite.Insert:
    return sqlite.insert(into) if write.dialect == "sqlite" else postgresql.insert(into)


def _recount(write: PluginWrite, merges: Sequence[Applied]) -> None:
    recount(write, {member for each in merges for member in (each.member, each.effect.giver)})


MEMBERS = (
    # What was drawn stays under its ticket: it tells of nobody, and others recompute it.
    MemberRows(
        tables.result.c.member_id, key=tables.result.c.effect_id, erase="anonymise", after=_recount, back=_recount
    ),
    MemberRows(tables.standing.c.member_id, merge="stay"),
)
PULLS = EffectKind(
    name="points.pulls",
    effect=Pulls,
    apply=_write,
    undo=_take_back,
    fold=fold,
    learn=learn,
    refusal=declared.DRAW_GONE.code,
)
