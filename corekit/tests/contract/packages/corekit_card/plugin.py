"""The card: each purchase gets a mark out of the pile, every third one points of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import field, frozen
from marshmallow import Schema, fields
from sqlalchemy import delete, func, insert, select, update

from corekit import (
    AccountKind,
    Applied,
    Batch,
    Credit,
    Declares,
    Effect,
    EffectKind,
    ErrorText,
    Facts,
    Lineage,
    MemberRows,
    PluginWrite,
    Reader,
    Unit,
    any_of,
    hookimpl,
)
from corekit_card.tables import mark, metadata, pile

THIRD = 3


class CardSettings(Schema):
    """The section."""

    note = fields.String(load_default="bought")


@frozen
class Mark(Effect):
    """A mark on the member's card."""

    note: str = field(kw_only=True)


def put(write: PluginWrite, effects: Sequence[Applied]) -> list[str]:
    """Take marks off the pile, and put them on cards."""
    taken = update(pile).where(pile.c.left >= len(effects)).values(left=pile.c.left - len(effects))
    if not write.execute(taken).rowcount:
        return [each.id for each in effects]
    rows = [{"effect_id": each.id, "member_id": each.member, "note": each.effect.note} for each in effects]
    write.execute(insert(mark), rows)
    return []


def wipe(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Take marks off cards, and put them back on the pile."""
    write.execute(update(pile).values(left=pile.c.left + len(effects)))
    write.execute(delete(mark).where(any_of(mark.c.effect_id, [each.id for each in effects])))


MARK = EffectKind(
    name="card.mark",
    effect=Mark,
    apply=put,
    undo=wipe,
    fold=lambda marks, _: (marks or 0) + 1,
    unfold=lambda marks, _: (marks or 0) - 1,
    refusal="CARD_EMPTY",
)
DECLARES = Declares(
    settings=CardSettings,
    lineage=Lineage(owner="card", package="corekit_card", metadata=metadata),
    accounts=[AccountKind(code="card", unit=Unit("card"), lots=True)],
    effects=[MARK],
    members=[MemberRows(mark.c.member_id)],
    errors=[ErrorText("CARD_EMPTY", "The pile is empty; {effect} waits.", "卡片已发完：{effect}。")],
    budget=3,
)


@hookimpl
def corekit_declare() -> Declares:
    """Declare it."""
    return DECLARES


@hookimpl
def corekit_prepare(batch: Batch, read: Reader) -> Mapping[str, int]:
    """Count the marks of each member."""
    these = any_of(mark.c.member_id, {activity.member for activity in batch})
    counted = select(mark.c.member_id, func.count().label("marks")).where(these).group_by(mark.c.member_id)
    return {row.member_id: row.marks for row in read.all(counted)}


@hookimpl
def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:
    """Mark purchases; every third one earns."""
    for activity in batch.of("purchase"):
        yield Mark(activity, rule="mark@1", note=facts.settings["note"])
        if (facts.prepared(activity) or 0) % THIRD == THIRD - 1:
            yield Credit(activity, rule="third@1", account="card", amount=10)


@hookimpl
def corekit_export(member: str, read: Reader) -> dict[str, Any]:
    """Tell the notes."""
    rows = read.all(select(mark.c.note).where(mark.c.member_id == member))
    return {"marks": [row.note for row in rows]}
