"""What a medal counts of activities, less what came back of them. Pure: values in and out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from operator import attrgetter
from typing import Any, Literal

from attrs import define, field, frozen

from corekit import Line

Measure = Literal["count", "amount", "quantity"]
Value = str
"""A value of a field, as JSON writes it, or of a line; nothing where values are not told apart."""
Cell = Value | tuple[int, Value]
"""Where something is counted: at a value, or where days are told apart at the number of the day and a value."""
Cells = Mapping[Cell, int]
"""What was counted, by where."""


def by_day(cells: Cells) -> Iterator[tuple[int, Value, int]]:
    """Yield what was counted, where days are told apart: the number of the day, the value, how much."""
    for cell, number in cells.items():
        if isinstance(cell, tuple):
            yield *cell, number


PIECE = 1000
"""One piece, in the thousandths in which quantities are counted."""


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


@frozen(cache_hash=True)
class Shelf:
    """What lines of some categories come to, in amount or quantity."""

    measure: Measure
    categories: frozenset[str]

    def number(self, what: Happened) -> int:
        """Return what these lines of an activity come to."""
        found, number = what.amounts if self.measure == "amount" else what.quantities, 0
        for name in self.categories:
            if name in found:
                number += found[name]
        return number


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
    shelf: Shelf | None = field(init=False, eq=False)
    """The lines whose amount or quantity is counted, where that is what lines of some categories come to."""

    def __attrs_post_init__(self) -> None:
        of_lines = self.lines is not None or self.measure == "quantity" or self.by in BY_LINES
        object.__setattr__(self, "of_lines", of_lines)
        of_more = self.lines is not None and (self.lines.skus or self.lines.flags)
        object.__setattr__(self, "of_categories", not of_more)
        object.__setattr__(self, "of_each_line", bool(of_more) or (self.by in BY_LINES and self.lines is not None))
        categories = self.lines.categories if self.lines is not None and not of_more else None
        shelf = Shelf(self.measure, categories) if categories and self.measure != "count" else None
        object.__setattr__(self, "shelf", shelf)


BY_LINES = {"lines.sku": "sku", "lines.category": "category"}
"""The fields of lines by which values are told apart."""


_NOTHING: Mapping[int, tuple[int, int]] = {}


@define(kw_only=True)  # what is frozen is dearer to make, and there is one of each activity
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
    lines_back: Mapping[int, tuple[int, int]] = _NOTHING
    amounts: Mapping[str | None, int] = field(init=False, eq=False, repr=False)
    """What its lines come to by their category."""
    quantities: Mapping[str | None, int] = field(init=False, eq=False, repr=False)
    """How many pieces its lines are by their category, in thousandths."""
    skus: tuple[str | None, ...] = field(init=False, eq=False, repr=False)
    most: int = field(init=False, eq=False, repr=False)
    """The amount at most that may be counted of it."""
    pieces: int = field(init=False, eq=False, repr=False)
    """The pieces at most that may be counted of it, in thousandths."""

    def __attrs_post_init__(self) -> None:
        amounts: dict[str | None, int] = {}
        quantities: dict[str | None, int] = {}
        most = pieces = 0
        for line in self.lines:  # for each line of each purchase
            category, amount, quantity = line.category, line.amount, line.quantity
            if amount > 0:
                most += amount
            if quantity > 0:
                pieces += quantity
            amounts[category] = amounts.get(category, 0) + amount
            quantities[category] = quantities.get(category, 0) + quantity
        self.amounts, self.quantities = amounts, quantities
        self.skus = tuple([line.sku for line in self.lines])
        self.most, self.pieces = max(most, self.amount), pieces

    def without_lines(self) -> Happened:
        """Leave out the lines: what they come to is known, and nobody asks for more of them."""
        self.lines = ()
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


def _values(tally: Tally, what: Happened) -> AbstractSet[Any]:
    """Return the values that lines have of which something is left."""
    if tally.lines is None and not what.parts:
        return set(what.skus) if tally.by == "lines.sku" else what.amounts.keys()
    lines = what.lines if tally.lines is None else filter(tally.lines.take, what.lines)
    return set(map(attrgetter(BY_LINES[tally.by or ""]), filter(what.has_left, lines)))


def add_to(cells: dict[Cell, int], tally: Tally, happened: Iterable[Happened], sign: int = 1) -> None:
    """Add what a tally counts of activities, or take it off with ``sign`` -1."""
    types, minimum, days = tally.types, tally.minimum, tally.days
    plainly = _PLAINLY[tally.measure, tally.of_lines] if tally.by is None and not tally.where else None
    wanted = tally.lines.categories if tally.lines is not None else frozenset[str]()
    for what in happened:
        if what.type not in types or (minimum is not None and what.amount < minimum):
            continue
        if plainly is None or what.parts or not tally.of_categories:
            for value, number in counted(tally, what):
                cell = (what.day, value) if days else value
                cells[cell] = cells.get(cell, 0) + sign * number
        elif number := plainly(what, wanted):  # this is what most of what is counted comes to
            cell = (what.day, "") if days else ""
            cells[cell] = cells.get(cell, 0) + sign * number


def _of_categories(found: Mapping[str | None, int], wanted: AbstractSet[str]) -> int:
    return sum([found[name] for name in wanted if name in found]) if wanted else sum(found.values())


_PLAINLY: Mapping[tuple[Measure, bool], Callable[[Happened, AbstractSet[str]], int]] = {
    ("count", False): lambda _, __: 1,
    ("amount", False): lambda what, _: what.amount,
    ("count", True): lambda what, wanted: not (wanted or what.amounts.keys()).isdisjoint(what.amounts),
    ("amount", True): lambda what, wanted: _of_categories(what.amounts, wanted),
    ("quantity", True): lambda what, wanted: _of_categories(what.quantities, wanted),
}
"""What is counted of an activity of which nothing came back, where values are not told apart: by measure and lines."""


def can_count(tally: Tally, what: Happened) -> bool:
    """Say whether a tally may count anything of an activity: it does not if not."""
    if what.type not in tally.types or (tally.minimum is not None and what.amount < tally.minimum):
        return False
    wanted = tally.lines.categories if tally.lines is not None else ()
    return not wanted or not wanted.isdisjoint(what.amounts)


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
