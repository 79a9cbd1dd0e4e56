"""The toy's hooks. ``broken`` lists where it raises; a test fills and empties it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from attrs import field, frozen
from marshmallow import Schema, fields
from sqlalchemy import delete, func, insert, select, update

from corekit import (
    AccountKind,
    Activity,
    ActivityType,
    Batch,
    Credit,
    Debit,
    Declares,
    Effect,
    EffectKind,
    ErrorText,
    Facts,
    Follow,
    Lineage,
    Unit,
    hookimpl,
)
from corekit.activities.plugin_write import Applied, PluginWrite
from corekit.db.reader import Reader, any_of
from corekit_toy import tables

UNIT = Unit("toys", 0)
THIRD = 3
"""With the third piece comes a bonus."""

broken: set[str] = set()


class EarnSchema(Schema):
    """In how many days it lapses; never if it does not say."""

    days = fields.Integer(strict=True)


class TakeSchema(Schema):
    """Which piece is taken."""

    item = fields.String(load_default="card")


@frozen
class Take(Effect):
    """The member gets a piece, as long as there are some."""

    item: str = field(kw_only=True)
    bonus: int = field(kw_only=True, default=0)


def apply(write: PluginWrite, effects: Sequence[Applied]) -> list[str]:
    """Take pieces out of stock; those for whom there are none come back."""
    if "apply" in broken and any(each.effect.item == "cursed" for each in effects):
        raise RuntimeError("the shelf fell down")
    failed: list[str] = []
    got: list[Applied] = []
    for item, wanted in Counter(each.effect.item for each in effects).items():
        takers = [each for each in effects if each.effect.item == item]
        # The guard: only as many as are there, in the order in which they came.
        left = tables.stock.c.pieces
        taken = update(tables.stock).where(tables.stock.c.item == item, left >= wanted).values(pieces=left - wanted)
        if write.execute(taken).rowcount:
            got += takers
            continue
        there = write.execute(select(left).where(tables.stock.c.item == item)).scalar() or 0
        write.execute(update(tables.stock).where(tables.stock.c.item == item).values(pieces=left - there))
        got += takers[:there]
        failed += [each.id for each in takers[there:]]
    rows = [{"effect_id": each.id, "member_id": each.member, "item": each.effect.item} for each in got]
    if rows:
        write.execute(insert(tables.holding), rows)
    return failed


def undo(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Put pieces back."""
    for item, number in Counter(each.effect.item for each in effects).items():
        back = tables.stock.c.pieces + number
        write.execute(update(tables.stock).where(tables.stock.c.item == item).values(pieces=back))
    write.execute(delete(tables.holding).where(any_of(tables.holding.c.effect_id, [each.id for each in effects])))


def follow(effect: Take) -> Follow:
    """Tell that a piece was taken."""
    payload = {"item": effect.item}
    return Follow(effect.activity, rule="toy@1", type="toy.taken", name="taken", payload=payload, amount=effect.bonus)


TAKE = EffectKind(
    name="toy.take",
    effect=Take,
    apply=apply,
    undo=undo,
    fold=lambda held, _: (held or 0) + 1,
    unfold=lambda held, _: (held or 0) - 1,
    follow=follow,
    refusal="TOY_SOLD_OUT",
)

POINTS = {"amount": "toys"}


@hookimpl
def corekit_declare() -> Declares:
    return Declares(
        lineage=Lineage(owner="toy", package="corekit_toy", metadata=tables.metadata),
        accounts=[
            AccountKind(code="toy", unit=UNIT, lots=True),
            AccountKind(code="toy.plain", unit=UNIT),
            AccountKind(code="toy.strict", unit=UNIT, lots=True, clawback="refuse", dimensions=("days",)),
            AccountKind(code="toy.kind", unit=UNIT, lots=True, clawback="write_off"),
        ],
        activities=[
            *(ActivityType(name=f"toy.earn{kind}", schema=EarnSchema, amount="toys") for kind in KINDS),
            *(ActivityType(name=f"toy.spend{kind}", amount="toys", command=True) for kind in KINDS),
            ActivityType(name="toy.tip", amount="toys"),
            ActivityType(name="toy.take", schema=TakeSchema, command=True),
            ActivityType(name="toy.pick", schema=TakeSchema),
            ActivityType(name="toy.taken", schema=TakeSchema, amount="toys"),
            ActivityType(name="toy.chain", amount="toys"),
            ActivityType(name="toy.link", amount="toys"),
            ActivityType(name="toy.yield", amount="toys"),
        ],
        effects=[TAKE],
        errors=[ErrorText("TOY_SOLD_OUT", "No piece is left.", "已无库存。")],
    )


KINDS = {"": "toy", "_plain": "toy.plain", "_strict": "toy.strict", "_kind": "toy.kind"}


@hookimpl
def corekit_prepare(batch: Batch, read: Reader) -> Mapping[str, int]:
    """Count the pieces that each member has."""
    if "prepare" in broken and any(activity.type == "toy.tip" for activity in batch):
        raise RuntimeError("secret of the toy")
    members = {activity.member for activity in batch}
    counted = (
        select(tables.holding.c.member_id, func.count().label("number"))
        .where(any_of(tables.holding.c.member_id, members))
        .group_by(tables.holding.c.member_id)
    )
    return {row.member_id: row.number for row in read.all(counted)}


rogue: list[Any] = []
"""Functions of an activity: what ``toy.yield`` yields."""


@hookimpl
def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:
    """Do what each type says."""
    for activity in batch:
        if "react" in broken and activity.type == "toy.tip":
            raise RuntimeError("secret of the toy")
        if "link" in broken and activity.type == "toy.link":
            raise RuntimeError("secret of the toy")
        yield from _react(activity, facts)


def _react(activity: Activity, facts: Facts) -> Iterator[Effect]:
    yield from _value(activity)
    kind = activity.type.removeprefix("toy.")
    told: Any = activity.payload
    if kind in ("take", "pick"):
        held = facts.prepared(activity) or 0
        yield Take(activity, rule="take@1", item=told["item"], bonus=30 if (held + 1) % THIRD == 0 else 0)
    elif kind == "taken" and activity.amount:
        yield Credit(activity, rule="third@1", account="toy", amount=activity.amount)
    elif kind in ("chain", "link") and activity.amount:
        yield Credit(activity, rule="chain@1", account="toy", amount=activity.amount)
        yield Follow(activity, rule="chain@1", type="toy.link", name="link", amount=activity.amount - 1)
    elif kind == "yield":
        for make in rogue:
            yield make(activity)


def _value(activity: Activity) -> Iterator[Effect]:
    kind = activity.type.removeprefix("toy.")
    told: Any = activity.payload
    for suffix, account in KINDS.items():
        if kind == f"earn{suffix}" and activity.amount and activity.occurred_at:
            days = told.get("days")
            lapses = activity.occurred_at + timedelta(days=days) if days else None
            yield Credit(activity, rule="earn@1", account=account, amount=activity.amount, expires_at=lapses)
        elif kind == f"spend{suffix}":
            yield Debit(activity, rule="spend@1", account=account, amount=activity.amount)
    if kind == "tip":
        yield Debit(activity, rule="tip@1", account="toy", amount=activity.amount)
    elif activity.type == "purchase":
        shares = {line.no: line.amount // 100 for line in activity.lines if line.amount >= 100}
        whole = sum(shares.values()) or activity.amount // 100
        if whole:
            yield Credit(activity, rule="base@1", account="toy", amount=whole, shares=shares or None)
