"""A plan: what a chunk of activities will do, worked out in memory, wave by wave, before anything is locked.

A wave takes the next activity of many members, each member at most once. Later waves see what earlier ones will
write. Nothing here writes; what is planned is written at once by :mod:`corekit.activities.write`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from corekit.activities.incoming import MERGED, Incoming, Key
from corekit.activities.loading import Loaded
from corekit.activities.outcome import Failure, Outcome
from corekit.activities.reverse import WITH_PARENT
from corekit.activities.terms import Terms
from corekit.clock import day_end
from corekit.errors import Busy, Refusal
from corekit.ledger.state import NEVER, Member
from corekit.ledger.store import Store


class Sunk(Exception):
    """A follow-on that is one with what it follows from did not settle: plan again, so that neither does."""

    def __init__(self, key: Key, reason: Refusal | Failure | Busy) -> None:
        super().__init__()
        self.key = key
        self.reason = reason


class Plan(Loaded):
    """What the members of a chunk are and will be."""

    def __init__(self, terms: Terms, store: Store, now: int) -> None:
        super().__init__(terms, store, now)
        self.answers: dict[str, Outcome] = {}
        self.children: dict[str, list[str]] = {}
        # Rows of activities that did not settle.
        self.refused: list[tuple[Incoming, Outcome]] = []
        self.failed: list[tuple[Incoming, Outcome]] = []
        self.queued: list[Incoming] = []
        # Follow-ons that a worker settles when the plugin that may react to them is no longer suspended.
        self.waiting: list[Incoming] = []
        self.held = False
        # What waits for the next chunk.
        self.rest: list[Incoming] = []

    def instant(self, member: Member, incoming: Incoming) -> tuple[int, bool]:
        """Return when the member's next activity settles, and whether that is the kernel's clock."""
        earliest = member.last_at + 1
        if incoming.historical:
            # What follows on the kernel's clock moves with it: that time is taken again under the lock.
            follows = bool(member.planned) and member.planned[-1].kernel_time
            return max(earliest, incoming.occurred), follows
        return max(earliest, self.now), True

    def holds_until(self) -> int:
        """Return when the plan stops being true: a day ends, a lot that it knows lapses, other rules begin."""
        versions = (edition.start for edition in self.terms.versions.after(self.now))
        ends = [self.known_until, day_end(self.terms.day(self.now), self.terms.zone), next(versions, NEVER)]
        for member in self.members.values():
            for account in member.accounts.values():
                ends += [lot.due_at for lot in account.lots if lot.due_at > self.now and lot.issued > lot.expired]
                if account.lapses_at is not None and account.lapses_at > self.now:
                    ends.append(account.lapses_at)
            ends += [hold.due_at for hold in member.holds.values() if hold.due_at > self.now]
        return min(ends)

    def change_effect(self, member: Member, effect: str, *, undone: int = 0, unfunded: int = 0) -> None:
        """Note how an earlier effect changes; relative, so that changes of one chunk add up."""
        if (spend := member.spends.get(effect)) is not None:
            member.journal.set(spend, "unfunded", spend.unfunded + unfunded)
            return
        old_undone, old_unfunded = member.effect_changes.get(effect, (0, 0))
        member.journal.put(member.effect_changes, effect, (old_undone + undone, old_unfunded + unfunded))

    def tied_to(self, members: set[str]) -> set[str]:
        """Return members with all those of whom something is written together with something of theirs."""
        tied = set(members)
        while found := {each for link in self.links if tied & set(link) for each in link} - tied:
            tied |= found
        return tied

    def forget(self, members: set[str]) -> None:
        """Leave out members that moved on; their activities are planned again."""
        for member_id in members:
            self.members.pop(member_id, None)  # a refused activity may have named somebody whom nobody looked at
        for rows in (self.refused, self.failed):
            rows[:] = [row for row in rows if row[0].activity.member not in members]
        for queue in (self.queued, self.waiting):
            queue[:] = [incoming for incoming in queue if incoming.activity.member not in members]

    def queues(self, arriving: Sequence[Incoming]) -> dict[str, deque[Incoming]]:
        """Order the activities per member; what has to wait for the next chunk goes to ``rest``.

        A reversal waits for the chunk after its target, and so does whatever comes after it for the member. A merge
        waits where its chunk has something else before it of whom it is about, and lets what comes after it wait. Where
        all would wait, for themselves or in a circle, none of them names what has settled, and none waits.
        """
        here = {incoming.activity.id for incoming in arriving}
        waiting: set[str] = set()
        seen: set[str] = set()
        found: dict[str, deque[Incoming]] = {}
        for incoming in sorted(arriving, key=_order):
            member, about, merges = incoming.activity.member, incoming.about, incoming.kind.name == MERGED
            if incoming.earlier in here or (merges and not seen.isdisjoint(about)):
                waiting.update(about if merges else (member,))
            if not waiting.isdisjoint(about):
                waiting.add(member)
                self.rest.append(incoming)
                continue
            found.setdefault(member, deque()).append(incoming)
            seen.update(about)
            if merges:
                waiting.update(about)
        if not found:
            for incoming in self.rest:
                found.setdefault(incoming.activity.member, deque()).append(incoming)
            self.rest.clear()
        return found

    def sink(self, incoming: Incoming, reason: Refusal | Failure | Busy) -> None:
        """Raise Sunk where what does not settle is one with what it follows from: then neither does."""
        if incoming.above is None:
            return
        target = self.originals.get(incoming.activity.reverses or "")
        if {incoming.kind.name, target.type if target else None} & WITH_PARENT:
            raise Sunk(incoming.above.key, reason)

    def refusal(self, incoming: Incoming, code: str, parameters: Mapping[str, Any]) -> Outcome:
        """Return the answer that says no."""
        return Outcome(
            outcome="refused",
            source=incoming.activity.source,
            external_id=incoming.activity.external_id,
            member=incoming.activity.member,
            type=incoming.activity.type,
            code=code,
            parameters=dict(parameters),
            message=self.terms.message(code, parameters),
        )

    def answer(self, incoming: Incoming, outcome: Outcome) -> None:
        """Keep the answer to an activity."""
        self.answers[incoming.activity.id] = outcome
        above = incoming.above.activity.id if incoming.above is not None else incoming.activity.parent
        if above is not None:
            self.children.setdefault(above, []).append(incoming.activity.id)


def _order(incoming: Incoming) -> tuple[int, str]:
    return incoming.occurred, incoming.activity.external_id
