"""The free drinks: so many a day for all members together, and who had which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import field, frozen
from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from acme_stamps import tables
from acme_stamps.declared import POURED, REDEEMED, SOLD_OUT
from corekit import Activity, Applied, Batch, Effect, EffectKind, Facts, Follow, PluginWrite, Reader, any_of


@frozen
class Drink(Effect):
    """A drink out of those of a ``day``, on which ``most`` are free for all members together."""

    drink: str = field(kw_only=True)
    day: str = field(kw_only=True)
    most: int = field(kw_only=True)


def day_of(activity: Activity, facts: Facts) -> str:
    """Return the day on which an activity occurred, on the program's clock."""
    return facts.local(activity).date().isoformat()


# What is read


def had(batch: Batch, read: Reader, facts: Facts) -> Mapping[str, Mapping[str, int]]:
    """Return for each member who asks for a drink how many it had, by day: one statement, or none."""
    asking = list(batch.of(REDEEMED.name))
    if not asking:
        return {}
    counted = (
        select(tables.drink.c.member_id, tables.drink.c.day, func.count().label("drinks"))
        .where(
            any_of(tables.drink.c.member_id, {activity.member for activity in asking}),
            any_of(tables.drink.c.day, {day_of(activity, facts) for activity in asking}),
        )
        .group_by(tables.drink.c.member_id, tables.drink.c.day)
    )
    found: dict[str, dict[str, int]] = {}
    for row in read.all(counted):
        found.setdefault(row.member_id, {})[row.day] = row.drinks
    return found


def poured_on(day: str, read: Reader) -> int:
    """Return how many drinks were free on a day so far."""
    return read.scalar(select(tables.day.c.poured).where(tables.day.c.day == day)) or 0


def drinks_of(members: Iterable[str], read: Reader) -> Mapping[str, Sequence[Any]]:
    """Return the free drinks of each member, the newest first: one statement, however many they are."""
    theirs = select(tables.drink).where(any_of(tables.drink.c.member_id, members))
    found: dict[str, list[Any]] = {}
    # Ids are made in the order of time, so they tell the drinks of one day apart.
    for row in read.all(theirs.order_by(tables.drink.c.day.desc(), tables.drink.c.effect_id.desc())):
        found.setdefault(row.member_id, []).append(row)
    return found


# What is written


def _pour(write: PluginWrite, effects: Sequence[Applied]) -> list[str]:
    """Pour in the order of the effects, and return those for which the day has no drink left.

    The row of a day is the guard: who has locked it knows what is left. Days are locked in their order, so that no two
    units wait for each other.
    """
    days = [{"day": day, "poured": 0} for day in sorted({each.effect.day for each in effects})]
    locking = (
        _insert(write)
        .values(days)
        .on_conflict_do_update(index_elements=[tables.day.c.day], set_={"poured": tables.day.c.poured})
    )
    rows = write.execute(locking.returning(tables.day.c.day, tables.day.c.poured))
    poured: dict[str, int] = {row.day: row.poured for row in rows}
    given: list[Applied] = []
    for each in effects:
        if poured[each.effect.day] < each.effect.most:
            poured[each.effect.day] += 1
            given.append(each)
    if given:
        _add(write, Counter(each.effect.day for each in given))
        write.execute(insert(tables.drink), [_row(each) for each in given])
    kept = {each.id for each in given}
    return [each.id for each in effects if each.id not in kept]


def _take_back(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Do the reverse: the day has that much more, and there is no trace of a day on which nothing is left poured."""
    back = Counter(each.effect.day for each in effects)
    write.execute(delete(tables.drink).where(any_of(tables.drink.c.effect_id, [each.id for each in effects])))
    _add(write, {day: -number for day, number in back.items()})
    write.execute(delete(tables.day).where(any_of(tables.day.c.day, back), tables.day.c.poured == 0))


def _add(write: PluginWrite, numbers: Mapping[str, int]) -> None:
    more = update(tables.day).where(tables.day.c.day == bindparam("its_day"))
    more = more.values(poured=tables.day.c.poured + bindparam("more"))
    write.execute(more, [{"its_day": day, "more": numbers[day]} for day in sorted(numbers)])


def _insert(write: PluginWrite) -> postgresql.Insert | sqlite.Insert:
    return sqlite.insert(tables.day) if write.dialect == "sqlite" else postgresql.insert(tables.day)


def _row(applied: Applied) -> dict[str, str]:
    effect: Drink = applied.effect
    return {"effect_id": applied.id, "member_id": applied.member, "day": effect.day, "drink": effect.drink}


# What is foreseen, and what follows


def _moved(had: Mapping[str, int] | None, drink: Drink, by: int) -> Mapping[str, int]:
    known = had or {}
    return {**known, drink.day: known.get(drink.day, 0) + by}


def _tell(drink: Drink) -> Follow:
    return Follow(drink.activity, rule=drink.rule, type=POURED.name, name="drink")


DRINK = EffectKind(
    name="stamps.drink",
    effect=Drink,
    apply=_pour,
    undo=_take_back,
    fold=lambda had, drink: _moved(had, drink, 1),
    unfold=lambda had, drink: _moved(had, drink, -1),
    follow=_tell,
    refusal=SOLD_OUT.code,
)


# What a person may ask for


def exported(member: str, read: Reader) -> dict[str, Any] | None:
    """Return what is known of a member, as JSON."""
    drinks = drinks_of([member], read).get(member)
    return {"drinks": [{"day": row.day, "drink": row.drink} for row in drinks]} if drinks else None
