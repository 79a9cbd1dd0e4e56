"""What members hold and how near they are to the rest, and how many hold what: read for many members at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from attrs import field, frozen
from sqlalchemy import func, select

from corekit import Program, Reader, any_of, member
from corekit.tables import assignment as _stay
from corekit_medals import counting, rules
from corekit_medals.catalogue import Catalogue, Level, Medal
from corekit_medals.history import History
from corekit_medals.loading import Key, editions, histories
from corekit_medals.reading import Awarded, awards_of
from corekit_medals.tables import award

WHOLE = 100


@frozen(kw_only=True)
class Step:
    """A part of a criterion: what kind it is, how far a member is with it, and how far it has to come.

    Both count ``counts``: ``activities``, ``values``, ``days``, ``weeks``, ``months``, ``pieces`` in thousandths
    (``scale`` 3), or an ``amount`` in minor units of a ``unit``; nothing of a tier or a medal: they are 0 or 1.
    """

    kind: str
    value: int
    needed: int
    counts: str | None = None
    unit: str | None = None
    scale: int = 0


@frozen(kw_only=True)
class Standing:
    """A level of a medal as a member has it: since when and why it is held, or how near it is, in percent and steps."""

    medal: Medal
    level: Level
    award: Awarded | None
    percent: int
    steps: tuple[Step, ...]


@frozen
class _Seen:
    history: History
    held: AbstractSet[Key]
    tiers: Mapping[str, str]
    day: int
    known: dict[Any, int] = field(factory=dict[Any, int])

    def cells(self, tally: counting.Tally) -> counting.Cells:
        return self.history.cells(tally)

    def tier(self, ladder: str) -> str | None:
        return self.tiers.get(ladder)

    def rises(self, ladder: str) -> bool:  # noqa: ARG002 - what is shown is shown as of now
        return False


def standings(
    read: Reader, book: Catalogue, program: Program, members: Sequence[str], now: datetime
) -> Mapping[str, list[Standing]]:
    """Return for each member what it holds, as it shows it, and then what it can still win: five statements at most.

    Secret medals that a member does not hold are left out, and so is what is over, or given out.
    """
    held = awards_of(read, members)
    found, _ = histories(read, members, (book,))
    tiers = _tiers(read, program, members)
    given = editions(read, book.limited)
    day = (now.astimezone(book.zone).date() - rules.EPOCH).days
    return {
        each: [
            *_held(book, held.get(each, ())),
            *_open(book, _Seen(found.get(each, History()), _keys(held.get(each, ())), tiers.get(each, {}), day), given),
        ]
        for each in members
    }


def _keys(awards: Sequence[Awarded]) -> AbstractSet[Key]:
    return {(each.medal, each.level) for each in awards}


def _held(book: Catalogue, awards: Sequence[Awarded]) -> list[Standing]:
    """Return what is held, of medals that the program still has."""
    known = [(book.find(each.medal, each.level), each) for each in awards]
    return [
        Standing(medal=found[0], level=found[1], award=each, percent=WHOLE, steps=())
        for found, each in known
        if found is not None
    ]


def _open(book: Catalogue, seen: _Seen, given: Mapping[Key, int]) -> list[Standing]:
    found: list[Standing] = []
    for medal in book.medals.values():
        for level in medal.levels:
            key = (medal.id, level.number)
            out = medal.edition is not None and given.get(key, 0) >= medal.edition
            if key in seen.held or medal.secret or out or not medal.in_season(seen.day):
                continue
            steps = tuple(_step(leaf, rules.value(leaf, seen, medal.days)) for leaf in rules.leaves(level.when))
            percent = _percent(level.when, seen, medal.days)
            found.append(Standing(medal=medal, level=level, award=None, percent=percent, steps=steps))
    return found


def _step(leaf: rules.Leaf, value: int) -> Step:
    counts: str | None = None
    unit: str | None = None
    scale = 0
    if isinstance(leaf, rules.Streak):
        counts = f"{leaf.unit}s"
    elif isinstance(leaf, rules.Counted) and leaf.unit is not None:
        counts, unit, scale = "amount", leaf.unit.code, leaf.unit.scale
    elif isinstance(leaf, rules.Counted):
        is_pieces = leaf.tally.measure == "quantity"
        counts = "pieces" if is_pieces else "values" if leaf.distinct else "activities"
        scale = 3 if is_pieces else 0
    return Step(kind=_kind(leaf), value=value, needed=rules.needed(leaf), counts=counts, unit=unit, scale=scale)


def _kind(leaf: rules.Leaf) -> str:
    if isinstance(leaf, rules.Counted):
        return "distinct" if leaf.distinct else "count" if leaf.tally.measure == "count" else "sum"
    return {rules.Streak: "streak", rules.InTier: "tier", rules.Holds: "medal"}[type(leaf)]


def _percent(criterion: rules.Criterion, seen: _Seen, season: rules.Days) -> int:
    """Return how near a criterion is: of all its parts the mean, of any the nearest, rounded down."""
    if isinstance(criterion, rules.NoneOf):
        return WHOLE if rules.holds(criterion, seen, season) else 0
    if isinstance(criterion, rules.All):
        return sum(_percent(part, seen, season) for part in criterion.of) // len(criterion.of)
    if isinstance(criterion, rules.AnyOf):
        return max(_percent(part, seen, season) for part in criterion.of)
    value = max(0, rules.value(criterion, seen, season))
    return min(WHOLE, WHOLE * value // rules.needed(criterion))


def _tiers(read: Reader, program: Program, members: Sequence[str]) -> Mapping[str, dict[str, str]]:
    """Return in which tiers members stand, by ladder; who was never judged stands in the first."""
    found = {each: {ladder.code: ladder.tiers[0].code for ladder in program.ladders} for each in members}
    if program.ladders:
        columns = (_stay.c.member_id, _stay.c.ladder, _stay.c.tier)
        for row in read.all(select(*columns).where(any_of(_stay.c.member_id, members), _stay.c.valid_to.is_(None))):
            found[row.member_id][row.ladder] = row.tier
    return found


@frozen(kw_only=True)
class Spread:
    """How many members hold a level of a medal, of how many; those that became a part of another do not count."""

    holders: int
    members: int

    @property
    def per_mille(self) -> int:
        """The share of all members in thousandths, rounded up: who holds something is not nobody."""
        return -(-1000 * self.holders // self.members) if self.members else 0


def spread(read: Reader, keys: Sequence[Key]) -> Mapping[Key, Spread]:
    """Return how rare levels of medals are: two statements."""
    counted = (
        select(award.c.medal, award.c.level, func.count().label("holders"))
        .where(any_of(award.c.medal, sorted({medal for medal, _ in keys})), award.c.ended_at.is_(None))
        .group_by(award.c.medal, award.c.level)
    )
    holders = {(row.medal, row.level): row.holders for row in read.all(counted)}
    whole = read.scalar(select(func.count()).select_from(member).where(member.c.merged_into.is_(None)))
    return {key: Spread(holders=holders.get(key, 0), members=whole) for key in keys}
