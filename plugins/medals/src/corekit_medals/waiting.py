"""How much has to happen until a criterion can be met: what nobody has to look at before."""

from __future__ import annotations

from enum import IntEnum

from corekit_medals import counting, rules
from corekit_medals.counting import Cells
from corekit_medals.rules import All, AnyOf, Counted, Criterion, Days, Streak, View


class Clock(IntEnum):
    """What goes on with each activity of a member at least as fast as anything that is counted: Happened.ticks."""

    ACTIVITIES = 0
    AMOUNT = 1
    LINES = 2
    QUANTITY = 3


Waits = tuple[tuple[Clock, int], ...]
"""By how much clocks have to go on: as long as all of them have gone on by less, nothing can be met."""


def waits(criterion: Criterion, view: View, season: Days) -> Waits | None:
    """Return how long a criterion waits that is not met; None where what comes next may meet it, whatever it is.

    It holds as long as everything occurs on the day of the view or later: then no day that is seen has more than now.
    """
    if isinstance(criterion, Counted | Streak):
        return waits_for(criterion, rules.needed(criterion), view, season)
    if isinstance(criterion, All):  # one that is not met keeps all from it
        return next((found for part in criterion.of if (found := waits(part, view, season)) is not None), None)
    if isinstance(criterion, AnyOf):
        parts = [waits(part, view, season) for part in criterion.of]
        return None if None in parts else tuple(each for part in parts for each in part or ())
    return None


def waits_for(leaf: Counted | Streak, least: int, view: View, season: Days) -> Waits | None:
    """Return how long it takes at least until so much is counted; None where it is, or where that cannot be said."""
    cells = view.cells(leaf.tally)
    if isinstance(leaf, Streak):
        missing = least - rules.running(leaf, cells, season)
        return ((Clock.ACTIVITIES, missing),) if missing > 0 else None
    missing = least - rules.value(leaf, view, season)
    if missing <= 0 or (leaf.tally.measure != "count" and _may_rise(leaf, cells)):
        return None
    return ((_clock(leaf), missing),)


def _may_rise(leaf: Counted, cells: Cells) -> bool:
    """Say whether a sum may become more by what leaves its window."""
    return leaf.window.bucket != "lifetime" and any(each < 0 for each in cells.values())


def _clock(leaf: Counted) -> Clock:
    tally = leaf.tally
    if leaf.distinct:
        return Clock.LINES if tally.by in counting.BY_LINES else Clock.ACTIVITIES
    return {"count": Clock.ACTIVITIES, "amount": Clock.AMOUNT, "quantity": Clock.QUANTITY}[tally.measure]
