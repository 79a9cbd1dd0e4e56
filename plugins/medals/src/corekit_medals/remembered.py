"""What is remembered of members from one chunk to the next, so that a history is read once and then what came since.

An entry says what a member did up to an activity of it, by its number in the member's order, which is never changed and
never filled in. What could change what was before, a return, a merge, a medal that is taken, is not followed: the
member is read afresh. So an entry is never wrong, only missing, and each process may have its own.

Most activities cannot meet what most medals ask for: who lacks 40 purchases waits for 40 more. So with each group of
medals it is remembered how much has to happen before it is looked at again, by clocks that run at least as fast as
anything that is counted (agenda.py). They hold for what comes in the order of the days; what comes late is judged by
everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Any

from attrs import define, field

from corekit import Activity
from corekit_medals.agenda import Agenda
from corekit_medals.counting import Cell, Happened, Tally, add_to
from corekit_medals.history import History, Return, event
from corekit_medals.rules import OTHERWISE, TIERED, Asked, asked_of
from corekit_medals.waiting import Clock, Waits, tick

if TYPE_CHECKING:
    from corekit_medals.catalogue import Catalogue, Group
    from corekit_medals.loading import Held, Key

MOST = 10_000
"""Members that are remembered; of more, those are forgotten that were not seen for the longest time."""
_LOG = 32
"""Activities of a member that are kept before all that is counted of them is added up."""
Sums = dict[Cell, int]


@define(eq=False, kw_only=True)
class Known:
    """What is known of a member up to the activity ``seq``: what it holds, and what was counted.

    ``log`` is what happened and is not added to all sums yet, ``added`` how much of it is in which. ``agendas`` say by
    which ``clocks`` which groups are to be looked at again, by the type of activity that can touch them.
    """

    seq: int
    held: Mapping[Key, Held]
    taken: frozenset[Key]
    sums: dict[Tally, Sums]
    clocks: list[int]
    agendas: dict[str, Agenda] = field(factory=dict[str, Agenda])
    log: list[Happened] = field(factory=list[Happened])
    added: dict[Tally, int] = field(factory=dict[Tally, int])
    draft: Draft | None = None

    def cells(self, tally: Tally) -> Sums:
        """Return what a tally counted."""
        cells, done = self.sums[tally], self.added.get(tally, 0)
        if done < len(self.log):
            add_to(cells, tally, self.log[done:])
            self.added[tally] = len(self.log)
        return cells

    def add(self, book: Catalogue, what: Happened) -> None:
        """Add what happened next."""
        if tick(self.clocks, what, book.shelves):
            self.agendas.clear()
        self.log.append(what)

    def accept(self, draft: Draft) -> None:
        """Go on from what a draft made of it, all of which settled."""
        self.clocks = draft.clocks
        self.agendas = {} if draft.is_late else self.agendas | draft.agendas
        self.log.extend(draft.events.values())
        for tally, cells in draft.sums().items():
            self.sums[tally] = cells
            self.added[tally] = len(self.log)

    def shorten(self) -> None:
        """Add up a log that has become long, and begin another."""
        if len(self.log) > _LOG:
            types = {what.type for what in self.log}
            for tally in self.sums:
                if not types.isdisjoint(tally.types):
                    self.cells(tally)
            self.log.clear()
            self.added.clear()

    def wake(self, book: Catalogue, what: Asked) -> None:
        """Let no group wait that may wait for a tier of a ladder, or for a medal."""
        for group in book.asking.get(what, ()):
            if (found := self.agendas.get(group.type)) is not None:
                self.agendas[group.type] = found.copy()
                self.agendas[group.type].wake(group)


@define(eq=False)
class Draft:
    """What is known of a member while a chunk is planned: what of it settles before an activity is not written yet.

    Others may plan the same member at the same time; one of them finds that it has moved on, and plans again.
    """

    known: Known
    _book: Catalogue
    _lock: Lock
    seq: int = field(init=False)
    ids: list[str] = field(init=False)
    events: dict[str, Happened] = field(init=False)
    clocks: list[int] = field(init=False)
    is_late: bool = field(init=False)
    has_return: bool = field(init=False)
    agendas: dict[str, Agenda] = field(init=False)
    _sums: dict[Tally, Sums] = field(init=False)
    _added: dict[Tally, int] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._begin()

    def __deepcopy__(self, memo: Any) -> Draft:
        """Return itself: it follows from what is read, and nobody can see what it has added up."""
        return self

    def _begin(self) -> None:
        self.ids, self.events, self.agendas, self._sums, self._added = [], {}, {}, {}, {}
        self.clocks = list(self.known.clocks)
        self.seq, self.is_late, self.has_return = self.known.seq, False, False

    def go_to(self, activity: Activity, before: Sequence[Activity]) -> None:
        """Go to an activity, before which others settle in the same chunk."""
        number = len(self.ids)
        if number > len(before) or (number and before[number - 1].id != self.ids[-1]):
            self._begin()  # it was planned in another way
        for each in (*before[len(self.ids) :], activity):
            self.ids.append(each.id)
            if each.reverses is not None:
                self.has_return = True
            elif each.type in self._book.types:
                self._add(each)
            if (what := asked_of(each)) is not None:
                for group in self._book.asking.get(what, ()):
                    self._own(group.type).wake(group)

    def _add(self, activity: Activity) -> None:
        what = event(activity, self._book.zone)[1]
        if isinstance(what, Return):
            return
        self.events[activity.id] = what if self._book.of_each_line else what.without_lines()
        self.is_late = tick(self.clocks, what, self._book.shelves) or self.is_late

    def _own(self, type_: str) -> Agenda:
        """Return the agenda of a type, to go on with."""
        found = self.agendas.get(type_)
        if found is None:
            known = self.known.agendas.get(type_)
            new = known.copy() if known is not None else Agenda.of(self._book.touched.get(type_, ()), len(self.clocks))
            found = self.agendas[type_] = new
        return found

    def groups(self, activity: Activity) -> Sequence[Group]:
        """Return the groups that the activity to which it went can touch, and that may be met by now."""
        held, taken, type_ = self.known.held, self.known.taken, activity.type
        if self.is_late or type_ in OTHERWISE:
            return [group for group in self._book.touching(activity) if group.is_open(held, taken)]
        agenda = self.agendas.get(type_) or self.known.agendas.get(type_) or self._own(type_)
        if agenda.is_due(self.clocks):
            agenda = self._own(type_)
            agenda.go_on(self.clocks, held, taken)
        return agenda.ready(self.events.get(activity.id), held, taken)

    def wait(self, group: Group, waits: Waits | None) -> None:
        """Remember how much has to happen until a group is to be looked at again; None: whatever comes next."""
        if waits is not None and not self.is_late and group.type not in OTHERWISE:
            self._own(group.type).wait(group, waits, self.clocks)

    def cells(self, tally: Tally) -> Sums:
        """Return what was counted, of what is written and of what is not written yet."""
        cells = self._sums.get(tally)
        if cells is None:
            with self._lock:
                cells = self._sums[tally] = dict(self.known.cells(tally))
        done = self._added.get(tally, 0)
        if done < len(self.events):
            add_to(cells, tally, islice(self.events.values(), done, None))
            self._added[tally] = len(self.events)
        return cells

    def sums(self) -> Mapping[Tally, Sums]:
        """Return what was counted where anything was asked, with all that settles."""
        return {tally: self.cells(tally) for tally in list(self._sums)}


@define(eq=False)
class Memory:
    """What is remembered of members under one catalogue."""

    lock: Lock = field(factory=Lock)
    _known: dict[str, Known] = field(factory=dict[str, Known])

    def __deepcopy__(self, memo: Any) -> Memory:
        """Return itself: there is one of a catalogue."""
        return self

    def find(self, members: Iterable[str]) -> dict[str, tuple[Known, Draft | None]]:
        """Return what is known of some members, with what the last plan made of it: that is nobody else's then."""
        found: dict[str, tuple[Known, Draft | None]] = {}
        with self.lock:
            for each in members:
                known = self._known.get(each)
                if known is not None:
                    found[each] = known, known.draft
                    known.draft = None
        return found

    def forget(self, members: Iterable[str]) -> None:
        """Know nothing any more."""
        with self.lock:
            for each in members:
                self._known.pop(each, None)

    def learn(self, book: Catalogue, member: str, known: Known) -> Draft:
        """Remember a member; return what a plan begins with."""
        with self.lock:
            self._known.pop(member, None)
            self._known[member] = known
            while len(self._known) > MOST:
                del self._known[next(iter(self._known))]
            known.draft = Draft(known, book, self.lock)
            return known.draft

    def follow(
        self,
        book: Catalogue,
        known: Known,
        draft: Draft | None,
        rows: Sequence[Any],
        read: Mapping[str, Happened],
        won: Mapping[Key, Held],
    ) -> None:
        """Go on to what settled since, rows with id and seq, of which what was not drafted was ``read``.

        What the member ``won`` since then is noted in the same moment: whoever finds how far it went must not find what
        it held before.
        """
        with self.lock:
            rows = [row for row in rows if row.seq > known.seq]  # else somebody else was here
            if not rows:
                return
            is_next = draft is not None and draft.seq == known.seq
            known.seq = rows[-1].seq
            if won:
                known.held, known.taken = {**known.held, **won}, known.taken - won.keys()
            drafted = draft.events if draft is not None else {}
            ids = [row.id for row in rows if row.id in drafted or row.id in read]
            known.shorten()
            if draft is not None and is_next and ids == list(drafted):
                known.accept(draft)
            else:
                for each in ids:
                    known.add(book, drafted.get(each) or read[each])
            for medal in {medal for medal, _ in won}:
                known.wake(book, ("medal", medal))
            if not TIERED.isdisjoint([row.type for row in rows]):
                for what in [what for what in book.asking if what[0] == "ladder"]:
                    known.wake(book, what)


def new_known(book: Catalogue, history: History, seq: int, held: Mapping[Key, Held], taken: frozenset[Key]) -> Known:
    """Return what is known of a member whose history was read."""
    known = Known(seq=seq, held=held, taken=taken, sums={}, clocks=[0] * (len(Clock) + len(book.shelves)))
    groups = [group for groups in book.touched.values() for group in groups if group.is_open(held, taken)]
    known.sums = {tally: {} for group in groups for tally in group.tallies}
    for what in history.happened.values():
        known.clocks[Clock.DAY] = max(known.clocks[Clock.DAY], what.day)
    for tally, cells in known.sums.items():
        add_to(cells, tally, history.happened.values())
    return known
