"""The medals of a program: frozen values, ready to run."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, tzinfo
from itertools import count
from typing import Any, Literal

from attrs import field, frozen

from corekit import Activity
from corekit_medals.counting import Shelf, Tally
from corekit_medals.remembered import Memory
from corekit_medals.rules import (
    ALWAYS,
    EPOCH,
    Asked,
    Counted,
    Criterion,
    Days,
    Streak,
    asked_of,
    asks,
    leaves,
    touching,
    within,
)


@frozen(kw_only=True)
class Words:
    """What a medal, or a level of it, is called in a language, and what is said of it."""

    name: str
    description: str = ""


@frozen(kw_only=True)
class Level:
    """One level of a medal, numbered from 1, and what it asks for."""

    number: int
    when: Criterion
    words: Mapping[str, Words] = field(factory=dict[str, Words], hash=False)
    picture: str | None = None


@frozen(kw_only=True)
class Medal:
    """One medal.

    A ``secret`` one is shown to nobody who does not hold it. Of a limited ``edition`` there are so many, for each
    level. It is awarded for what occurs in its ``season``, from the first to the last day. Where something is taken
    back that it was awarded for, it is kept, or revoked if what is left does not do.
    """

    id: str
    version: int
    words: Mapping[str, Words]
    levels: tuple[Level, ...]
    pictures: tuple[str, ...] = ()
    secret: bool = False
    edition: int | None = None
    season: tuple[date | None, date | None] = (None, None)
    on_reversal: Literal["keep", "revoke"] = "keep"
    rule: str = field(init=False)
    days: Days = field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "rule", f"{self.id}@{self.version}")
        first, last = (None if day is None else (day - EPOCH).days for day in self.season)
        object.__setattr__(self, "days", (first, last) if self.season != (None, None) else ALWAYS)

    def level(self, number: int) -> Level | None:
        """Return a level by its number."""
        return self.levels[number - 1] if 0 < number <= len(self.levels) else None

    def in_season(self, day: int) -> bool:
        """Say whether it can be awarded for what occurs on a day."""
        return within(day, self.days)


Entry = tuple[Medal, Level]


@frozen(kw_only=True)
class Group:
    """Medals that ask for the same in the same season, by how much of it, the least first; or one that asks for more.

    ``leaf`` is what they ask for, None where it is made of parts.
    """

    type: str
    """The type of the activities by which it is touched."""
    leaf: Counted | Streak | None
    days: Days
    leasts: tuple[int, ...]
    entries: tuple[Entry, ...]
    number: int = field(factory=count().__next__, eq=False)
    minimum: int | None = field(init=False)
    """The least amount of an activity that is counted, where it is known."""
    tallies: frozenset[Tally] = field(init=False)
    """What it counts."""
    keys: frozenset[tuple[str, int]] = field(init=False)
    """The medals and their levels."""
    asks: frozenset[Asked] = field(init=False)
    """What it asks for besides what is counted."""

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "minimum", self.leaf and self.leaf.tally.minimum)
        parts = [leaf for _, level in self.entries for leaf in leaves(level.when)]
        found = frozenset(leaf.tally for leaf in parts if isinstance(leaf, Counted | Streak))
        object.__setattr__(self, "tallies", found)
        object.__setattr__(self, "keys", frozenset((medal.id, level.number) for medal, level in self.entries))
        object.__setattr__(self, "asks", frozenset[Asked]().union(*(asks(level.when) for _, level in self.entries)))

    def is_open(self, held: Collection[tuple[str, int]], taken: Collection[tuple[str, int]]) -> bool:
        """Say whether a member who holds these, and had those taken, can still win one of them."""
        return bool(self.keys.difference(held, taken))

    def reached(self, value: int) -> tuple[Entry, ...]:
        """Return the medals for which a value is enough."""
        return self.entries[: bisect_right(self.leasts, value)]


def grouped(type_: str, entries: Iterable[Entry]) -> tuple[Group, ...]:
    """Put together what asks for the same, of what activities of a type touch."""
    found: dict[Any, list[tuple[int, Entry]]] = {}
    for number, (medal, level) in enumerate(entries):
        when = level.when
        if isinstance(when, Counted | Streak):
            found.setdefault((when.asks, medal.days), []).append((when.least, (medal, level)))
        else:
            found["alone", number] = [(0, (medal, level))]
    groups: list[Group] = []
    for together in found.values():
        together.sort(key=lambda each: each[0])
        medal, level = together[0][1]
        leaf = level.when if isinstance(level.when, Counted | Streak) else None
        leasts = tuple(least for least, _ in together)
        members = tuple(entry for _, entry in together)
        groups.append(Group(type=type_, leaf=leaf, days=medal.days, leasts=leasts, entries=members))
    return tuple(groups)


@frozen(kw_only=True)
class Catalogue:
    """All medals in their order, and what each type of activity can touch."""

    medals: Mapping[str, Medal]
    zone: tzinfo
    returns: frozenset[str] = frozenset()
    """The types of activities that take something back."""
    touched: Mapping[str, tuple[Group, ...]] = field(init=False)
    tallies: tuple[Tally, ...] = field(init=False)
    types: frozenset[str] = field(init=False)
    """The types of activities that are counted."""
    limited: tuple[str, ...] = field(init=False)
    """The medals of which there are only so many."""
    of_each_line: bool = field(init=False)
    """Whether more has to be known of lines than what they come to by category, and their skus."""
    asking: Mapping[Asked, tuple[Group, ...]] = field(init=False)
    """The groups that ask for a tier of a ladder, or for another medal."""
    shelves: tuple[Shelf, ...] = field(init=False)
    """What has a clock of its own, because it goes on far slower than all that is counted."""
    memory: Memory = field(init=False, factory=Memory, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        touched: dict[str, list[Entry]] = {}
        tallies: dict[Tally, None] = {}
        for medal in self.medals.values():
            for level in medal.levels:
                for name in sorted(touching(level.when)):
                    touched.setdefault(name, []).append((medal, level))
                tallies |= {leaf.tally: None for leaf in leaves(level.when) if isinstance(leaf, Counted | Streak)}
        groups = {name: grouped(name, found) for name, found in touched.items()}
        object.__setattr__(self, "touched", groups)
        asking: dict[Asked, list[Group]] = {}
        for group in (group for found in groups.values() for group in found):
            for what in sorted(group.asks):
                asking.setdefault(what, []).append(group)
        object.__setattr__(self, "asking", {what: tuple(found) for what, found in asking.items()})
        shelves = dict.fromkeys(tally.shelf for tally in tallies if tally.shelf is not None)
        object.__setattr__(self, "shelves", tuple(shelves))
        object.__setattr__(self, "tallies", tuple(tallies))
        object.__setattr__(self, "types", frozenset(name for tally in tallies for name in tally.types))
        limited = tuple(medal.id for medal in self.medals.values() if medal.edition is not None)
        object.__setattr__(self, "limited", limited)
        object.__setattr__(self, "of_each_line", any(tally.of_each_line for tally in tallies))

    def touching(self, activity: Activity) -> Sequence[Group]:
        """Return the groups of which an activity can change what they say."""
        if (what := asked_of(activity)) is not None:
            return [group for group in self.asking.get(what, ()) if group.type == activity.type]
        return self.touched.get(activity.type, ())

    def find(self, medal: str, level: int = 1) -> tuple[Medal, Level] | None:
        """Return a medal and a level of it."""
        found = self.medals.get(medal)
        chosen = found.level(level) if found is not None else None
        return None if found is None or chosen is None else (found, chosen)

    @property
    def reacts(self) -> frozenset[str]:
        """The types of activities to which medals react because of what they ask for."""
        revocable = any(medal.on_reversal == "revoke" for medal in self.medals.values())
        return frozenset(self.touched) | (self.returns if revocable else frozenset[str]())
