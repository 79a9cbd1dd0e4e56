"""Which medals are looked at with the next activity of a type: the others cost nothing, however many there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from attrs import define

from corekit_medals.counting import Happened, can_count
from corekit_medals.waiting import Waits

if TYPE_CHECKING:
    from corekit_medals.catalogue import Group
    from corekit_medals.loading import Key


@define(eq=False)
class Agenda:
    """The groups that activities of one type can touch: those that are ``ready``, and what the others wait for.

    Who waits lies on the heap of each clock it waits by, the soonest first, and stays there when it does not wait any
    more, or for something else: ``waiting`` says what holds.
    """

    _ready: dict[int, Group]
    _waiting: dict[int, tuple[Group, Waits]]
    _heaps: list[list[tuple[int, int]]]

    @classmethod
    def of(cls, groups: Iterable[Group], clocks: int) -> Agenda:
        """Return one by so many clocks on which all groups are ready."""
        return cls({group.number: group for group in groups}, {}, [[] for _ in range(clocks)])

    def copy(self) -> Agenda:
        """Return another one, which is the same until either goes on."""
        return Agenda(self._ready.copy(), self._waiting.copy(), [heap.copy() for heap in self._heaps])

    def wait(self, group: Group, waits: Waits | None, clocks: Sequence[int]) -> None:
        """Let a group wait until the clocks have gone on so far; None: it stays ready."""
        if waits is None:
            return
        until = tuple((clock, clocks[clock] + more) for clock, more in waits)
        self._ready.pop(group.number, None)
        self._waiting[group.number] = group, until
        for clock, due in until:
            heappush(self._heaps[clock], (due, group.number))

    def wake(self, group: Group) -> None:
        """Let a group wait for nothing."""
        if self._waiting.pop(group.number, None) is not None:
            self._ready[group.number] = group

    def due(
        self, clocks: Sequence[int], what: Happened | None, held: Collection[Key], taken: Collection[Key]
    ) -> list[Group]:
        """Return the groups to be looked at for what happened, in their order, but those of which all is won."""
        for clock, now in enumerate(clocks):
            heap = self._heaps[clock]
            while heap and heap[0][0] <= now:
                self._pass(clock, *heappop(heap))
        chosen: list[Group] = []
        for group in list(self._ready.values()):
            if group.leaf is not None and what is not None and not can_count(group.leaf.tally, what):
                continue
            if group.is_open(held, taken):
                chosen.append(group)
            else:
                del self._ready[group.number]
        chosen.sort(key=lambda group: group.number)
        return chosen

    def _pass(self, clock: int, due: int, number: int) -> None:
        """Note that a clock passed what a group waited for, unless it does so no more."""
        group, until = self._waiting.get(number, (None, ()))
        if group is not None and (clock, due) in until:
            self.wake(group)
