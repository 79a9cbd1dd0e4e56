"""Redemptions: reserving a reward, handing it over, and what becomes of one that is taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from attrs import field, frozen
from sqlalchemy import bindparam, func, insert, or_, select, update

from corekit import Applied, Effect, EffectKind, MemberRows, PluginWrite, Reader, Shape, any_of
from corekit_points.rewards import codes, declared, stock
from corekit_points.rewards.tables import redemption

State = Literal["reserved", "fulfilled", "cancelled", "expired"]


@frozen
class Redemption:
    """What a member redeemed, and what became of it.

    ``code`` is a hash of the code to show. ``resolved_by`` is the activity by which it is no more reserved.
    """

    id: str
    member_id: str
    reward: str
    state: State
    code: str | None
    day: str
    money: int
    redeemed_at: datetime
    expires_at: datetime | None
    resolved_at: datetime | None
    resolved_by: str | None
    store: str | None


_SHAPE = Shape(Redemption, redemption)
_OPEN = ("reserved", "fulfilled")
"""What counts for limits: what was taken back was never had."""

# What is read


def had(read: Reader, members: Iterable[str], rewards: Iterable[str]) -> Mapping[str, Mapping[str, Mapping[str, int]]]:
    """Return how often members had rewards, by member, reward and day: one statement, and none for no reward."""
    wanted = sorted(set(rewards))
    if not wanted:
        return {}
    counted = (
        select(redemption.c.member_id, redemption.c.reward, redemption.c.day, func.count().label("number"))
        .where(
            any_of(redemption.c.member_id, members),
            any_of(redemption.c.reward, wanted),
            redemption.c.state.in_(_OPEN),
        )
        .group_by(redemption.c.member_id, redemption.c.reward, redemption.c.day)
    )
    found: dict[str, dict[str, dict[str, int]]] = {}
    for row in read.all(counted):
        found.setdefault(row.member_id, {}).setdefault(row.reward, {})[row.day] = row.number
    return found


def named(read: Reader, ids: Iterable[str], codes: Iterable[str] = ()) -> list[Redemption]:
    """Return the redemptions of these ids, and of codes with these hashes: one statement."""
    wanted = or_(any_of(redemption.c.id, ids), any_of(redemption.c.code, codes))
    return [_SHAPE(row) for row in read.all(select(*_SHAPE.columns).where(wanted))]


def redemptions_of(read: Reader, members: Iterable[str], most: int | None = None) -> Mapping[str, Sequence[Redemption]]:
    """Return what members redeemed, the newest first, ``most`` of each: one statement, however many they are."""
    newest = (redemption.c.redeemed_at.desc(), redemption.c.id.desc())
    number = func.row_number().over(partition_by=redemption.c.member_id, order_by=newest)
    theirs = select(*_SHAPE.columns, number.label("number")).where(any_of(redemption.c.member_id, members))
    rows = theirs.subquery()
    chosen = select(rows).order_by(rows.c.number)
    found: dict[str, list[Redemption]] = {}
    for row in read.all(chosen if most is None else chosen.where(rows.c.number <= most)):
        found.setdefault(row.member_id, []).append(_SHAPE(row))
    return found


def of_activities(read: Reader, ids: Sequence[str]) -> Mapping[str, Redemption]:
    """Return the redemption that each activity made, or by which it was resolved: one statement."""
    wanted = or_(any_of(redemption.c.id, ids), any_of(redemption.c.resolved_by, ids))
    found = [_SHAPE(row) for row in read.all(select(*_SHAPE.columns).where(wanted))]
    by_activity = {each.resolved_by: each for each in found} | {each.id: each for each in found}
    return {id_: by_activity[id_] for id_ in ids if id_ in by_activity}


def code_of(found: Redemption, secret: str | None) -> str | None:
    """Return the code to show; None where there is nothing to fetch, or it was made with another secret."""
    if found.state != "reserved" or found.code is None or secret is None:
        return None
    code = codes.code_of(secret, found.id)
    return code if codes.digest(code) == found.code else None


# Reserving


@frozen
class Reserve(Effect):
    """A reward for the member: one piece of it where it is ``stocked``, to be fetched by its code, or given at once."""

    reward: str = field(kw_only=True)
    stocked: bool = field(kw_only=True)
    state: State = field(kw_only=True)
    code: str | None = field(kw_only=True)
    day: str = field(kw_only=True)
    expires_at: int | None = field(kw_only=True)
    redemption: str = field(kw_only=True)


def _reserve(write: PluginWrite, effects: Sequence[Applied]) -> list[str]:
    """Take the pieces, and note who has what; return the effects for which nothing was left."""
    stocked = [each for each in effects if each.effect.stocked]
    missed = stock.take(write, stocked) if stocked else []
    rows = [_row(each) for each in effects if each.id not in missed]
    if rows:
        write.execute(insert(redemption), rows)
    return missed


def _row(applied: Applied) -> dict[str, Any]:
    effect: Reserve = applied.effect
    given = effect.state == "fulfilled"
    return {
        "id": effect.redemption,
        "member_id": applied.member,
        "reward": effect.reward,
        "state": effect.state,
        "code": effect.code,
        "day": effect.day,
        "money": effect.activity.amount,
        "redeemed_at": applied.at,
        "expires_at": effect.expires_at,
        "resolved_at": applied.at if given else None,
        "resolved_by": effect.redemption if given else None,
        "store": effect.activity.payload.get("store"),
    }


_END = (
    update(redemption)
    .where(redemption.c.id == bindparam("its_id"))
    .values(state=bindparam("its_state"), resolved_at=bindparam("its_at"), resolved_by=bindparam("its_activity"))
)


def _let_go(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Put the pieces back, and say what became of the redemptions: they expired, or were cancelled."""
    write.execute(
        _END,
        [
            {
                "its_id": each.effect.redemption,
                "its_state": "expired" if each.effect.activity.type == declared.EXPIRED.name else "cancelled",
                "its_at": each.at,
                "its_activity": each.activity_id,
            }
            for each in effects
        ],
    )
    if stocked := [each for each in effects if each.effect.stocked]:
        stock.put_back(write, stocked)


