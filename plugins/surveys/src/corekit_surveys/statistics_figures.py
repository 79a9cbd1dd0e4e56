"""Figures made of counts, exactly: shares, means, quantiles, net promoter scores.

Counts are of values, so nothing is rounded on the way: a mean is a fraction of whole numbers and decimals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from attrs import define, field, frozen

from corekit_surveys.definition import Choice, Kind

_CHOOSING = frozenset({"boolean", "checkbox", "dropdown", "radiogroup", "rating"})
_SCALE = tuple(range(11))
_PROMOTERS = 9
_PASSIVES = 7
_PLACES = 6


@frozen
class Counted:
    """How often a choice was taken, and its share of those who saw the question."""

    value: Choice | bool
    count: int
    share: Fraction


@frozen(kw_only=True)
class Numbers:
    """What ``count`` numbers are like.

    The quartiles and the median are the smallest value that at least a quarter, half and three quarters of them do not
    exceed (the inverse of the empirical distribution function: definition 1 of Hyndman and Fan, *Sample Quantiles in
    Statistical Packages*, 1996), so each is a value that was given.
    """

    count: int
    least: float
    most: float
    sum: Fraction
    lower: float
    median: float
    upper: float

    @property
    def mean(self) -> Fraction:
        """The arithmetic mean."""
        return self.sum / self.count


@frozen
class Promoters:
    """The net promoter score of answers from 0 to 10: promoters give 9 or 10, passives 7 or 8, detractors less.

    The score is the share of promoters less that of detractors, in percent of those who answered, from -100 to 100
    (F. F. Reichheld, *The One Number You Need to Grow*, Harvard Business Review, December 2003).
    """

    promoters: int
    passives: int
    detractors: int

    @property
    def score(self) -> Fraction:
        """The score."""
        return Fraction(100 * (self.promoters - self.detractors), self.promoters + self.passives + self.detractors)


@frozen
class Placed:
    """Where a choice of a ranking stands: ``mean`` place from 1, how often it was first, and how many ranked it."""

    value: Choice
    count: int
    first: int
    mean: Fraction


@frozen(kw_only=True)
class Row:
    """A row of a matrix: how many answered it, and what."""

    name: str
    answered: int
    choices: Sequence[Counted]
    numbers: Numbers | None


@frozen(kw_only=True)
class Figures:
    """What was answered to a question by those who ``saw`` it, of whom ``answered`` did answer.

    Both are None where so few answered that nothing is told. Otherwise there is what fits the ``kind``: choices of
    ``boolean``, ``checkbox``, ``dropdown``, ``radiogroup`` and ``rating``; numbers of ``number`` and of rates that are
    all numbers; promoters of rates from 0 to 10; the first and last day of ``date``; rows of ``matrix``; places of
    ``ranking``. Of texts it is told how many there are.
    """

    name: str
    kind: Kind
    saw: int | None
    answered: int | None
    choices: Sequence[Counted] = ()
    numbers: Numbers | None = None
    promoters: Promoters | None = None
    days: tuple[str, str] | None = None
    rows: Sequence[Row] = ()
    places: Sequence[Placed] = ()

    @property
    def withheld(self) -> bool:
        """Whether nothing is told, since so few answered, or since so few could be told from others."""
        return self.saw is None


@frozen(kw_only=True)
class Asked:
    """A question as its versions ask it: what can be chosen in any of them, and the rows, the newest version first."""

    name: str
    kind: Kind
    choices: Sequence[Choice] = ()
    rows: Sequence[str] = ()


@define
class Tally:
    """What was counted of a question: those who left it empty, who answered, and by row or place how often what."""

    skipped: int = 0
    answered: int = 0
    values: dict[str | None, dict[Any, int]] = field(factory=dict[str | None, dict[Any, int]])

    def add(self, place: str | None, value: Any, number: int) -> None:
        """Count a value so many times more."""
        values = self.values.setdefault(place, {})
        values[value] = values.get(value, 0) + number


def figures(asked: Asked, tally: Tally) -> Figures:
    """Return what counts of a question come to."""
    saw = tally.skipped + tally.answered
    values = tally.values.get(None, {})
    told: dict[str, Any] = {}
    if asked.kind in _CHOOSING:
        told["choices"] = _choices(asked, values, saw)
    if values and (asked.kind == "number" or (asked.kind == "rating" and _are_numbers(asked.choices))):
        told["numbers"] = _numbers(values)
    if values and asked.kind == "rating" and asked.choices == _SCALE:
        told["promoters"] = _promoters(values)
    if values and asked.kind == "date":
        told["days"] = (min(values), max(values))
    if asked.kind == "matrix":
        told["rows"] = [_row(asked, row, tally.values.get(row, {}), saw) for row in asked.rows]
    if asked.kind == "ranking":
        told["places"] = _places(asked, tally.values)
    return Figures(name=asked.name, kind=asked.kind, saw=saw, answered=tally.answered, **told)


def decimal(value: Fraction | float) -> str:
    """Return a number in decimal digits: exactly with up to six places, else rounded to six, half to even."""
    digits = f"{round(Fraction(str(value)) * 10**_PLACES):+0{_PLACES + 2}d}"
    whole, rest = digits[1:-_PLACES], digits[-_PLACES:].rstrip("0")
    sign = "-" if digits[0] == "-" and int(digits[1:]) else ""
    return f"{sign}{whole}{'.' if rest else ''}{rest}"


def _choices(asked: Asked, values: Mapping[Any, int], saw: int) -> list[Counted]:
    """Return all that can be chosen, and what could be once; in other versions, say."""
    if asked.kind == "boolean":
        # As SQLite tells them, they are numbers.
        return [_counted(each, values.get(each, 0), saw) for each in (True, False)]
    known = [*asked.choices, *(each for each in values if each not in asked.choices)]
    return [_counted(each, values.get(each, 0), saw) for each in known]


def _counted(value: Choice | bool, count: int, saw: int) -> Counted:  # noqa: FBT001 - an answer may be one
    return Counted(value, count, Fraction(count, saw) if saw else Fraction())


def _row(asked: Asked, name: str, values: Mapping[Any, int], saw: int) -> Row:
    numbers = _numbers(values) if values and _are_numbers(asked.choices) else None
    return Row(name=name, answered=sum(values.values()), choices=_choices(asked, values, saw), numbers=numbers)


def _are_numbers(choices: Iterable[Choice]) -> bool:
    return not any(isinstance(each, str) for each in choices)


def _numbers(values: Mapping[float, int]) -> Numbers:
    rising = sorted(values.items())
    count = sum(values.values())
    lower, median, upper = (_at(rising, Fraction(part, 4) * count) for part in (1, 2, 3))
    total = sum((Fraction(str(value)) * number for value, number in rising), Fraction())
    bounds = {"least": rising[0][0], "most": rising[-1][0]}
    return Numbers(count=count, **bounds, sum=total, lower=lower, median=median, upper=upper)


def _at(rising: Sequence[tuple[float, int]], rank: Fraction) -> float:
    """Return the first value with which so many are reached."""
    reached = 0
    for value, number in rising:
        reached += number
        if reached >= rank:
            return value
    raise AssertionError("a rank is at most the number of values")


def _promoters(values: Mapping[float, int]) -> Promoters:
    promoters = sum(number for value, number in values.items() if value >= _PROMOTERS)
    passives = sum(number for value, number in values.items() if _PASSIVES <= value < _PROMOTERS)
    return Promoters(promoters, passives, sum(values.values()) - promoters - passives)


def _places(asked: Asked, values: Mapping[str | None, Mapping[Any, int]]) -> list[Placed]:
    """Return the choices of a ranking by their mean place, the best first."""
    at: dict[Any, dict[int, int]] = {each: {} for each in asked.choices}
    for place, chosen in values.items():
        for value, number in chosen.items():
            at.setdefault(value, {})[int(place or 0)] = number
    placed = [
        Placed(value, count, places.get(1, 0), Fraction(sum(at_ * n for at_, n in places.items()), count))
        for value, places in at.items()
        if (count := sum(places.values()))
    ]
    return sorted(placed, key=lambda each: each.mean)
