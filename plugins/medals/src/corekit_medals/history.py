"""What a member did, as medals count it: activities less what came back of them, and the sums of tallies. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo

from attrs import define, evolve, field, frozen

from corekit import Activity
from corekit_medals.counting import Cell, Cells, Happened, Tally, add_to
from corekit_medals.rules import EPOCH


@frozen
class Return:
    """What comes back of an activity: in sum, and of which lines (amount and quantity)."""

    of: str
    amount: int
    lines: Mapping[int, tuple[int, int]]


Event = tuple[str, Happened | Return]
"""An activity, by its id: what happened, or what came back."""


def event(activity: Activity, zone: tzinfo) -> Event:
    """Return an activity as medals see it."""
    if activity.reverses is not None:
        lines = {line.no: (line.amount, line.quantity) for line in activity.lines}
        return activity.id, Return(activity.reverses, activity.amount, lines)
    assert activity.occurred_at is not None
    day = (activity.occurred_at.astimezone(zone).date() - EPOCH).days
    return activity.id, Happened(
        id=activity.id,
        type=activity.type,
        day=day,
        amount=activity.amount,
        payload=activity.payload,
        lines=activity.lines,
    )


def less(what: Happened, part: Return) -> Happened:
    """Return what is left of an activity when a part comes back."""
    lines = dict(what.lines_back)
    for no, (amount, quantity) in part.lines.items():
        before = lines.get(no, (0, 0))
        lines[no] = before[0] + amount, before[1] + quantity
    return evolve(what, back=what.back + part.amount, parts=what.parts + 1, lines_back=lines)


@define
class _Sum:
    """A tally of the first so many of the events that came later, the last of which has this id."""

    cells: dict[Cell, int]
    number: int = 0
    last: str = ""
    changed: dict[str, Happened] = field(factory=dict[str, Happened])

    def add(self, tally: Tally, what: Happened, sign: int) -> None:
        """Count an activity, or count it no more."""
        add_to(self.cells, tally, (what,), sign)


@define
class History:
    """What a member did so far, by id and in the order in which it was recorded, less what came back."""

    happened: Mapping[str, Happened] = field(factory=dict[str, Happened])
    _sums: dict[Tally, _Sum] = field(factory=dict[Tally, _Sum], eq=False, repr=False)
    """What was added up before. It follows from what happened, so nobody can see whether it is there."""

    def cells(self, tally: Tally, later: Sequence[Event] = ()) -> Cells:
        """Return what a tally counts of all this, and of what came ``later``."""
        found = self._sums.get(tally)
        if found is None or found.number > len(later) or (found.number and later[found.number - 1][0] != found.last):
            found = _Sum({})
            for known in self.happened.values():
                if known.type in tally.types:
                    found.add(tally, known, 1)
            self._sums[tally] = found
        for id_, what in later[found.number :]:
            if isinstance(what, Happened):
                found.add(tally, what, 1)
                found.changed[id_] = what
            elif (original := found.changed.get(what.of) or self.happened.get(what.of)) is not None:
                found.add(tally, original, -1)
                found.changed[what.of] = less(original, what)
                found.add(tally, found.changed[what.of], 1)
            found.number, found.last = found.number + 1, id_
        return found.cells


NOTHING = History()
