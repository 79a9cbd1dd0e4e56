"""What a medal asks for: criteria as frozen values, and what they say of a member. Pure: values in and out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import date, timedelta
from functools import cache
from itertools import count
from operator import attrgetter
from typing import Any, Literal, Protocol

from attrs import field, frozen

from corekit import Line, Window

Unit = Literal["day", "week", "month"]
"""What a streak is counted in. A week begins on Monday."""
Measure = Literal["count", "amount", "quantity"]
Value = str
"""A value of a field, as JSON writes it; nothing where values are not told apart."""
Cells = Mapping[tuple[int, Value], int]
"""What was counted, by number of the day (0 where days are not told apart) and value."""
Days = tuple[int | None, int | None]
"""The first and the last day that count, by their numbers; None where there is no end."""
ALWAYS: Days = (None, None)
EPOCH = date(1970, 1, 1)
"""The day whose number is 0."""
PIECE = 1000
"""One piece, in the thousandths in which quantities are counted."""

# What counts


@frozen(kw_only=True)
class Lines:
    """Which lines of an activity count: those of one of the skus, of one of the categories, with one of the flags."""

    skus: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()

    def take(self, line: Line) -> bool:
        """Say whether a line counts; where nothing is named of a kind, every line does."""
        return (
            (not self.skus or line.sku in self.skus)
            and (not self.categories or line.category in self.categories)
            and (not self.flags or not self.flags.isdisjoint(line.flags))
        )


@frozen(kw_only=True, cache_hash=True)
class Tally:
    """What is counted of activities of some ``types``.

    ``where`` are fields of the payload with the values, as JSON, of which each has to have one. ``minimum`` is the
    least amount of an activity, in minor units. With ``lines`` the matching lines count, and an activity that has one.
    What is counted is one each (``count``), minor units (``amount``), or thousandths of pieces (``quantity``), told
    apart ``by`` a field of the payload, or ``lines.sku`` or ``lines.category``; and by the day, with ``days``.
    """

    types: tuple[str, ...]
    measure: Measure = "count"
    where: tuple[tuple[str, tuple[Value, ...]], ...] = ()
    minimum: int | None = None
    lines: Lines | None = None
    by: str | None = None
    days: bool = False

    of_lines: bool = field(init=False, eq=False)
    """Whether lines have to be looked at."""
    of_categories: bool = field(init=False, eq=False)
    """Whether of lines nothing but their category has to be looked at."""
    of_each_line: bool = field(init=False, eq=False)
    """Whether each line has to be looked at."""

    def __attrs_post_init__(self) -> None:
        of_lines = self.lines is not None or self.measure == "quantity" or self.by in BY_LINES
        object.__setattr__(self, "of_lines", of_lines)
        of_more = self.lines is not None and (self.lines.skus or self.lines.flags)
        object.__setattr__(self, "of_categories", not of_more)
        object.__setattr__(self, "of_each_line", bool(of_more) or (self.by in BY_LINES and self.lines is not None))


BY_LINES = {"lines.sku": "sku", "lines.category": "category"}
"""The fields of lines by which values are told apart."""


@frozen(kw_only=True)
class Happened:
    """An activity, less what came back of it: in sum, by line (amount and quantity), and in how many parts."""

    id: str
    type: str
    day: int
    amount: int
    payload: Mapping[str, Any]
    lines: tuple[Line, ...] = ()
    back: int = 0
    parts: int = 0
    lines_back: Mapping[int, tuple[int, int]] = field(factory=dict[int, tuple[int, int]])
    by_category: Mapping[str | None, tuple[int, int]] = field(init=False, eq=False, repr=False)
    """What its lines come to, amount and quantity, by their category."""
    skus: frozenset[str | None] = field(init=False, eq=False, repr=False)
    ticks: tuple[int, int, int, int] = field(init=False, eq=False, repr=False)
    """One, and the amount, the lines and the pieces at most that may be counted of it."""

    def __attrs_post_init__(self) -> None:
        found: dict[str | None, tuple[int, int]] = {}
        sum_ = pieces = 0
        for line in self.lines:
            amount, quantity = found.get(line.category, (0, 0))
            found[line.category] = amount + line.amount, quantity + line.quantity
            sum_ += max(0, line.amount)
            pieces += max(0, line.quantity)
        object.__setattr__(self, "by_category", found)
        object.__setattr__(self, "skus", frozenset([line.sku for line in self.lines]))
        object.__setattr__(self, "ticks", (1, max(sum_, self.amount), len(self.lines), pieces))

    def without_lines(self) -> Happened:
        """Leave out the lines: what they come to is known, and nobody asks for more of them."""
        object.__setattr__(self, "lines", ())
        return self

    @property
    def weight(self) -> int:
        """What has to come back until nothing is left."""
        return sum(line.amount for line in self.lines) or abs(self.amount)

    @property
    def is_gone(self) -> bool:
        """Whether all of it came back."""
        return self.parts > 0 and self.back == self.weight

    def left(self, line: Line) -> tuple[int, int]:
        """Return how much is left of a line: amount and quantity."""
        amount, quantity = self.lines_back.get(line.no, (0, 0))
        return line.amount - amount, line.quantity - quantity

    def has_left(self, line: Line) -> bool:
        """Say whether anything of a line is left; one that cost nothing comes back with the last part."""
        return not line.amount or self.left(line)[0] != 0


def counted(tally: Tally, what: Happened) -> Iterator[tuple[Value, int]]:
    """Yield what a tally counts of an activity: values with numbers."""
    if what.type not in tally.types or what.is_gone or not _matches(tally, what):
        return
    if tally.by in BY_LINES:
        values = _values(tally, what) - {None}
        for value in values:
            yield value, 1
        return
    lines = tuple(filter(tally.lines.take, what.lines)) if tally.lines is not None else what.lines
    number = _number(tally, what, lines)
    if number:
        value = "" if tally.by is None else scalar(what.payload.get(tally.by))
        if value is not None:
            yield value, number


def _values(tally: Tally, what: Happened) -> Set[Any]:
    """Return the values that lines have of which something is left."""
    if tally.lines is None and not what.parts:
        return what.skus if tally.by == "lines.sku" else what.by_category.keys()
    lines = what.lines if tally.lines is None else filter(tally.lines.take, what.lines)
    return set(map(attrgetter(BY_LINES[tally.by or ""]), filter(what.has_left, lines)))


def add_to(cells: dict[tuple[int, Value], int], tally: Tally, happened: Iterable[Happened], sign: int = 1) -> None:
    """Add what a tally counts of activities, or take it off with ``sign`` -1."""
    types, minimum, days = tally.types, tally.minimum, tally.days
    plainly = _PLAINLY[tally.measure, tally.of_lines] if tally.by is None and not tally.where else None
    wanted = tally.lines.categories if tally.lines is not None else frozenset[str]()
    for what in happened:
        if what.type not in types or (minimum is not None and what.amount < minimum):
            continue
        day = what.day if days else 0
        if plainly is None or what.parts or not tally.of_categories:
            for value, number in counted(tally, what):
                cells[day, value] = cells.get((day, value), 0) + sign * number
        elif number := plainly(what, wanted):  # this is what most of what is counted comes to
            cells[day, ""] = cells.get((day, ""), 0) + sign * number


def _of_category(measure: int) -> Callable[[Happened, Set[str]], int]:
    def add_up(what: Happened, wanted: Set[str]) -> int:
        found = what.by_category
        return sum(found[name][measure] for name in wanted or found if name in found)

    return add_up


_PLAINLY: Mapping[tuple[Measure, bool], Callable[[Happened, Set[str]], int]] = {
    ("count", False): lambda _, __: 1,
    ("amount", False): lambda what, _: what.amount,
    ("count", True): lambda what, wanted: not (wanted or what.by_category.keys()).isdisjoint(what.by_category),
    ("amount", True): _of_category(0),
    ("quantity", True): _of_category(1),
}
"""What is counted of an activity of which nothing came back, where values are not told apart: by measure and lines."""


def can_count(tally: Tally, what: Happened) -> bool:
    """Say whether a tally may count anything of an activity: it does not if not."""
    if what.type not in tally.types or (tally.minimum is not None and what.amount < tally.minimum):
        return False
    wanted = tally.lines.categories if tally.lines is not None else ()
    return not wanted or not wanted.isdisjoint(what.by_category)


def _matches(tally: Tally, what: Happened) -> bool:
    if tally.minimum is not None and what.amount < tally.minimum:
        return False
    return all(scalar(what.payload.get(name)) in values for name, values in tally.where)


def _number(tally: Tally, what: Happened, lines: Sequence[Line]) -> int:
    if tally.measure == "count":
        return int(tally.lines is None or any(what.has_left(line) for line in lines))
    if tally.measure == "quantity":
        return sum(what.left(line)[1] for line in lines)
    if tally.lines is not None:
        return sum(what.left(line)[0] for line in lines)
    part = what.back * abs(what.amount) // what.weight if what.back else 0
    return what.amount - part if what.amount >= 0 else what.amount + part


def as_json(value: str | bool | int) -> Value:  # noqa: FBT001 - it is a value like others
    """Return a value as JSON writes it, the same in Python and in each database."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def scalar(value: Any) -> Value | None:
    """Return the value of a field as JSON writes it; None where it has none, or is no text, number or yes or no."""
    return as_json(value) if isinstance(value, str | bool | int) else None


