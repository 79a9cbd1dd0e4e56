"""What a medal asks for: criteria as frozen values, and what they say of a member. Pure: values in and out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from functools import cache
from itertools import count
from typing import Any, Literal, Protocol

from attrs import field, frozen

from corekit import Activity, Unit, Window
from corekit_medals.counting import Cells, Tally, Value, by_day

Period = Literal["day", "week", "month"]
"""What a streak is counted in. A week begins on Monday."""
Days = tuple[int | None, int | None]
"""The first and the last day that count, by their numbers; None where there is no end."""
ALWAYS: Days = (None, None)
EPOCH = date(1970, 1, 1)
"""The day whose number is 0."""


@cache
def _numbered(_asked: Any) -> int:
    """Return a number for what is asked, the same for the same: it is compared for each activity."""
    return next(_numbers)


_numbers = count()


@frozen(kw_only=True)
class Counted:
    """At least so much of a tally within a window: in sum, or so many values. A sum of amounts is in a ``unit``."""

    tally: Tally
    least: int
    distinct: bool = False
    window: Window = field(factory=lambda: Window("lifetime"))
    unit: Unit | None = field(default=None, eq=False)
    asks: int = field(init=False, eq=False, repr=False)
    """A number for what is asked, whatever is the least of it."""

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "asks", _numbered((self.tally, self.distinct, self.window)))


@frozen(kw_only=True)
class Streak:
    """At least so many days, weeks or months in a row, on each of which something was counted."""

    tally: Tally
    least: int
    unit: Period
    asks: int = field(init=False, eq=False, repr=False)
    """A number for what is asked, whatever is the least of it."""

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "asks", _numbered((self.tally, self.unit)))


@frozen(kw_only=True)
class InTier:
    """One of these tiers of a ladder: the one that is asked for, and those above it."""

    ladder: str
    tiers: tuple[str, ...]


@frozen(kw_only=True)
class Holds:
    """Another medal, at a level or a higher one."""

    medal: str
    level: int = 1


@frozen(kw_only=True)
class All:
    """All of these."""

    of: tuple[Criterion, ...]


@frozen(kw_only=True)
class AnyOf:
    """One of these at least."""

    of: tuple[Criterion, ...]


@frozen(kw_only=True)
class NoneOf:
    """None of these."""

    of: tuple[Criterion, ...]


Leaf = Counted | Streak | InTier | Holds
Criterion = Leaf | All | AnyOf | NoneOf


def leaves(criterion: Criterion) -> Iterator[Leaf]:
    """Yield what a criterion is made of, in its order."""
    if isinstance(criterion, All | AnyOf | NoneOf):
        for part in criterion.of:
            yield from leaves(part)
    else:
        yield criterion


TIERED = frozenset({"tier.changed", "tier.set"})
"""The types of activities by which a member comes into a tier."""
WON = "medals.won"
OTHERWISE = frozenset({*TIERED, WON})
"""What may change what a criterion says, and is counted by nothing."""
Asked = tuple[str, str]
"""What a criterion asks for besides what is counted: "ladder" with its code, or "medal" with its id."""


def asked_of(activity: Activity) -> Asked | None:
    """Return what asks for an activity that is one of those: for its ladder, or its medal."""
    if activity.type == WON:
        return "medal", activity.payload["medal"]
    if activity.type in TIERED:
        return "ladder", activity.payload["ladder"]
    return None


def asks(criterion: Criterion) -> frozenset[Asked]:
    """Return what a criterion asks for besides what is counted."""
    ladders = {("ladder", leaf.ladder) for leaf in leaves(criterion) if isinstance(leaf, InTier)}
    return frozenset(ladders | {("medal", leaf.medal) for leaf in leaves(criterion) if isinstance(leaf, Holds)})


def touching(criterion: Criterion) -> frozenset[str]:
    """Return the activity types that can change what a criterion says."""
    found: set[str] = set()
    for leaf in leaves(criterion):
        if isinstance(leaf, Counted | Streak):
            found.update(leaf.tally.types)
        else:
            found.update(TIERED if isinstance(leaf, InTier) else (WON,))
    return frozenset(found)


# What they say


class View(Protocol):
    """What a criterion is judged by: a member as it is seen from a day."""

    @property
    def day(self) -> int:
        """The day, by its number."""
        ...

    @property
    def held(self) -> AbstractSet[tuple[str, int]]:
        """The medals that are held, each with the level."""
        ...

    @property
    def known(self) -> dict[Any, int]:
        """What was found out before, by what was asked."""
        ...

    @property
    def cells(self) -> Callable[[Tally], Cells]:
        """Return what was counted, of a tally."""
        ...

    def tier(self, ladder: str) -> str | None:
        """Return the code of the tier in which the member stands."""
        ...

    def rises(self, ladder: str) -> bool:
        """Say whether it stands in another one by now, as whoever is judged later will see it."""
        ...


def holds(criterion: Criterion, view: View, season: Days = ALWAYS) -> bool:
    """Say whether a criterion is met; of what is counted only what occurred in the season counts."""
    if isinstance(criterion, All):
        return all(holds(part, view, season) for part in criterion.of)
    if isinstance(criterion, AnyOf):
        return any(holds(part, view, season) for part in criterion.of)
    if isinstance(criterion, NoneOf):
        return not any(holds(part, view, season) for part in criterion.of)
    return value(criterion, view, season) >= needed(criterion)


def needed(leaf: Leaf) -> int:
    """Return the value that meets a leaf."""
    return leaf.least if isinstance(leaf, Counted | Streak) else 1


def value(leaf: Leaf, view: View, season: Days = ALWAYS) -> int:
    """Return how far a member is with a leaf: what was counted; 1 or 0 where there is nothing to count."""
    if isinstance(leaf, Counted | Streak):
        # Medals that ask for the same, one for more of it than the other, are many.
        what = (leaf.asks, season)
        found = view.known.get(what)
        if found is None:
            cells = view.cells(leaf.tally)
            found = number(leaf, cells, view.day, season) if isinstance(leaf, Counted) else longest(leaf, cells, season)
            view.known[what] = found
        return found
    if isinstance(leaf, InTier):
        return int(view.tier(leaf.ladder) in leaf.tiers)
    return int(any(medal == leaf.medal and level >= leaf.level for medal, level in view.held))


def number(leaf: Counted, cells: Cells, day: int, season: Days = ALWAYS) -> int:
    """Return what was counted within the window that is seen from a day."""
    if not leaf.tally.days:  # then it has neither a window nor a season
        return sum(each > 0 for each in cells.values()) if leaf.distinct else sum(cells.values())
    window = span(leaf.window, day)
    sums: dict[Value, int] = {}
    for on, what, each in by_day(cells):
        if within(on, window) and within(on, season):
            sums[what] = sums.get(what, 0) + each
    return sum(each > 0 for each in sums.values()) if leaf.distinct else sum(sums.values())


def longest(leaf: Streak, cells: Cells, season: Days = ALWAYS) -> int:
    """Return how many days, weeks or months there were in a row at most."""
    return max(_runs(leaf, cells, season).values(), default=0)


def soonest(leaf: Streak, least: int, cells: Cells, day: int, season: Days = ALWAYS) -> int:
    """Return the first day, from one on that is none before the last, on which so many may be in a row."""
    last, length = next(reversed(_runs(leaf, cells, season).items()), (-1, 0))
    today = index(leaf.unit, day)
    begun = length if last >= today else length + 1 if last == today - 1 else 1
    return max(day, first_day(leaf.unit, today + least - begun))


def _runs(leaf: Streak, cells: Cells, season: Days) -> dict[int, int]:
    """Return how many there were in a row by each day, week or month on which something was counted, in their order."""
    sums: dict[int, int] = {}
    for on, _, each in by_day(cells):
        if within(on, season):
            place = index(leaf.unit, on)
            sums[place] = sums.get(place, 0) + each
    found: dict[int, int] = {}
    for place in sorted(place for place, each in sums.items() if each > 0):
        found[place] = found.get(place - 1, 0) + 1
    return found


def span(window: Window, day: int) -> Days:
    """Return the first and the last day of a window seen from a day."""
    if window.bucket == "lifetime":
        return ALWAYS
    first, last = window.days(EPOCH + timedelta(days=day))
    return (first - EPOCH).days, (last - EPOCH).days


def index(unit: Period, day: int) -> int:
    """Return the number of the day, the week or the month that holds a day."""
    if unit == "day":
        return day
    if unit == "week":
        return (day + 3) // 7  # 1970-01-01 was a Thursday
    on = EPOCH + timedelta(days=day)
    return on.year * 12 + on.month


def first_day(unit: Period, place: int) -> int:
    """Return the first day of the day, the week or the month with a number."""
    if unit == "day":
        return place
    if unit == "week":
        return place * 7 - 3
    return (date((place - 1) // 12, (place - 1) % 12 + 1, 1) - EPOCH).days


def within(day: int, days: Days) -> bool:
    """Say whether a day is one of the days that count."""
    first, last = days
    return (first is None or first <= day) and (last is None or day <= last)


def keeps(criterion: Criterion, view: View, season: Days = ALWAYS) -> bool:
    """Say whether what a medal was awarded for may still stand when something was taken back.

    Only what is counted can be taken back so: it has to be met as seen from some day. A tier that was left since, and
    what was not to be there, take nothing away.
    """
    if isinstance(criterion, All):
        return all(keeps(part, view, season) for part in criterion.of)
    if isinstance(criterion, AnyOf):
        return any(keeps(part, view, season) for part in criterion.of)
    if isinstance(criterion, Counted):
        cells = view.cells(criterion.tally)
        return any(
            number(criterion, cells, day, season) >= criterion.least
            for day in {day for day, _, _ in by_day(cells)} or {0}
        )
    if isinstance(criterion, Streak | Holds):
        return value(criterion, view, season) >= needed(criterion)
    return True
