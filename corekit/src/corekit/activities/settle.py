"""Settlement: the one path on which value moves.

Prepare, react and plan with no lock held; then begin, lock the members, see that nobody moved on, write everything in a
fixed set of statements, commit. ``record``, ``record_many``, ``simulate`` and workers are this one function.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

import attrs

from corekit.activities.attempt import Attempt, Timekeeper
from corekit.activities.breaker import Breaker, Broken
from corekit.activities.incoming import Incoming, Key
from corekit.activities.known import Known
from corekit.activities.outcome import Outcome
from corekit.activities.own_effects import ApplyRaised, GuardFailed, HeldBack
from corekit.activities.plan import Sunk
from corekit.activities.race import Race
from corekit.activities.receiving import key_reused
from corekit.activities.terms import Terms
from corekit.clock import Clock
from corekit.db.engine import Database
from corekit.db.lending import Lent
from corekit.ids import new_id
from corekit.ledger.postgresql import PostgreSQL
from corekit.ledger.segments import Written
from corekit.ledger.sqlite import SQLite
from corekit.ledger.store import Conflict, ProgramChanged, Store
from corekit.tally import Tally

SWEEP_AGAIN = "others keep changing the same members; what was done stays, run the sweep again"
_MANY = 50
_T = TypeVar("_T")


class Settlement:
    """Settles activities on one database, under the terms that hold when it is asked."""

    def __init__(
        self,
        database: Database,
        terms: Callable[[], Terms],
        renew: Callable[[], object],
        clock: Clock | None,
        suspend: Callable[[Broken], object],
    ) -> None:
        self._database = database
        self._terms = terms
        self._renew = renew
        self.clock = Timekeeper(clock)
        self.breaker = Breaker()
        """What calls the plugins."""
        self.outcomes = Tally()
        """How often each outcome was answered by this process."""
        self._suspend = suspend
        self._written = Written()
        self._judging = Lock()  # chunks judged side by side take turns, then all wait for the database that waited
        self.statements = 0
        """Statements sent so far, transaction control and plugins' own apart."""

    @property
    def shared(self) -> bool:
        """Whether several processes may settle at the same time; on SQLite one writes."""
        return self._database.dialect == "postgresql"

    def now(self) -> int:
        """Return the present instant by the kit's clock, which by default is the database's."""
        if not self.clock.by_database:
            return self.clock.about_now()
        with self.connected() as (store, _):
            return store.time()

    def settle(
        self, arriving: Sequence[Incoming], *, simulate: bool = False, waiting: bool = False
    ) -> dict[str, Outcome]:
        """Settle activities and return each one's answer by its id.

        ``simulate`` plans and writes as always and then rolls back. ``waiting`` says that they come from the intake,
        whose rows are removed with the answer.
        """
        first, twins = _first_of_each_key(arriving)
        with _uncollected(len(first)):
            answers = self._settle(first, Known(self._written), simulate=simulate, waiting=waiting)
        if not simulate:
            self.outcomes.add([answers[each.activity.id].outcome for each in first])
        for twin, earlier in twins:
            answers[twin.activity.id] = _replay_or_clash(twin, earlier, answers[earlier.activity.id])
        return answers

    def _settle(
        self, arriving: Sequence[Incoming], known: Known, *, simulate: bool, waiting: bool
    ) -> dict[str, Outcome]:
        answers: dict[str, Outcome] = {}

        def step(attempt: Attempt, rest: Sequence[Incoming], race: Race) -> Sequence[Incoming]:
            found, rest = attempt.run(rest, lost=race.lost)
            answers.update(found)
            return rest

        advice = "others keep changing the same members; nothing was written, send the same key again"
        self._until_done(arriving, step, _halves, known, advice, _renew, simulate=simulate, waiting=waiting)
        return answers

    def expire(self, members: Sequence[str], at: int, *, historical: bool = True) -> int:
        """Let what is due of members lapse, then or (not ``historical``) now; return how many activities that took."""
        done = 0

        def step(attempt: Attempt, rest: Sequence[str], _: Race) -> Sequence[str]:
            nonlocal done
            done += attempt.expire(rest, at, historical=historical)
            return ()

        self._until_done(members, step, _middle, Known(self._written), SWEEP_AGAIN)
        return done

    def rerate(self, members: Sequence[str], ladder: str, at: int, earliest: int, *, historical: bool = True) -> int:
        """Let the policy of a ladder take its course for members; return how many activities that took.

        ``earliest`` is the earliest instant as of which one of them is judged. What it does settles at ``at``, or (not
        ``historical``) now.
        """
        done = 0

        def step(attempt: Attempt, rest: Sequence[str], race: Race) -> Sequence[str]:
            nonlocal done
            with _uncollected(len(rest)):
                number, moved = attempt.rerate(rest, ladder, at, earliest, self._judging, historical=historical)
            done += number
            if moved:
                race.lose()
            return sorted(moved)

        self._until_done(members, step, _middle, Known(self._written), SWEEP_AGAIN)
        return done

    def _until_done(
        self,
        rest: Sequence[_T],
        step: Callable[[Attempt, Sequence[_T], Race], Sequence[_T]],
        split: Callable[[Sequence[_T]], tuple[Sequence[_T], Sequence[_T]]],
        known: Known,
        advice: str,
        on_loss: Callable[[Sequence[_T]], object] = lambda _: None,
        *,
        simulate: bool = False,
        waiting: bool = False,
    ) -> None:
        """Take steps until nothing is left: each attempts what is, and returns what of it is to be tried again."""
        race = Race(advice)
        while rest:
            self.suspend_broken()
            try:
                with self.connected() as (store, settling):
                    rest = step(
                        Attempt(
                            self._terms(),
                            self.clock,
                            store,
                            settling,
                            known,
                            self.breaker,
                            simulate=simulate,
                            waiting=waiting,
                        ),
                        rest,
                        race,
                    )
            except ProgramChanged:
                self._renew()
            except (GuardFailed, HeldBack, Sunk) as found_out:
                known.learn(found_out)
            except ApplyRaised as raised:
                if len(raised.keys) == 1 or len(rest) == 1:
                    known.broken.update(dict.fromkeys(raised.keys, raised.failure))
                else:  # find the one that is the reason
                    for half in split(rest):
                        self._until_done(half, step, split, known, advice, on_loss, simulate=simulate, waiting=waiting)
                    return
            except Conflict:
                race.lose()
                on_loss(rest)
        self.suspend_broken()

    def suspend_broken(self) -> None:
        """Suspend the plugins of which the breaker says so; whoever asks has nothing open in the database."""
        while (broken := self.breaker.next_news()) is not None:
            try:
                self._suspend(broken)
            except BaseException:
                self.breaker.news.append(broken)
                raise

    @contextmanager
    def connected(self) -> Generator[tuple[Store, Lent]]:
        """Give a store on a connection of its own; what is not committed when the block ends in a raise is undone."""
        with self._database.settle() as settling:
            store: Store = SQLite(settling.driver) if settling.wire is None else PostgreSQL(settling.wire)
            try:
                yield store, settling
            except BaseException:
                store.rollback()
                raise
            finally:
                self.statements += store.statements