# Criteria


@cache
def _numbered(_asked: Any) -> int:
    """Return a number for what is asked, the same for the same: it is compared for each activity."""
    return next(_numbers)


_numbers = count()


@frozen(kw_only=True)
class Counted:
    """At least so much of a tally within a window: in sum, or so many values."""

    tally: Tally
    least: int
    distinct: bool = False
    window: Window = field(factory=lambda: Window("lifetime"))
    asks: int = field(init=False, eq=False, repr=False)
    """A number for what is asked, whatever is the least of it."""

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "asks", _numbered((self.tally, self.distinct, self.window)))


@frozen(kw_only=True)
class Streak:
    """At least so many days, weeks or months in a row, on each of which something was counted."""

    tally: Tally
    least: int
    unit: Unit
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


TIERED = ("tier.changed", "tier.set")
"""The types of activities by which a member comes into a tier."""


def touching(criterion: Criterion) -> frozenset[str]:
    """Return the activity types that can change what a criterion says."""
    found: set[str] = set()
    for leaf in leaves(criterion):
        if isinstance(leaf, Counted | Streak):
            found.update(leaf.tally.types)
        else:
            found.update(TIERED if isinstance(leaf, InTier) else ("medals.won",))
    return frozenset(found)


# What they say


class View(Protocol):
    """What a criterion is judged by: a member as it is seen from a day."""

    @property
    def day(self) -> int:
        """The day, by its number."""
        ...

    @property
    def held(self) -> Set[tuple[str, int]]:
        """The medals that are held, each with the level."""
        ...

    @property
    def known(self) -> dict[Any, int]:
        """What was found out before, by what was asked."""
        ...

    def cells(self, tally: Tally) -> Cells:
        """Return what was counted."""
        ...

    def tier(self, ladder: str) -> str | None:
        """Return the code of the tier in which the member stands."""
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
    window = span(leaf.window, day) if leaf.tally.days else ALWAYS
    if not leaf.distinct:
        return sum(each for (on, _), each in cells.items() if within(on, window) and within(on, season))
    sums: dict[Value, int] = {}
    for (on, what), each in cells.items():
        if within(on, window) and within(on, season):
            sums[what] = sums.get(what, 0) + each
    return sum(each > 0 for each in sums.values())