RESERVE = EffectKind(
    name="points.reserve",
    effect=Reserve,
    apply=_reserve,
    undo=_let_go,
    refusal=declared.SOLD_OUT.code,
)

# Handing over


@frozen
class HandOver(Effect):
    """What the member redeemed is handed over."""

    redemption: str = field(kw_only=True)
    store: str | None = field(kw_only=True)


_HAND_OVER = (
    update(redemption)
    .where(redemption.c.id == bindparam("its_id"))
    .values(
        state="fulfilled",
        resolved_at=bindparam("its_at"),
        resolved_by=bindparam("its_activity"),
        store=func.coalesce(bindparam("its_store", type_=redemption.c.store.type), redemption.c.store),
    )
)


def _hand_over(write: PluginWrite, effects: Sequence[Applied]) -> None:
    write.execute(
        _HAND_OVER,
        [
            {
                "its_id": each.effect.redemption,
                "its_at": each.at,
                "its_activity": each.activity_id,
                "its_store": each.effect.store,
            }
            for each in effects
        ],
    )


def _take_back(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Let what came back be fetched again, unless the redemption itself was taken back meanwhile."""
    theirs = any_of(redemption.c.id, [each.effect.redemption for each in effects])
    back = update(redemption).where(theirs, redemption.c.state == "fulfilled")
    write.execute(back.values(state="reserved", resolved_at=None, resolved_by=None))


HAND_OVER = EffectKind(name="points.hand_over", effect=HandOver, apply=_hand_over, undo=_take_back)

EFFECTS = (RESERVE, HAND_OVER)
# How many pieces are left stays: it tells of nobody.
MEMBERS = (MemberRows(redemption.c.member_id),)

# What a person may ask for


def exported(member: str, read: Reader) -> dict[str, Any] | None:
    """Return what a member redeemed, as JSON."""
    found = redemptions_of(read, [member]).get(member)
    return {"redemptions": [_document(each) for each in found]} if found else None


def _document(each: Redemption) -> dict[str, Any]:
    return {
        "id": each.id,
        "reward": each.reward,
        "state": each.state,
        "code_hash": each.code,
        "day": each.day,
        "money": each.money,
        "redeemed_at": each.redeemed_at.isoformat(),
        "expires_at": each.expires_at.isoformat() if each.expires_at else None,
        "resolved_at": each.resolved_at.isoformat() if each.resolved_at else None,
        "store": each.store,
    }
