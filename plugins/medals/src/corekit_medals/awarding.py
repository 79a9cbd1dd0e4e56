"""Awards as effects: what is awarded, ended and arranged, in the plugin's own tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from attrs import evolve, field, frozen
from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from corekit import Applied, Effect, EffectKind, Follow, PluginWrite, any_of, moment
from corekit_medals import declared
from corekit_medals.loading import UNSEEN, Held, Key, Seen
from corekit_medals.tables import award, edition

Reason = Literal["met", "found", "given"]
"""Why a member holds a medal: its criteria were met, or found to have been, or somebody gave it."""
Ending = Literal["returned", "taken", "undone"]
"""Why no more: what earned it came back, somebody took it, or what awarded it was taken back."""


@frozen
class _Award(Effect):
    medal: str = field(kw_only=True)
    level: int = field(kw_only=True)
    since: int = field(kw_only=True)
    reason: Reason = field(kw_only=True)
    edition: int | None = field(kw_only=True)


@frozen
class Award(_Award):
    """A medal for what occurred ``since``; of a limited ``edition`` there are so many. A return does not undo it."""


@frozen
class Grant(_Award):
    """The same, undone with the activity that awards it."""


@frozen
class BackFill(_Award):
    """The same for what was met before: a member may have met many medals, which settle together."""


def _award(write: PluginWrite, effects: Sequence[Applied]) -> list[str]:
    """Award in the order of the effects, and return those of which nothing of the edition is left."""
    missed = _out(write, [each for each in effects if each.effect.edition is not None])
    rows = [_row(each) for each in effects if each.id not in missed]
    if rows:
        write.execute(insert(award), rows)
    return sorted(missed)


def _row(each: Applied) -> dict[str, Any]:
    effect: _Award = each.effect
    return {
        "id": each.id,
        "member_id": each.member,
        "medal": effect.medal,
        "level": effect.level,
        "rule": effect.rule,
        "reason": effect.reason,
        "since": effect.since,
        "awarded_at": each.at,
        "activity_id": each.activity_id,
        "pinned": False,
    }


def _out(write: PluginWrite, limited: Sequence[Applied]) -> set[str]:
    """Take pieces of editions, and return the effects for which there is none. Rows are locked in their order."""
    if not limited:
        return set()
    given = _lock(write, {(each.effect.medal, each.effect.level) for each in limited})
    more, missed = Counter[Key](), set[str]()
    for each in limited:
        key = (each.effect.medal, each.effect.level)
        if given[key] + more[key] < each.effect.edition:
            more[key] += 1
        else:
            missed.add(each.id)
    _add(write, more)
    return missed


def _lock(write: PluginWrite, keys: Iterable[Key]) -> Mapping[Key, int]:
    """Lock the rows of editions in their order, new ones where nothing is out, and return how many are out of each."""
    rows = [{"medal": medal, "level": level, "given": 0} for medal, level in sorted(keys)]
    into = sqlite.insert(edition) if write.dialect == "sqlite" else postgresql.insert(edition)
    locking = into.values(rows).on_conflict_do_update(
        index_elements=[edition.c.medal, edition.c.level], set_={"given": edition.c.given}
    )
    known = write.execute(locking.returning(edition.c.medal, edition.c.level, edition.c.given))
    return {(row.medal, row.level): int(row.given) for row in known}


def _add(write: PluginWrite, more: Mapping[Key, int]) -> None:
    """Change how many are out, and leave no row where none is."""
    if not more:
        return
    change = update(edition).where(edition.c.medal == bindparam("its_medal"), edition.c.level == bindparam("its_level"))
    rows = [{"its_medal": medal, "its_level": level, "more": more[medal, level]} for medal, level in sorted(more)]
    write.execute(change.values(given=edition.c.given + bindparam("more")), rows)
    medals = [medal for (medal, _), number in more.items() if number < 0]
    if medals:
        write.execute(delete(edition).where(any_of(edition.c.medal, medals), edition.c.given == 0))


def _take_back(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """End awards because what awarded them is taken back; one that ended before stays as it is."""
    end = update(award).where(award.c.id == bindparam("its_id"), award.c.ended_at.is_(None))
    end = end.values(ended_at=bindparam("its_at"), end_reason="undone", ended_by=bindparam("its_activity"))
    rows = [{"its_id": each.id, "its_at": each.at, "its_activity": each.activity_id} for each in effects]
    limited = _held(write, [each for each in effects if each.effect.edition is not None])
    write.execute(end, rows)
    _add(write, limited)


def _held(write: PluginWrite, effects: Sequence[Applied]) -> Mapping[Key, int]:
    """Return how many pieces of editions come back with awards that have not ended yet."""
    if not effects:
        return {}
    chosen = select(award.c.medal, award.c.level).where(
        any_of(award.c.id, [each.id for each in effects]), award.c.ended_at.is_(None)
    )
    return {key: -number for key, number in Counter((row.medal, row.level) for row in write.execute(chosen)).items()}


def _folded(seen: Seen | None, effect: _Award) -> Seen:
    known = seen or UNSEEN
    key = (effect.medal, effect.level)
    held = Held(given=effect.reason == "given")
    return evolve(known, held={**known.held, key: held}, taken=known.taken - {key})


def _unfolded(seen: Seen | None, effect: _Award) -> Seen:
    known = seen or UNSEEN
    return evolve(known, held={key: each for key, each in known.held.items() if key != (effect.medal, effect.level)})


def _tell(effect: _Award) -> Follow:
    return Follow(
        effect.activity,
        rule=effect.rule,
        type=declared.WON.name,
        name=f"won:{effect.medal}:{effect.level}",
        payload={
            "medal": effect.medal,
            "level": effect.level,
            "since": moment(effect.since).isoformat(),
            "reason": effect.reason,
        },
    )


_SHARED: Mapping[str, Any] = {
    "apply": _award,
    "undo": _take_back,
    "follow": _tell,
    "refusal": declared.SOLD_OUT.code,
}
AWARD = EffectKind(name="medals.award", effect=Award, partial="keep", fold=_folded, unfold=_unfolded, **_SHARED)
# What ends or shows awards is applied by its name, and so in the order of this module, whatever comes first in a chunk.
# What is undone, or given by hand, is written before the member's next activity is judged.
BACK_FILL = EffectKind(name="medals.backfill", effect=BackFill, fold=_folded, **_SHARED)
GRANT = EffectKind(name="medals.grant", effect=Grant, **_SHARED)

# Ending


@frozen
class End(Effect):
    """An award of the member that ends; one of a ``limited`` edition can be given to somebody else."""

    medal: str = field(kw_only=True)
    level: int = field(kw_only=True)
    reason: Ending = field(kw_only=True)
    limited: bool = field(kw_only=True)


_THIS = (
    award.c.member_id == bindparam("its_member"),
    award.c.medal == bindparam("its_medal"),
    award.c.level == bindparam("its_level"),
    award.c.ended_at.is_(None),
)
_END = (
    update(award)
    .where(*_THIS)
    .values(ended_at=bindparam("its_at"), end_reason=bindparam("its_reason"), ended_by=bindparam("its_effect"))
)


def _end(write: PluginWrite, effects: Sequence[Applied]) -> None:
    write.execute(
        _END,
        [
            {
                "its_member": each.member,
                "its_medal": each.effect.medal,
                "its_level": each.effect.level,
                "its_at": each.at,
                "its_reason": each.effect.reason,
                "its_effect": each.id,
            }
            for each in effects
        ],
    )
    _add(write, {key: -number for key, number in _limited(write, effects).items()})


def _resume(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Let awards go on, but for a medal that the member was given again meanwhile."""
    again = award.alias("again")
    given = select(again.c.id).where(
        again.c.member_id == award.c.member_id,
        again.c.medal == award.c.medal,
        again.c.level == award.c.level,
        again.c.ended_at.is_(None),
    )
    if resumed := _limited(write, effects, ~given.exists()):
        _lock(write, resumed)
        _add(write, resumed)
    ended = update(award).where(any_of(award.c.ended_by, [each.id for each in effects]), ~given.exists())
    write.execute(ended.values(ended_at=None, end_reason=None, ended_by=None))