@contextmanager
def _uncollected(number: int) -> Generator[None]:
    """Leave a chunk's objects alone until it is written: all live that long, and looking for cycles costs a third."""
    pause = number >= _MANY and gc.isenabled()
    if pause:
        gc.disable()
    try:
        yield
    finally:
        if pause:
            gc.enable()


def _renew(rest: Sequence[Incoming]) -> None:
    """Take new ids: one of them may have been used before, under another key."""
    for incoming in rest:
        incoming.renew_id()


def _middle(rest: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Split members in two."""
    middle = len(rest) // 2
    return rest[:middle], rest[middle:]


def _halves(rest: Sequence[Incoming]) -> tuple[Sequence[Incoming], Sequence[Incoming]]:
    """Split a chunk so that the order of each member's activities holds."""
    ordered = sorted(rest, key=lambda incoming: (incoming.occurred, incoming.key[1]))
    middle = len(ordered) // 2
    return ordered[:middle], ordered[middle:]


def _first_of_each_key(arriving: Sequence[Incoming]) -> tuple[list[Incoming], list[tuple[Incoming, Incoming]]]:
    """Split off activities that come with a key that is in the same chunk already."""
    if len(arriving) == 1:
        return list(arriving), []
    first: dict[Key, Incoming] = {}
    twins: list[tuple[Incoming, Incoming]] = []
    ids: set[str] = set()
    for incoming in arriving:
        if incoming.activity.id in ids:  # the same value, given twice: each gets an answer of its own
            incoming.activity = attrs.evolve(incoming.activity, id=new_id())
        ids.add(incoming.activity.id)
        earlier = first.setdefault(incoming.key, incoming)
        if earlier is not incoming:
            twins.append((incoming, earlier))
    return list(first.values()), twins


def _replay_or_clash(twin: Incoming, first: Incoming, answer: Outcome) -> Outcome:
    return attrs.evolve(answer, replayed=True) if twin.hash == first.hash else key_reused(twin)
