"""Which medals are looked at with the next activity of a type: the others cost nothing, however many there are."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Sequence
from heapq import heappop, heappush
from operator import le
from typing import TYPE_CHECKING

from attrs import define

from corekit_medals.counting import Happened, can_count
from corekit_medals.waiting import Waits

if TYPE_CHECKING:
    from corekit_medals.catalogue import Group
    from corekit_medals.loading import Key


_NEVER = sys.maxsize


@define(eq=False)
class Agenda:
    """The groups that activities of one type can touch: those that are ``ready``, and what the others wait for.

    Who waits lies on the heap of each clock it waits by, the soonest first, and stays there when it does not wait any
    more, or for something else: ``waiting`` says what holds. ``soonest`` is what each clock has to show until anything
    is due. Only a copy goes on, so that others may look at one meanwhile.
    """

    _ready: dict[int, Group]
    _waiting: dict[int, tuple[Group, Waits]]
    _heaps: list[list[tuple[int, int]]]
    _soonest: list[int]

    @classmethod
    def of(cls, groups: Iterable[Group], clocks: int) -> Agenda:
        """Return one by so many clocks on which all groups are ready."""
        return cls({group.number: group for group in groups}, {}, [[] for _ in range(clocks)], [_NEVER] * clocks)

    def copy(self) -> Agenda:
        """Return another one, to go on with."""
        heaps = [heap.copy() for heap in self._heaps]
        return Agenda(self._ready.copy(), self._waiting.copy(), heaps, self._soonest.copy())

    def wait(self, group: Group, waits: Waits, clocks: Sequence[int]) -> None:
        """Let a group wait until the clocks have gone on so far."""
        until = tuple((clock, clocks[clock] + more) for clock, more in waits)
        self._ready.pop(group.number, None)
        self._waiting[group.number] = group, until
        for clock, due in until:
            heappush(self._heaps[clock], (due, group.number))
            self._soonest[clock] = min(self._soonest[clock], due)

    def wake(self, group: Group) -> None:
        """Let a group wait for nothing."""
        if self._waiting.pop(group.number, None) is not None:
            self._ready[group.number] = group

    def is_due(self, clocks: Sequence[int]) -> bool:
        """Say whether anybody waited long enough."""
        return any(map(le, self._soonest, clocks))

    def go_on(self, clocks: Sequence[int], held: Collection[Key], taken: Collection[Key]) -> None:
        """Let those be ready who waited long enough, and forget those of which all is won."""
        for clock, now in enumerate(clocks):
            heap = self._heaps[clock]
            while heap and heap[0][0] <= now:
                due, number = heappop(heap)
                group, until = self._waiting.get(number, (None, ()))
                if group is not None and (clock, due) in until:
                    self.wake(group)
            self._soonest[clock] = heap[0][0] if heap else _NEVER
        self._ready = {number: group for number, group in self._ready.items() if group.is_open(held, taken)}

    def ready(self, what: Happened | None, held: Collection[Key], taken: Collection[Key]) -> list[Group]:
        """Return the groups to be looked at for what happened, in their order, but those of which all is won."""
        chosen = [
            group
            for group in self._ready.values()
            if (what is None or group.minimum is None or what.amount >= group.minimum)
            and (what is None or group.leaf is None or can_count(group.leaf.tally, what))
            and group.is_open(held, taken)
        ]
        if len(chosen) > 1:
            chosen.sort(key=_number)
        return chosen


def _number(group: Group) -> int:
    return group.number