def longest(leaf: Streak, cells: Cells, season: Days = ALWAYS) -> int:
    """Return how many days, weeks or months there were in a row at most."""
    return max(_runs(leaf, cells, season), default=0)


def running(leaf: Streak, cells: Cells, season: Days = ALWAYS) -> int:
    """Return how many there are in a row up to the last one."""
    return next(reversed(_runs(leaf, cells, season)), 0)


def _runs(leaf: Streak, cells: Cells, season: Days) -> list[int]:
    """Return how many there were in a row by each day, week or month on which something was counted."""
    sums: dict[int, int] = {}
    for (on, _), each in cells.items():
        if within(on, season):
            place = index(leaf.unit, on)
            sums[place] = sums.get(place, 0) + each
    found: list[int] = []
    before: int | None = None
    for place in sorted(place for place, each in sums.items() if each > 0):
        found.append(found[-1] + 1 if before is not None and place == before + 1 else 1)
        before = place
    return found


def span(window: Window, day: int) -> Days:
    """Return the first and the last day of a window seen from a day."""
    if window.bucket == "lifetime":
        return ALWAYS
    first, last = window.days(EPOCH + timedelta(days=day))
    return (first - EPOCH).days, (last - EPOCH).days


def index(unit: Unit, day: int) -> int:
    """Return the number of the day, the week or the month that holds a day."""
    if unit == "day":
        return day
    if unit == "week":
        return (day + 3) // 7  # 1970-01-01 was a Thursday
    on = EPOCH + timedelta(days=day)
    return on.year * 12 + on.month


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
        return any(number(criterion, cells, day, season) >= criterion.least for day in {day for day, _ in cells} or {0})
    if isinstance(criterion, Streak | Holds):
        return value(criterion, view, season) >= needed(criterion)
    return True
