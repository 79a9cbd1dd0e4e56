"""How much has to happen until a criterion can be met: what nobody has to look at before."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Protocol

from corekit_medals import counting, rules
from corekit_medals.counting import Cells, Happened, Shelf
from corekit_medals.rules import All, AnyOf, Counted, Criterion, Days, InTier, NoneOf, Streak, View


class Clock(IntEnum):
    """What goes on with each activity of a member at least as fast as anything that is counted.

    ``DAY`` is the last day on which anything happened. The clocks of shelves follow, in their order.
    """

    ACTIVITIES = 0
    AMOUNT = 1
    LINES = 2
    QUANTITY = 3
    DAY = 4


Waits = tuple[tuple[int, int], ...]
"""By how much clocks have to go on: as long as all of them have gone on by less, nothing can be met.

Where there is none, nothing that is counted can change it: but a tier may, or another medal.
"""
_ANOTHER_DAY: Waits = ((Clock.DAY, 1),)


class Watched(View, Protocol):
    """A member as it is seen by whoever waits."""

    @property
    def shelves(self) -> Sequence[Shelf]:
        """What has a clock of its own."""
        ...


def tick(clocks: list[int], what: Happened, shelves: Sequence[Shelf]) -> bool:
    """Let clocks go on; say whether it comes late, on a day before the last."""
    activities, amount, lines, quantity, day, *further = clocks
    for nth, shelf in enumerate(shelves):
        if (more := shelf.number(what)) > 0:
            further[nth] += more
    clocks[:] = (
        activities + 1,
        amount + what.most,
        lines + len(what.skus),
        quantity + what.pieces,
        max(day, what.day),
        *further,
    )
    return what.day < day


def out_of_season(season: Days, day: int) -> Waits | None:
    """Return how long a medal waits for its season: for ever when it is over; None while it is season."""
    first, _ = season
    if rules.within(day, season):
        return None
    return ((Clock.DAY, first - day),) if first is not None and day < first else ()


def waits(criterion: Criterion, view: Watched, season: Days) -> Waits | None:
    """Return how long a criterion waits that is not met; None where what comes next may meet it, whatever it is.

    It holds as long as everything occurs on the day of the view or later: then no day that is seen has more than now.
    """
    if isinstance(criterion, Counted | Streak):
        return waits_for(criterion, rules.needed(criterion), view, season)
    if isinstance(criterion, All):  # one that is not met keeps all from it
        return _longest([waits(part, view, season) for part in criterion.of])
    if isinstance(criterion, AnyOf):
        return _together([waits(part, view, season) for part in criterion.of])
    if isinstance(criterion, NoneOf):  # one that is met and stays so
        return _longest([_lasts(part, view, season) for part in criterion.of])
    waiting = not rules.holds(criterion, view, season)
    if isinstance(criterion, InTier):
        waiting = waiting and not view.rises(criterion.ladder)
    return () if waiting else None


def waits_for(leaf: Counted | Streak, least: int, view: Watched, season: Days) -> Waits | None:
    """Return how long it takes at least until so much is counted; None where it is, or where that cannot be said."""
    cells = view.cells(leaf.tally)
    if isinstance(leaf, Streak):
        missing = least - rules.value(leaf, view, season)
        days = rules.soonest(leaf, least, cells, view.day, season) - view.day
        return None if missing <= 0 else ((Clock.DAY, days),) if days > 0 else ((Clock.ACTIVITIES, 1),)
    missing = least - rules.value(leaf, view, season)
    if missing <= 0 or (leaf.tally.measure != "count" and _may_rise(leaf, cells)):
        return None
    return ((_clock(leaf, view.shelves), missing),)


def _lasts(criterion: Criterion, view: Watched, season: Days) -> Waits | None:
    """Return how long a criterion stays met; None where it is not, or where what comes next may end that.

    A tier may lapse by itself. Where anything comes back, and where a medal is taken, nobody waits for anything.
    """
    if not isinstance(criterion, Counted | Streak) or not rules.holds(criterion, view, season):
        return None
    if isinstance(criterion, Streak):
        return ()
    if any(each < 0 for each in view.cells(criterion.tally).values()) or criterion.tally.measure != "count":
        return None
    return () if criterion.window.bucket == "lifetime" else _ANOTHER_DAY


def _longest(found: list[Waits | None]) -> Waits | None:
    """Return one of several that all have to be over: one by another thing than what is counted, or else by a day."""
    known = [each for each in found if each is not None]
    return min(known, key=lambda each: (len(each), [-clock for clock, _ in each]), default=None)


def _together(found: list[Waits | None]) -> Waits | None:
    """Return what is over with the first of several."""
    return None if None in found else tuple(each for part in found for each in part or ())


def _may_rise(leaf: Counted, cells: Cells) -> bool:
    """Say whether a sum may become more by what leaves its window."""
    return leaf.window.bucket != "lifetime" and any(each < 0 for each in cells.values())


def _clock(leaf: Counted, shelves: Sequence[Shelf]) -> int:
    tally = leaf.tally
    if tally.shelf in shelves:
        return len(Clock) + shelves.index(tally.shelf)
    if leaf.distinct:
        return Clock.LINES if tally.by in counting.BY_LINES else Clock.ACTIVITIES
    return {"count": Clock.ACTIVITIES, "amount": Clock.AMOUNT, "quantity": Clock.QUANTITY}[tally.measure]