def _limited(write: PluginWrite, effects: Sequence[Applied], *which: Any) -> Counter[Key]:
    """Return of which limited editions effects ended an award, of all awards or of some."""
    limited = [each.id for each in effects if each.effect.limited]
    if not limited:
        return Counter()
    chosen = select(award.c.medal, award.c.level).where(any_of(award.c.ended_by, limited), *which)
    return Counter((row.medal, row.level) for row in write.execute(chosen))


END = EffectKind(name="medals.end", effect=End, apply=_end, undo=_resume)

# Showing

Shown = tuple[str, int | None, bool]
"""A medal, its place, and whether it is pinned."""


@frozen
class Arrange(Effect):
    """Where the member's medals are shown from now on, and where they ``were``."""

    shown: tuple[Shown, ...] = field(kw_only=True)
    were: tuple[Shown, ...] = field(kw_only=True)


_PLACE = (
    update(award)
    .where(
        award.c.member_id == bindparam("its_member"),
        award.c.medal == bindparam("its_medal"),
        award.c.ended_at.is_(None),
    )
    .values(place=bindparam("at"), pinned=bindparam("pin"))
)


def _show(write: PluginWrite, shown: Sequence[tuple[str, Shown]]) -> None:
    """Put the medals of members in their places."""
    rows = [
        {"its_member": member, "its_medal": medal, "at": place, "pin": bool(pinned)}
        for member, (medal, place, pinned) in shown
    ]
    if rows:
        write.execute(_PLACE, rows)


ARRANGE = EffectKind(
    name="medals.show",
    effect=Arrange,
    apply=lambda write, effects: _show(
        write, [(each.member, shown) for each in effects for shown in each.effect.shown]
    ),
    undo=lambda write, effects: _show(write, [(each.member, shown) for each in effects for shown in each.effect.were]),
)
EFFECTS = (AWARD, BACK_FILL, GRANT, END, ARRANGE)
