"""The stamp card as a plugin: what it declares, reads, yields, and how its effects are applied and undone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from attrs import field, frozen
from sqlalchemy import delete, func, insert, select, update

from corekit import (
    ActivityType,
    Applied,
    Batch,
    Credit,
    Declares,
    Effect,
    EffectKind,
    ErrorText,
    Facts,
    Follow,
    Lineage,
    PluginWrite,
    Reader,
    any_of,
    hookimpl,
)
from corekit_stamps import rules, tables
from corekit_stamps.merging import TAKE_CARDS, TakeCards


@frozen
class Stamp(Effect):
    """A stamp on the member's card."""


@frozen
class Prize(Effect):
    """A prize out of the stock that all members share."""

    prize: str = field(kw_only=True)


def _stamp(write: PluginWrite, effects: Sequence[Applied]) -> None:
    rows = [{"effect_id": each.id, "member_id": each.member} for each in effects]
    write.execute(insert(tables.stamp), rows)


def _unstamp(write: PluginWrite, effects: Sequence[Applied]) -> None:
    write.execute(delete(tables.stamp).where(any_of(tables.stamp.c.effect_id, [each.id for each in effects])))


def _give(write: PluginWrite, effects: Sequence[Applied]) -> list[str]:
    """Take prizes out of stock, in the order of the effects; return those for which nothing is left."""
    left: dict[str, int] = {}
    for prize, wanted in Counter(each.effect.prize for each in effects).items():
        pieces, its = tables.stock.c.pieces, tables.stock.c.prize == prize
        if write.execute(update(tables.stock).where(its, pieces >= wanted).values(pieces=pieces - wanted)).rowcount:
            left[prize] = wanted
            continue
        left[prize] = write.execute(select(pieces).where(its)).scalar() or 0
        write.execute(update(tables.stock).where(its).values(pieces=pieces - left[prize]))
    given: list[Applied] = []
    for each in effects:
        if left[each.effect.prize]:
            left[each.effect.prize] -= 1
            given.append(each)
    if given:
        rows = [{"effect_id": each.id, "member_id": each.member, "prize": each.effect.prize} for each in given]
        write.execute(insert(tables.won), rows)
    return [each.id for each in effects if each not in given]


def _take_back(write: PluginWrite, effects: Sequence[Applied]) -> None:
    for prize, number in Counter(each.effect.prize for each in effects).items():
        back = tables.stock.c.pieces + number
        write.execute(update(tables.stock).where(tables.stock.c.prize == prize).values(pieces=back))
    write.execute(delete(tables.won).where(any_of(tables.won.c.effect_id, [each.id for each in effects])))


def _tell(effect: Prize) -> Follow:
    return Follow(effect.activity, rule=effect.rule, type="stamps.won", name=effect.prize)


@hookimpl
def corekit_declare() -> Declares:
    """Declare the tables, the kinds of effects, and what follows from a prize."""
    return Declares(
        requires=["points"],
        lineage=Lineage(owner="stamps", package="corekit_stamps", metadata=tables.metadata),
        activities=[ActivityType(name="stamps.won", description="A full card won a prize.")],
        effects=[
            EffectKind(
                name="stamps.stamp",
                effect=Stamp,
                apply=_stamp,
                undo=_unstamp,
                fold=lambda stamps, _: (stamps or 0) + 1,
                unfold=lambda stamps, _: (stamps or 0) - 1,
            ),
            EffectKind(
                name="stamps.prize",
                effect=Prize,
                apply=_give,
                undo=_take_back,
                fold=lambda stamps, _: stamps,
                unfold=lambda stamps, _: stamps,
                follow=_tell,
                refusal="STAMPS_SOLD_OUT",
            ),
            TAKE_CARDS,
        ],
        errors=[ErrorText("STAMPS_SOLD_OUT", "No {effect} is left.", "{effect} 已无库存。")],
    )


@hookimpl
def corekit_prepare(batch: Batch, read: Reader) -> Mapping[str, int]:
    """Count the stamps of each member."""
    members = {activity.member for activity in batch}
    counted = (
        select(tables.stamp.c.member_id, func.count().label("stamps"))
        .where(any_of(tables.stamp.c.member_id, members))
        .group_by(tables.stamp.c.member_id)
    )
    return {row.member_id: row.stamps for row in read.all(counted)}


@hookimpl
def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:
    """Stamp the cards; a full one wins a prize, and the prize brings points."""
    for activity in batch.of("purchase"):
        if rules.earns_stamp(activity.amount):
            yield Stamp(activity, rule="stamp@1")
            if rules.fills_card(facts.prepared(activity) or 0):
                yield Prize(activity, rule="card@1", prize=rules.PRIZE)
    for activity in batch.of("stamps.won"):
        yield Credit(activity, rule="card@1", account="points", amount=rules.POINTS)
    for activity in batch.of("member.merged"):
        yield TakeCards(activity, rule="merge@1", giver=activity.members[0])
